"""The statements of the dialogues stage. All are about one device; none reads more than its window.

Speech is gathered by aggregates per chunk or dialogue, not by a join: the planner thinks that a window of a long
history holds thousands of rows, and would read the whole table of segments for a join.
"""

from sqlalchemy import text

SETTLE = text(
    """
    UPDATE audio_chunks SET settled_status = status
    WHERE chunk_id = ANY (ARRAY(
        SELECT chunk_id FROM audio_chunks
        WHERE device_id = :device_id AND is_unsettled
        ORDER BY start_ts LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED
    ))
    RETURNING start_ts, end_ts, decoded_ms
    """
)
IS_UNSETTLED = text(
    """
    SELECT EXISTS (SELECT FROM audio_chunks WHERE device_id = :device_id AND is_unsettled)
    """
)
DUE = text(
    """
    SELECT start_ts, end_ts FROM dialogues
    WHERE device_id = :device_id AND state = 'open' AND close_at <= :now
    ORDER BY close_at LIMIT :limit
    """
)
NEXT_CLOSE = text(
    """
    SELECT close_at FROM dialogues
    WHERE device_id = :device_id AND state = 'open' AND close_at IS NOT NULL
    ORDER BY close_at LIMIT 1
    """
)
AUDIO = text(
    """
    SELECT c.chunk_id, c.point_id, c.register_id, c.session_id, c.seq, c.start_ts, c.end_ts, c.decoded_ms,
           c.status, c.settled_status, c.received_at,
           coalesce(
               (SELECT n.received_at FROM audio_chunks n
                WHERE n.device_id = :device_id AND n.session_id = c.session_id AND n.seq > c.seq
                ORDER BY n.seq LIMIT 1),
               (SELECT n.received_at FROM audio_chunks n
                WHERE n.device_id = :device_id AND n.start_ts > c.start_ts
                  AND (c.session_id IS NULL OR n.session_id IS DISTINCT FROM c.session_id)
                ORDER BY n.start_ts LIMIT 1),
               (SELECT n.received_at FROM audio_chunks n
                WHERE n.device_id = :device_id ORDER BY n.received_at DESC LIMIT 1)
           ) AS followed_at,
           speech.starts, speech.ends
    FROM audio_chunks c
    CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(s.offset_start_ms ORDER BY s.idx), '{}') AS starts,
               coalesce(array_agg(s.offset_end_ms ORDER BY s.idx), '{}') AS ends
        FROM speech_segments s
        WHERE s.chunk_id = c.chunk_id AND c.settled_status = 'DONE' AND s.start_ts < :until AND s.end_ts > :since
    ) speech
    WHERE c.device_id = :device_id AND c.start_ts > :earliest AND c.start_ts < :until
      AND greatest(c.end_ts, c.start_ts + c.decoded_ms * interval '1 millisecond') > :since
    ORDER BY c.start_ts, c.chunk_id
    """
)
LOCK = text(
    """
    SELECT FROM dialogues WHERE dialogue_id = ANY (:dialogue_ids) ORDER BY dialogue_id FOR NO KEY UPDATE
    """
)
STORED = text(
    """
    SELECT d.dialogue_id, d.revision, d.state, d.created_at, d.changed_at,
           speech.chunk_ids, speech.offset_starts, speech.offset_ends, speech.starts
    FROM dialogues d
    CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(s.chunk_id ORDER BY s.idx), '{}') AS chunk_ids,
               coalesce(array_agg(s.offset_start_ms ORDER BY s.idx), '{}') AS offset_starts,
               coalesce(array_agg(s.offset_end_ms ORDER BY s.idx), '{}') AS offset_ends,
               coalesce(array_agg(s.start_ts ORDER BY s.idx), '{}') AS starts
        FROM dialogue_segments s
        WHERE s.dialogue_id = d.dialogue_id AND s.revision = d.revision
    ) speech
    WHERE d.device_id = :device_id AND d.state <> 'superseded'
      AND d.start_ts >= :since AND d.start_ts <= :until AND d.end_ts <= :until
    ORDER BY d.dialogue_id
    """
)
OWES_NOTHING_BEFORE = text(
    """
    UPDATE devices SET delivered_until = :until WHERE device_id = :device_id
    """
)
LOOK_AGAIN = text(
    """
    UPDATE dialogues SET close_at = now()
    WHERE device_id = :device_id AND state = 'open' AND close_at > now() AND start_ts < :until
    """
)
OWED = text(
    """
    SELECT delivered_until FROM devices WHERE device_id = :device_id
    """
)
REBUILD = text(
    """
    UPDATE dialogues SET
        revision = :revision, point_id = :point_id, register_id = :register_id, start_ts = :start_ts, end_ts = :end_ts,
        state = :state, close_at = :close_at, closed_at = :closed_at, changed_at = :changed_at, language = NULL,
        asr_status = 'PENDING', asr_pass = NULL, asr_model = NULL, asr_reasons = '[]'::jsonb,
        analysis_status = 'PENDING', skip_reason = NULL, error = NULL
    WHERE dialogue_id = :dialogue_id
    """
)
CLOSE = text(
    """
    UPDATE dialogues SET state = :state, close_at = :close_at, closed_at = :closed_at WHERE dialogue_id = :dialogue_id
    """
)
SUPERSEDE = text(
    """
    UPDATE dialogues SET state = 'superseded', alias_of = :heir, close_at = NULL, changed_at = :changed_at
    WHERE dialogue_id = :dialogue_id
    """
)
INHERIT_ALIASES = text(
    """
    UPDATE dialogues SET alias_of = :heir WHERE alias_of = :dialogue_id
    """
)
