"""A device with a long past: chunks, speech and closed dialogues, written in one statement."""

from datetime import datetime
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import DeviceId

_HISTORY = text(
    """
    WITH c AS (
        INSERT INTO audio_chunks (chunk_id, device_id, point_id, register_id, session_id, seq, start_ts, end_ts, codec,
            sample_rate, channels, sha256, size_bytes, status, settled_status, decoded_ms, received_at)
        SELECT gen_random_uuid(), :device_id, :device_id, :device_id, :run, n, at, at + interval '60 s', 'opus', 48000,
            1, n::text, n, 'DONE', 'DONE', 60000, at + interval '61 s'
        FROM generate_series(1, CAST(:chunks AS integer)) n,
            LATERAL (SELECT CAST(:before AS timestamptz) - (1 + :chunks - n) * interval '60 s' AS at) t
        RETURNING chunk_id, start_ts
    ), s AS (
        INSERT INTO speech_segments (chunk_id, idx, device_id, offset_start_ms, offset_end_ms, start_ts, end_ts)
        SELECT chunk_id, i, :device_id, 5000 * i, 5000 * i + 4000, start_ts + i * interval '5 s',
            start_ts + i * interval '5 s' + interval '4 s'
        FROM c, generate_series(1, 8) i
        RETURNING chunk_id, idx, offset_start_ms, offset_end_ms, start_ts, end_ts
    ), d AS (
        INSERT INTO dialogues (dialogue_id, device_id, point_id, register_id, start_ts, end_ts, state)
        SELECT chunk_id, :device_id, :device_id, :device_id, min(start_ts), max(end_ts), 'closed'
        FROM s GROUP BY chunk_id
    )
    INSERT INTO dialogue_segments
        (dialogue_id, revision, idx, chunk_id, offset_start_ms, offset_end_ms, start_ts, end_ts)
    SELECT chunk_id, 1, idx - 1, chunk_id, offset_start_ms, offset_end_ms, start_ts, end_ts FROM s
    """
)


async def insert_history(tx: AsyncConnection, device_id: DeviceId, chunks: int, before: datetime) -> None:
    """`chunks` minutes of one capture run up to `before`; in each 39 s of speech, which is one dialogue."""
    where = {"device_id": device_id, "run": uuid4(), "chunks": chunks, "before": before}
    await tx.execute(_HISTORY, where)
