"""The statements that make a history, a day at a time; every dialogue is closed, heard and judged.

Temporary table `born`: the day's dialogues, in order of time, as they would have come in.
"""

PLACES = """
    INSERT INTO points (point_id, name, zone, language, goal, shows_registers)
    SELECT md5('point ' || n)::uuid, 'Point ' || lpad(n::text, 3, '0'), 'Europe/Belgrade',
           (ARRAY['ru', 'sr', 'en'])[1 + n % 3], 0.35, n % 2 = 0
    FROM generate_series(1, $1::int) AS n
"""
REGISTERS = """
    INSERT INTO registers (register_id, point_id, name)
    SELECT md5('register ' || n || ' ' || k)::uuid, md5('point ' || n)::uuid, 'Till ' || k
    FROM generate_series(1, $1::int) AS n, generate_series(1, 2) AS k
"""
DEVICES = """
    INSERT INTO devices (device_id, point_id, register_id, name, created_at, last_seen_at)
    SELECT md5('device ' || n || ' ' || k)::uuid, md5('point ' || n)::uuid, md5('register ' || n || ' ' || k)::uuid,
           'Pi ' || n || '-' || k, $2::timestamptz, now()
    FROM generate_series(1, $1::int) AS n, generate_series(1, 2) AS k
"""

TEMPORARY = """
    CREATE TEMPORARY TABLE born (
        dialogue_id uuid, point_id uuid, register_id uuid, device_id uuid, start_ts timestamptz, end_ts timestamptz,
        hour_ts timestamptz, language text, kind text, attempted text, quality_score int, categories text[],
        customer_reaction text, confidence real, engine text, review_id uuid);
    CREATE TEMPORARY TABLE sentences (language text, n int, of_language int, sentence text, words text[]);
    CREATE TEMPORARY TABLE spoken (
        dialogue_id uuid, language text, k int, sentence text, words text[], start_ms bigint);
"""
BORN = """
    INSERT INTO born
    SELECT gen_random_uuid() AS dialogue_id, md5('point ' || n)::uuid AS point_id,
           md5('register ' || n || ' ' || k)::uuid AS register_id, md5('device ' || n || ' ' || k)::uuid AS device_id,
           start_ts, start_ts + length_s * interval '1 second' AS end_ts, date_trunc('hour', start_ts) AS hour_ts,
           (ARRAY['ru', 'sr', 'en'])[1 + n % 3] AS language, {kind} AS kind, {attempted} AS attempted,
           CASE WHEN {attempted} = 'yes' THEN 1 + (d2 < 0.6)::int + (d2 < 0.15)::int ELSE 0 END AS quality_score,
           CASE WHEN {attempted} = 'yes'
                THEN (ARRAY['coffee_size', 'dessert', 'pastry', 'add_ons', 'syrup', 'combo', 'takeaway', 'other'])
                     [1 + floor(d3 * 8)::int : 1 + floor(d3 * 8)::int + (d2 < 0.2)::int]
                ELSE '{{}}' END AS categories,
           CASE WHEN {attempted} = 'yes'
                THEN (ARRAY['accepted', 'rejected', 'rejected', 'unclear'])[1 + floor(d4 * 4)::int]
                ELSE 'unclear' END AS customer_reaction,
           (0.5 + d5 / 2)::real AS confidence,
           CASE WHEN n % 5 = 0 AND d6 < 0.5 THEN 'rules-3' ELSE 'gpt-4o-mini' END AS engine,
           CASE WHEN d7 < 0.005 THEN gen_random_uuid() END AS review_id
    FROM (
        SELECT n, 1 + i % 2 AS k, 6 + random() * 84 AS length_s,
               ($3::date + time '08:00') AT TIME ZONE 'Europe/Belgrade'
                   + (i + random()) * 50400 / $2::int * interval '1 second' AS start_ts,
               random() AS d0, random() AS d1, random() AS d2, random() AS d3, random() AS d4, random() AS d5,
               random() AS d6, random() AS d7, 0.25 + (n % 40) / 100.0 AS habit
        FROM generate_series(1, $1::int) AS n, generate_series(0, $2::int - 1) AS i
    ) AS drawn
    ORDER BY start_ts
""".format(
    kind="(CASE WHEN d0 < 0.8 THEN 'sale' WHEN d0 < 0.9 THEN 'enquiry' WHEN d0 < 0.98 THEN 'staff' ELSE 'unclear' END)",
    attempted="(CASE WHEN d0 >= 0.8 THEN 'no' WHEN d1 < 0.06 THEN 'uncertain' WHEN d1 < 0.06 + habit THEN 'yes'"
    " ELSE 'no' END)",
)
"""$1 points, $2 dialogues of each, $3 the day. Open from 08:00 to 22:00; every point has a habit of its own."""

