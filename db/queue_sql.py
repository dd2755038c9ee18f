"""The queue's SQL. Times are the server's: statement_timestamp(), since a claim may have waited inside its transaction.

Lock order, everywhere: subject rows, then jobs, then stage_pauses (docs/decisions/queue-locks.md).
Every statement finds its rows through a partial index on the state, so finished jobs cost nothing.
"""

from sqlalchemy import text

ENQUEUE = text("""
    WITH put AS (
        INSERT INTO jobs (stage, subject_id, subject_rev, run_id, lock_key, class, fair_key, run_after, audio_ms)
        SELECT stage, subject_id, subject_rev, run_id, lock_key, class, fair_key,
               statement_timestamp() + make_interval(secs => delay_s), audio_ms
        FROM unnest(CAST(:stages AS text[]), CAST(:subject_ids AS text[]), CAST(:subject_revs AS int[]),
                    CAST(:run_ids AS uuid[]), CAST(:lock_keys AS text[]), CAST(:classes AS smallint[]),
                    CAST(:fair_keys AS text[]), CAST(:delays_s AS float8[]), CAST(:audio_ms AS bigint[]))
             AS new (stage, subject_id, subject_rev, run_id, lock_key, class, fair_key, delay_s, audio_ms)
        ON CONFLICT (stage, subject_id, run_id) WHERE state = 'queued' DO UPDATE SET
            run_after = LEAST(jobs.run_after, EXCLUDED.run_after),
            class = LEAST(jobs.class, EXCLUDED.class),
            attempts = CASE WHEN EXCLUDED.subject_rev > jobs.subject_rev THEN 0 ELSE jobs.attempts END,
            audio_ms = CASE WHEN EXCLUDED.subject_rev >= jobs.subject_rev THEN EXCLUDED.audio_ms ELSE jobs.audio_ms END,
            subject_rev = GREATEST(jobs.subject_rev, EXCLUDED.subject_rev)
        RETURNING stage, run_after
    )
    SELECT pg_notify('salescontrol.jobs', stage)
    FROM (SELECT DISTINCT stage FROM put WHERE run_after <= statement_timestamp()) AS ready
""")
"""DO UPDATE, never DO NOTHING: its row lock keeps the queued twin from being claimed before our commit.
The hint to the workers goes with it: an upload counts its round trips."""

NOTIFY = text("SELECT pg_notify('salescontrol.jobs', stage) FROM unnest(CAST(:stages AS text[])) AS stage")
CHANNEL = "salescontrol.jobs"

LOCK_STAGE = text("SELECT pg_advisory_xact_lock(hashtextextended('salescontrol.claim.' || CAST(:stage AS text), 0))")
"""A statement of its own: the next one takes its snapshot after the last claimer's commit."""

PAUSE = text("SELECT until <= statement_timestamp() AS is_over FROM stage_pauses WHERE stage = :stage")

IN_FLIGHT = text("""
    SELECT count(*) FROM jobs
    WHERE stage = :stage AND state = 'running' AND lease_until >= statement_timestamp()
""")
"""What a vanished worker held is not in flight: it is leased again, and does not count twice."""

EXPIRED = text("""
    SELECT job_id, stage, subject_id, subject_rev, run_id, lock_key, class AS job_class, fair_key, attempts, audio_ms
    FROM jobs
    WHERE stage = :stage AND state = 'running' AND lease_until < statement_timestamp()
      AND job_id <> ALL(CAST(:skipped AS bigint[]))
    ORDER BY lease_until
    LIMIT :slots
""")

