"""A recorder without its microphone: real spool, ledger, clock and uploader in a folder, and chunks to send."""

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import count
from pathlib import Path
from random import Random
from time import monotonic
from uuid import uuid4

from recorder.chunk import Chunk, Identity, Moment
from recorder.fate import ChunkState
from recorder.ledger.ledger import Ledger
from recorder.spool.spool import Spool
from recorder.steps import Reached, pass_through
from recorder.timing.clock import Clock, SystemClock, moment
from recorder.timing.timekeeping import TimeKeeper
from recorder.upload.api_client import ApiClient
from recorder.upload.credentials import Credentials, CredentialStore
from recorder.upload.retry import Backoff
from recorder.upload.upload_policy import UploadPolicy
from recorder.upload.uploader import MaySend, Uploader, whatever_it_is

QUICK = Backoff(0.01, 0.05)
CHUNK_MS = 60_000
TOKEN = "t0ken" * 8


@dataclass(frozen=True)
class Captured:
    chunk_path: Path
    chunk: Chunk


class KnownClock(SystemClock):
    """The real clock of a machine whose time NTP steers."""

    def is_synchronised(self) -> bool:
        return True


class LostClock(SystemClock):
    """Of a machine without a battery and without NTP: it says 1970."""

    def wall_ms(self) -> int:
        return self.boot_ms()

    def is_synchronised(self) -> bool:
        return False


@dataclass
class Till:
    """`audio`: of the chunks; each gets bytes of its own unless given."""

    root: Path
    url: str
    identity: Identity = field(default_factory=lambda: Identity(str(uuid4()), str(uuid4()), str(uuid4())))
    token: str = TOKEN
    clock: Clock = field(default_factory=KnownClock)
    backoff: Backoff = QUICK
    reached: Reached = pass_through
    may_send: MaySend = whatever_it_is

    def __post_init__(self) -> None:
        self.root.mkdir(exist_ok=True)
        self.session_id = str(uuid4())
        self._seq = count()
        self.ledger = Ledger(self.root / "ledger.db", self.clock)
        self.timekeeper = TimeKeeper(self.clock, self.ledger)
        self.spool = Spool(self.root, self.ledger, self.clock)
        self.spool.prepare()
        self.spool.reconcile()
        self.credentials = CredentialStore(self.root / "credentials", Credentials(self.identity, self.url, self.token))
        self.credentials.remember_current()
        self.client = ApiClient(self.clock, version="1.0", deadline_s=1.0)
        chance = Random(1).random
        self.policy = UploadPolicy(self.backoff, 0.01, chance)
        self.uploader = Uploader(
            self.spool,
            self.ledger,
            self.timekeeper,
            self.client,
            self.credentials,
            self.policy,
            self.clock,
            may_send=self.may_send,
            reached=self.reached,
        )

    def close(self) -> None:
        self.client.close()
        self.ledger.close()

    def record(self, audio: bytes | None = None, minutes_ago: float = 60.0) -> Chunk:
        """A chunk of a minute in the spool."""
        seq = next(self._seq)
        content = audio if audio is not None else f"OggS chunk {seq} of {self.session_id}".encode()
        now = moment(self.clock)
        start = Moment(now.boot_id, now.boot_ms - round(minutes_ago * CHUNK_MS) + seq * CHUNK_MS, now.wall_ms)
        digest = sha256(content).hexdigest()
        chunk = Chunk(
            self.session_id, seq, self.identity, start, CHUNK_MS, 48_000, 1, len(content), digest, codec="opus"
        )
        path = self.spool.folders.recording / f"{chunk.key}.ogg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return self.spool.complete(Captured(path, chunk))

    def state(self, chunk: Chunk) -> ChunkState | None:
        return self.ledger.state(chunk.key)

    def content(self, chunk: Chunk) -> bytes:
        """Of its file, wherever that is now."""
        [path] = self.root.rglob(f"{chunk.key}.ogg")
        return path.read_bytes()

    def upload_until(self, is_done: Callable[[], bool], within_s: float = 30.0) -> None:
        """Runs the uploader step by step in this thread."""
        deadline_s = monotonic() + within_s
        while not is_done():
            assert monotonic() < deadline_s, f"not done; {self.uploader.uploads}"
            rest_s = self.uploader.step()
            if rest_s > 0:
                self.uploader._woken.wait(min(rest_s, 0.01))

    def upload_all(self, within_s: float = 30.0) -> None:
        self.upload_until(lambda: not self.ledger.waiting_devices(), within_s)

    def steps(self, number: int) -> None:
        for _ in range(number):
            self.uploader.step()