DIALOGUES = """
    INSERT INTO dialogues (dialogue_id, device_id, point_id, register_id, start_ts, end_ts, state, closed_at,
                           changed_at, language, asr_status, asr_pass, asr_model, analysis_status, created_at)
    SELECT dialogue_id, device_id, point_id, register_id, start_ts, end_ts, 'closed', end_ts, end_ts,
           language, 'DONE', 'fast', 'whisper-base', 'DONE', end_ts
    FROM born
"""
ANALYSES = """
    INSERT INTO dialogue_upsell_analysis (
        dialogue_id, revision, kind, attempted, quality_score, categories, closing_question, customer_reaction,
        evidence_quotes, summary, confidence, analysis_model, prompt_version, prompt_sha256, transcript_sha256,
        tokens_in, tokens_out, cost_usd, created_at)
    SELECT dialogue_id, 1, kind, attempted, quality_score, to_jsonb(categories), false, customer_reaction,
           CASE WHEN attempted = 'yes' THEN jsonb_build_array(jsonb_build_object(
               'quote', 'Попробуйте к кофе наш свежий круассан', 'utterance', 2, 'score', 1.0,
               'start_ms', (extract(epoch FROM start_ts) * 1000)::bigint + 3000,
               'end_ms', (extract(epoch FROM start_ts) * 1000)::bigint + 5000)) ELSE '[]' END,
           'The cashier served the customer and ' || CASE WHEN attempted = 'yes' THEN 'offered something.'
               ELSE 'offered nothing else.' END,
           confidence, engine, 'v1', 'prompt', 'words', 900, 120, 0.0002, end_ts
    FROM born
"""
FACTS = """
    INSERT INTO dialogue_facts (
        dialogue_id, point_id, register_id, device_id, start_ts, end_ts, hour_ts, day, revision, place, kind, attempted,
        quality_score, categories, customer_reaction, closing_question, engine, confidence, language, review_id,
        reviewer, reviewed_at, cost_usd)
    SELECT dialogue_id, point_id, register_id, device_id, start_ts, end_ts, hour_ts, $1::date, 1,
           CASE WHEN kind = 'sale' THEN attempted WHEN kind = 'unclear' THEN 'unclear_kind' ELSE kind END,
           kind, attempted, quality_score, ARRAY(SELECT unnest(categories) ORDER BY 1), customer_reaction, false,
           engine, confidence, language, review_id, CASE WHEN review_id IS NOT NULL THEN 'reviewer' END,
           CASE WHEN review_id IS NOT NULL THEN end_ts + interval '1 day' END, 0.0002
    FROM born
"""
REVIEWS = """
    INSERT INTO reviews (review_id, dialogue_id, revision, reviewer, reason, kind, attempted, quality_score, categories,
                         customer_reaction, created_at)
    SELECT review_id, dialogue_id, 1, 'reviewer', 'random', kind, attempted, quality_score, to_jsonb(categories),
           customer_reaction, end_ts + interval '1 day'
    FROM born WHERE review_id IS NOT NULL
"""
QUEUE = """
    INSERT INTO review_queue (dialogue_id, point_id, start_ts, reason, confidence, position)
    SELECT dialogue_id, point_id, start_ts,
           CASE WHEN attempted = 'uncertain' THEN 'uncertain' ELSE 'low_confidence' END, confidence, random()
    FROM born WHERE review_id IS NULL AND kind = 'sale' AND (attempted = 'uncertain' OR confidence < 0.6)
"""