READY = text("""
    WITH RECURSIVE keys AS (  -- each (class, fair key) that has queued jobs, one index probe apiece
        (SELECT class, fair_key FROM jobs WHERE stage = :stage AND state = 'queued' ORDER BY class, fair_key LIMIT 1)
        UNION ALL
        SELECT following.class, following.fair_key
        FROM keys CROSS JOIN LATERAL (
            SELECT class, fair_key FROM jobs
            WHERE stage = :stage AND state = 'queued' AND (class, fair_key) > (keys.class, keys.fair_key)
            ORDER BY class, fair_key LIMIT 1
        ) AS following
    ),
    heads AS (  -- those with something ready; whoever was served longest ago goes first
        SELECT keys.class, keys.fair_key,
               row_number() OVER (
                   PARTITION BY keys.class ORDER BY coalesce(turns.turn, 0), first.run_after, keys.fair_key
               ) AS place
        FROM keys
        LEFT JOIN stage_turns AS turns ON turns.stage = :stage AND turns.fair_key = keys.fair_key
        CROSS JOIN LATERAL (
            SELECT run_after FROM jobs
            WHERE stage = :stage AND state = 'queued' AND class = keys.class AND fair_key = keys.fair_key
              AND run_after <= statement_timestamp() AND job_id <> ALL(CAST(:skipped AS bigint[]))
              AND lock_key NOT IN (SELECT lock_key FROM jobs WHERE stage = :stage AND state = 'running')
            ORDER BY run_after, job_id LIMIT 1
        ) AS first
    ),
    ranked AS (  -- one job of each key, then a second one of each, and so on
        SELECT job.*, row_number() OVER (PARTITION BY heads.class ORDER BY job.round, heads.place) AS rank
        FROM heads CROSS JOIN LATERAL (
            SELECT jobs.*, row_number() OVER (ORDER BY run_after, job_id) AS round
            FROM jobs
            WHERE stage = :stage AND state = 'queued' AND class = heads.class AND fair_key = heads.fair_key
              AND run_after <= statement_timestamp() AND job_id <> ALL(CAST(:skipped AS bigint[]))
              AND lock_key NOT IN (SELECT lock_key FROM jobs WHERE stage = :stage AND state = 'running')
            ORDER BY run_after, job_id LIMIT :slots
        ) AS job
        WHERE heads.place <= :slots
    )
    SELECT job_id, stage, subject_id, subject_rev, run_id, lock_key, class AS job_class, fair_key, attempts, audio_ms,
           (SELECT coalesce(max(turn), 0) FROM stage_turns WHERE stage = :stage) AS last_turn
    FROM ranked
    WHERE rank <= :slots
    ORDER BY class, rank
""")
"""NOT IN hashes the running keys once; a join with them, planned for one row, costs each candidate their number."""

LEASE = text("""
    WITH chosen AS (
        SELECT jobs.job_id, wanted.lease_token
        FROM jobs JOIN unnest(CAST(:job_ids AS bigint[]), CAST(:tokens AS uuid[])) AS wanted (job_id, lease_token)
             USING (job_id)
        WHERE state = 'queued' OR (state = 'running' AND lease_until < statement_timestamp())
        FOR UPDATE OF jobs SKIP LOCKED
    )
    UPDATE jobs
    SET state = 'running', attempts = attempts + 1, worker = :worker, lease_token = chosen.lease_token,
        lease_until = statement_timestamp() + make_interval(secs => :lease_s)
    FROM chosen
    WHERE jobs.job_id = chosen.job_id
    RETURNING jobs.job_id, stage, subject_id, subject_rev, run_id, lock_key, class AS job_class, fair_key, attempts,
              jobs.lease_token, audio_ms
""")
"""SKIP LOCKED: a row locked by an enqueuer waits for its commit, one locked by its last holder is being completed."""

BURY_EXPIRED = text("""
    WITH chosen AS (
        SELECT job_id FROM jobs
        WHERE job_id = ANY(CAST(:job_ids AS bigint[])) AND state = 'running' AND lease_until < statement_timestamp()
        FOR UPDATE SKIP LOCKED
    )
    UPDATE jobs
    SET state = 'dead', lease_token = NULL, lease_until = NULL, finished_at = statement_timestamp(),
        last_error = 'the worker vanished in attempt ' || attempts || ': ' || coalesce(worker, 'unknown')
    FROM chosen
    WHERE jobs.job_id = chosen.job_id
    RETURNING jobs.job_id
""")

TAKE_TURNS = text("""
    INSERT INTO stage_turns (stage, fair_key, turn)
    SELECT :stage, fair_key, max(turn)
    FROM unnest(CAST(:fair_keys AS text[]), CAST(:turns AS bigint[])) AS taken (fair_key, turn)
    GROUP BY fair_key
    ON CONFLICT (stage, fair_key) DO UPDATE SET turn = EXCLUDED.turn
""")

