"""The form that goes with a chunk."""

from datetime import UTC, datetime

from recorder.chunk import Chunk


def form(chunk: Chunk, start_ms: int, end_ms: int) -> dict[str, str]:
    """The fields of an upload: the original product's eight, and three by which a repeat is recognised."""
    return {
        "point_id": chunk.identity.point_id,
        "register_id": chunk.identity.register_id,
        "device_id": chunk.identity.device_id,
        "start_ts": utc(start_ms),
        "end_ts": utc(end_ms),
        "codec": chunk.codec,
        "sample_rate": str(chunk.sample_rate),
        "channels": str(chunk.channels),
        "session_id": chunk.session_id,
        "seq": str(chunk.seq),
        "sha256": chunk.sha256,
    }


def utc(unix_ms: int) -> str:
    """ISO 8601 with milliseconds."""
    return datetime.fromtimestamp(unix_ms / 1000, UTC).isoformat(timespec="milliseconds")
