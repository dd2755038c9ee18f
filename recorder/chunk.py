"""A chunk: a file of captured audio and what must be known of it. The sidecar beside the file is this, as JSON."""

import json
from dataclasses import asdict, dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Identity:
    """Where and by what it was recorded; UUIDs as text. A chunk keeps it, whatever the configuration says later."""

    point_id: str
    register_id: str
    device_id: str


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant that no step of the wall clock can move.

    `boot_ms`: CLOCK_BOOTTIME in the boot named by `boot_id`. `wall_ms`: Unix time as the clock said then, right or not.
    """

    boot_id: str
    boot_ms: int
    wall_ms: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """`start`: of the first sample. `length_ms`: of the decoded audio. The levels are None where not measured.
    `salvaged`: the capture was killed, and the file was cut at its last whole Ogg page."""

    session_id: str
    seq: int
    identity: Identity
    start: Moment
    length_ms: int
    sample_rate: int
    channels: int
    size_bytes: int
    sha256: str
    salvaged: bool = False
    rms_dbfs: float | None = None
    peak_dbfs: float | None = None
    codec: str = "opus"

    @property
    def key(self) -> str:
        """Its name: the file is `<key>.ogg`, the sidecar `<key>.json`."""
        return f"{self.session_id}-{self.seq:06d}"

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Raises ValueError where the text is not a sidecar."""
        try:
            fields = json.loads(text)
            identity, start = Identity(**fields.pop("identity")), Moment(**fields.pop("start"))
            return cls(identity=identity, start=start, **fields)
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"not a sidecar: {error}") from error