SEND_PROBE = text("""
    UPDATE stage_pauses
    SET probe_job_id = :job_id, until = statement_timestamp() + make_interval(secs => :lease_s)
    WHERE stage = :stage
""")

COMPLETE = text("""
    WITH completed AS (
        UPDATE jobs
        SET state = :state, finished_at = statement_timestamp(), lease_token = NULL, lease_until = NULL
        WHERE job_id = :job_id AND lease_token = :lease_token AND state = 'running'
        RETURNING stage, job_id, run_id
    ),
    resumed AS (
        DELETE FROM stage_pauses USING completed
        WHERE stage_pauses.stage = completed.stage
          AND (completed.run_id IS NULL OR stage_pauses.probe_job_id = completed.job_id)
    )
    SELECT stage FROM completed
""")
"""A re-analysis may not need what the stage waits for: only as the probe does it show that this is there again."""

BURY = text("""
    UPDATE jobs
    SET state = 'dead', finished_at = statement_timestamp(), lease_token = NULL, lease_until = NULL, last_error = :error
    WHERE job_id = :job_id AND lease_token = :lease_token AND state = 'running'
    RETURNING job_id
""")

HOLD = text("""
    SELECT job_id FROM jobs WHERE job_id = :job_id AND lease_token = :lease_token AND state = 'running' FOR UPDATE
""")

DEAD = text("""
    SELECT job_id, stage, subject_id, subject_rev, run_id, lock_key, class AS job_class, fair_key, attempts, audio_ms
    FROM jobs
    WHERE state = 'dead' AND (CAST(:stage AS text) IS NULL OR stage = :stage)
      AND (CAST(:job_ids AS bigint[]) IS NULL OR job_id = ANY(CAST(:job_ids AS bigint[])))
      AND (CAST(:run_id AS uuid) IS NULL OR run_id = CAST(:run_id AS uuid))
      AND job_id < :before
    ORDER BY job_id DESC
    LIMIT :batch
""")

HOLD_DEAD = text("""
    SELECT job_id, stage, subject_id, run_id FROM jobs
    WHERE state = 'dead' AND job_id = ANY(CAST(:job_ids AS bigint[]))
    ORDER BY job_id DESC
    FOR UPDATE SKIP LOCKED
""")

QUEUED_TWIN = text("""
    SELECT job_id FROM jobs
    WHERE stage = :stage AND subject_id = :subject_id AND run_id IS NOT DISTINCT FROM CAST(:run_id AS uuid)
      AND state = 'queued'
    FOR UPDATE
""")

RETURN_TO_QUEUE = text("""
    UPDATE jobs
    SET state = 'queued', attempts = CAST(:attempts AS int), finished_at = NULL, worker = NULL,
        lease_token = NULL, lease_until = NULL, last_error = coalesce(:error, last_error),
        run_after = statement_timestamp() + make_interval(secs => :delay_s)
    WHERE job_id = :job_id
""")

SUPERSEDE = text("""
    UPDATE jobs
    SET state = 'superseded', finished_at = statement_timestamp(), lease_token = NULL, lease_until = NULL,
        last_error = coalesce(:error, last_error)
    WHERE job_id = :job_id
""")

START_PAUSE = text("""
    INSERT INTO stage_pauses AS pause (stage, until, reason)
    VALUES (:stage, statement_timestamp() + make_interval(secs => :pause_s), :reason)
    ON CONFLICT (stage) DO UPDATE SET
        reason = EXCLUDED.reason,
        until = CASE WHEN pause.probe_job_id = :job_id THEN EXCLUDED.until
                     ELSE GREATEST(pause.until, EXCLUDED.until) END,
        probe_job_id = NULLIF(pause.probe_job_id, :job_id)
""")

FREE_PROBE = text("""
    UPDATE stage_pauses SET until = statement_timestamp(), probe_job_id = NULL
    WHERE stage = :stage AND probe_job_id = :job_id
""")
"""A probe that failed by its own fault says nothing about the dependency: the next job probes at once."""

