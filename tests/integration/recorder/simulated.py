"""A recorder's machine in simulated time: true time, a boot clock with a crystal, a system clock that may be wrong."""

from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path
from uuid import UUID

from recorder.chunk import Chunk, Identity, Moment
from recorder.ledger.ledger import Ledger
from recorder.timing.clock import moment
from recorder.timing.timekeeping import TimeKeeper

NOON = 1_800_000_000_000
"""True time at the start, in ms."""
MINUTE, HOUR = 60_000, 3_600_000
WHO = Identity("point", "register", "device")


class Machine:
    """A Clock. `error_ms`: the system clock is ahead of true time by it."""

    def __init__(self, error_ms: int = 0, ppm: int = 0) -> None:
        self.true_ms, self.ppm, self.synchronised = NOON, ppm, False
        self._boots = 0
        self._start(error_ms)

    def boot_ms(self) -> int:
        alive_ms = self.true_ms - self._booted_ms
        return alive_ms + alive_ms * self.ppm // 1_000_000

    def wall_ms(self) -> int:
        return self.boot_ms() + self._system_offset_ms

    def is_synchronised(self) -> bool:
        return self.synchronised

    def pass_time(self, ms: int) -> None:
        self.true_ms += ms

    def step(self, by_ms: int) -> None:
        self._system_offset_ms += by_ms

    def synchronise(self) -> None:
        """NTP steps the system clock to true time and says so."""
        self._system_offset_ms = self.true_ms - self.boot_ms()
        self.synchronised = True

    def reboot(self, off_ms: int, error_ms: int | None = None) -> None:
        """Without battery-backed clock it goes on with the time of the shutdown; else give its error."""
        stale_ms = self.wall_ms() - self.true_ms - off_ms
        self.true_ms += off_ms
        self._start(stale_ms if error_ms is None else error_ms)

    def _start(self, error_ms: int) -> None:
        self._boots += 1
        self.boot_id = str(UUID(int=self._boots))
        self.synchronised = False
        self._booted_ms, self._system_offset_ms = self.true_ms, self.true_ms + error_ms

    def now(self) -> Moment:
        return moment(self)


def chunk(start: Moment, seq: int = 0, length_ms: int = MINUTE, session: str = "session") -> Chunk:
    return Chunk(session, seq, WHO, start, length_ms, 48_000, 1, 180_000, f"{seq:064x}")


class Recorder:
    """A machine with its ledger and time keeper; it records chunks and asks servers."""

    def __init__(self, path: Path, machine: Machine) -> None:
        self.path, self.machine = path, machine
        self.recorded: list[tuple[int, Chunk]] = []
        self.start()

    def start(self) -> None:
        self.ledger = Ledger(self.path, self.machine)
        self.keeper = TimeKeeper(self.machine, self.ledger)

    def reboot(self, off_ms: int, error_ms: int | None = None) -> None:
        self.ledger.tick(self.machine.now())
        self.ledger.close()
        self.machine.reboot(off_ms, error_ms)
        self.start()

    def record(self, during: Callable[[], None] = lambda: None) -> Chunk:
        """A minute, with something happening in its middle."""
        started_ms, start = self.machine.true_ms, self.machine.now()
        self.machine.pass_time(MINUTE // 2)
        during()
        self.keeper.poll()
        self.machine.pass_time(MINUTE // 2)
        made = chunk(start, len(self.recorded))
        self.recorded.append((started_ms, made))
        self.ledger.add_chunk(made)
        self.keeper.poll()
        return made

    def ask_server(self, wrong_by_ms: int = 0) -> None:
        sent = self.machine.boot_ms()
        self.machine.pass_time(40)
        said_ms = self.machine.true_ms + wrong_by_ms
        self.machine.pass_time(60)
        self.keeper.observe_server(said_ms, sent, self.machine.boot_ms())

    def ask_original_server(self) -> None:
        sent = self.machine.boot_ms()
        self.machine.pass_time(40)
        header = formatdate(self.machine.true_ms // 1000, usegmt=True)
        self.machine.pass_time(60)
        self.keeper.observe_http_date(header, sent, self.machine.boot_ms())

    def errors_ms(self) -> list[int]:
        """Of every chunk's stamp: positive where it is too late."""
        return [self.keeper.stamp(made)[0] - started_ms for started_ms, made in self.recorded]


Build = Callable[[Machine], Recorder]


def fates(ledger: Ledger, now_ms: int) -> list[tuple[int, int, str]]:
    """In minutes since noon."""
    intervals = ledger.account([(NOON, NOON + 23 * HOUR)], now_ms)
    return [((i.start_ms - NOON) // MINUTE, (i.end_ms - NOON) // MINUTE, i.reason or i.fate) for i in intervals]