SENTENCES = """
    INSERT INTO sentences
    SELECT language, row_number() OVER (PARTITION BY language ORDER BY sentence) - 1 AS n,
           count(*) OVER (PARTITION BY language) AS of_language, sentence,
           regexp_split_to_array(sentence, ' ') AS words
    FROM unnest($1::text[], $2::text[]) AS given (language, sentence)
"""
SPOKEN = """
    INSERT INTO spoken
    SELECT dialogue_id, language, k, sentence, words, start_ms + k * 4000 AS start_ms
    FROM (
        SELECT b.dialogue_id, b.language, k, (extract(epoch FROM b.start_ts) * 1000)::bigint AS start_ms,
               floor(random() * s.of_language)::int AS n
        FROM born b CROSS JOIN generate_series(0, 7) AS k
        JOIN (SELECT language, max(of_language) AS of_language FROM sentences GROUP BY 1) AS s USING (language)
    ) AS drawn
    JOIN sentences USING (language, n)
    UNION ALL
    SELECT dialogue_id, language, 8, $1, regexp_split_to_array($1, ' '),
           (extract(epoch FROM start_ts) * 1000)::bigint + 32000
    FROM born WHERE random() < 0.001
"""
TRANSCRIPTS = """
    INSERT INTO dialogue_transcripts (dialogue_id, revision, language, text, segments_json, avg_logprob, no_speech_prob,
                                      transcript_sha256)
    SELECT dialogue_id, 1, language, string_agg(sentence, ' ' ORDER BY k),
           jsonb_agg(jsonb_build_object(
               'text', sentence, 'start_ms', start_ms, 'end_ms', start_ms + 300 * cardinality(words),
               'words', (SELECT jsonb_agg(jsonb_build_object('word', word, 'probability', 0.9,
                             'start_ms', start_ms + 300 * (i - 1), 'end_ms', start_ms + 300 * i) ORDER BY i)
                         FROM unnest(words) WITH ORDINALITY AS w (word, i))) ORDER BY k),
           -0.3, 0.01, 'words'
    FROM spoken GROUP BY dialogue_id, language
"""
SEARCH = """
    INSERT INTO dialogue_search (dialogue_id, point_id, start_ts, transcript_sha256, words)
    SELECT b.dialogue_id, b.point_id, b.start_ts, tr.transcript_sha256, spoken_words(tr.language, tr.text)
    FROM born b JOIN dialogue_transcripts tr USING (dialogue_id)
"""
CHUNKS = """
    INSERT INTO audio_chunks (chunk_id, device_id, point_id, register_id, start_ts, end_ts, codec, sample_rate,
                              channels, sha256, size_bytes, stored_path, status, settled_status, decoded_ms,
                              received_at)
    SELECT md5(b.dialogue_id::text)::uuid, b.device_id, b.point_id, b.register_id, b.start_ts, b.end_ts, 'opus', 48000,
           1, md5(b.dialogue_id::text), 120000, 'audio/' || b.dialogue_id, 'DONE', 'DONE',
           (extract(epoch FROM b.end_ts - b.start_ts) * 1000)::bigint, b.end_ts
    FROM born b
"""
SEGMENTS = """
    INSERT INTO dialogue_segments (dialogue_id, revision, idx, chunk_id, offset_start_ms, offset_end_ms, start_ts,
                                   end_ts)
    SELECT b.dialogue_id, 1, 0, md5(b.dialogue_id::text)::uuid, 0,
           (extract(epoch FROM b.end_ts - b.start_ts) * 1000)::int, b.start_ts, b.end_ts
    FROM born b
"""
COVERAGE = """
    INSERT INTO coverage_days (point_id, day, scheduled_ms, recorded_ms, waiting_ms, paused_ms, lost_ms, ahead_ms,
                               lost_by_reason)
    SELECT point_id, day::date, 100800000, 95000000, 0, 1800000, 4000000, 0,
           '{"silent": 3000000, "microphone_dead": 1000000}'
    FROM points, generate_series($1::date, $2::date, interval '1 day') AS day
"""