PURGE = text("""
    DELETE FROM jobs WHERE job_id IN (
        SELECT job_id FROM jobs
        WHERE state IN ('done', 'superseded') AND finished_at < statement_timestamp() - make_interval(secs => :keep_s)
        ORDER BY finished_at
        LIMIT :batch
    )
""")

BACKLOG = text("""
    SELECT waiting.*, (SELECT count(*) FROM jobs WHERE stage = :stage AND state = 'running') AS running
    FROM (
        SELECT count(*) FILTER (WHERE run_after <= statement_timestamp()) AS queued,
               count(*) FILTER (WHERE run_after > statement_timestamp()) AS delayed,
               CAST(coalesce(sum(audio_ms) FILTER (WHERE run_after <= statement_timestamp()), 0) AS float8) / 1000
                   AS audio_s,
               coalesce(greatest(CAST(extract(epoch FROM statement_timestamp() - min(run_after)) AS float8), 0), 0)
                   AS oldest_s,
               CAST(extract(epoch FROM min(run_after) FILTER (WHERE run_after > statement_timestamp())
                                       - statement_timestamp()) AS float8) AS next_s
        FROM jobs WHERE stage = :stage AND state = 'queued'
    ) AS waiting
""")

SUMMARY = text("""
    WITH counts AS (
        SELECT stage,
               count(*) FILTER (WHERE run_after <= statement_timestamp()) AS queued,
               count(*) FILTER (WHERE run_after > statement_timestamp()) AS delayed,
               0 AS running, 0 AS dead, 0 AS done, 0 AS superseded, CAST(0 AS numeric) AS audio_ms,
               CAST(0 AS float8) AS speed, min(run_after) AS oldest
        FROM jobs WHERE state = 'queued' GROUP BY stage
        UNION ALL
        SELECT stage, 0, 0, count(*), 0, 0, 0, 0, 0, NULL FROM jobs WHERE state = 'running' GROUP BY stage
        UNION ALL
        SELECT stage, 0, 0, 0, count(*), 0, 0, 0, 0, NULL FROM jobs WHERE state = 'dead' GROUP BY stage
        UNION ALL
        SELECT stage, 0, 0, 0, 0, count(*) FILTER (WHERE state = 'done'), count(*) FILTER (WHERE state = 'superseded'),
               coalesce(sum(audio_ms) FILTER (WHERE state = 'done'), 0),
               CAST(coalesce(sum(audio_ms) FILTER (
                        WHERE state = 'done' AND finished_at > statement_timestamp() - interval '5 minutes'), 0)
                    AS float8) / 1000
               / greatest(1, CAST(extract(epoch FROM statement_timestamp() - coalesce(min(finished_at) FILTER (
                        WHERE finished_at > statement_timestamp() - interval '5 minutes'), statement_timestamp()))
                    AS float8)),
               NULL
        FROM jobs
        WHERE state IN ('done', 'superseded') AND finished_at > statement_timestamp() - interval '1 hour'
        GROUP BY stage
        UNION ALL
        SELECT stage, 0, 0, 0, 0, 0, 0, 0, 0, NULL FROM stage_pauses
    )
    SELECT stage, CAST(sum(queued) AS bigint) AS queued, CAST(sum(delayed) AS bigint) AS delayed,
           CAST(sum(running) AS bigint) AS running, CAST(sum(dead) AS bigint) AS dead,
           CAST(sum(done) AS bigint) AS done_1h, CAST(sum(superseded) AS bigint) AS superseded_1h,
           CAST(sum(audio_ms) AS float8) / 1000 AS audio_s_1h, CAST(sum(speed) AS float8) AS times_real_time,
           coalesce(greatest(CAST(extract(epoch FROM statement_timestamp() - min(oldest)) AS float8), 0), 0)
               AS oldest_s,
           max(pause.until) AS paused_until, max(pause.reason) AS pause_reason
    FROM counts LEFT JOIN stage_pauses AS pause USING (stage)
    GROUP BY stage
    ORDER BY stage
""")
