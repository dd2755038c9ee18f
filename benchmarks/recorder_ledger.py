"""What the recorder's ledger costs an SD card, and how fast it answers, beside a plain log that is fsynced.

    python benchmarks/recorder_ledger.py [--days 30] [--save]

One day is 840 chunks of a minute, each with what the agent writes for it: the new chunk, the tick, the delivery and the
note of the accepted heartbeat. The first day's system calls are counted by strace. The log gets the same events, one
JSON line and one fsync each. Then `--days` days are written, and both are asked for the fates of the last one.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from recorder.chunk import Chunk, Identity, Moment  # noqa: E402
from recorder.fate import ChunkState, Condition  # noqa: E402
from recorder.ledger.accounting import Evidence, Recording, account  # noqa: E402
from recorder.ledger.ledger import Ledger  # noqa: E402
from recorder.timing.clock import SystemClock, moment  # noqa: E402

MINUTE, CHUNKS_A_DAY = 60_000, 840
DAY = 24 * 60 * MINUTE
WHO = Identity(*(f"0b5a4f1e-7a06-4c8e-9d0a-2f4f0e6b1c{number:02d}" for number in range(3)))
Emit = Callable[[str, Chunk], None]


def main() -> int:
    """Prints the table; exit 1 where a promised figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--save", action="store_true")
    parser.add_argument("--write", choices=["ledger", "log"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.write:
        write_first_day(arguments.write, arguments.folder)
        return 0
    figures: dict[str, dict[str, float]] = {"ledger": {}, "log": {}}
    with tempfile.TemporaryDirectory(dir=ROOT) as folder:
        for kind, found in figures.items():
            found |= traced(kind, Path(folder))
        figures["ledger"] |= ledger_of_days(Path(folder) / "days.db", arguments.days)
        figures["log"] |= log_of_days(Path(folder) / "days.log", arguments.days)
    show(figures)
    if arguments.save:
        results = ROOT / "benchmarks" / "results" / "recorder_ledger.json"
        results.parent.mkdir(exist_ok=True)
        results.write_text(json.dumps(figures) + "\n")
    return 0 if figures["ledger"].get("fsyncs per commit", 1.0) <= 1.1 else 1


def a_day(start: Moment, day: int, emit: Emit) -> None:
    """Fourteen hours without a fault."""
    for seq in range(CHUNKS_A_DAY):
        after_ms = day * DAY + seq * MINUTE
        at = replace(start, boot_ms=start.boot_ms + after_ms, wall_ms=start.wall_ms + after_ms)
        chunk = Chunk(
            f"d5f9a7e2-3c51-4b0f-8e57-{day:012d}", seq, WHO, at, MINUTE, 48_000, 1, 180_000, f"{after_ms:064x}"
        )
        chunk = replace(chunk, rms_dbfs=-38.25, peak_dbfs=-6.5)
        for event in ("chunk", "tick", "delivered", "heartbeat"):
            emit(event, chunk)


def into_ledger(ledger: Ledger) -> Emit:
    def emit(event: str, chunk: Chunk) -> None:
        match event:
            case "chunk":
                ledger.add_chunk(chunk)
            case "tick":
                ledger.tick(replace(chunk.start, boot_ms=chunk.start.boot_ms + MINUTE))
            case "delivered":
                ledger.set_state(chunk.key, ChunkState.DELIVERED, start_ms=chunk.start.wall_ms)
                ledger.count("uploaded_total")
            case "heartbeat":
                ledger.remember("heartbeat", json.dumps({"revision": chunk.seq, "until_ms": chunk.start.wall_ms}))

    return emit


def into_log(descriptor: int, *, durable: bool) -> Emit:
    def emit(event: str, chunk: Chunk) -> None:
        fields = asdict(chunk) if event == "chunk" else {"key": chunk.key, "at": asdict(chunk.start)}
        os.write(descriptor, (json.dumps({"event": event, **fields}) + "\n").encode())
        if durable:
            os.fsync(descriptor)

    return emit


def write_first_day(kind: str, folder: Path) -> None:
    start = moment(SystemClock())
    if kind == "ledger":
        ledger = Ledger(folder / "first.db", SystemClock())
        ledger.enter(Condition.RECORDING, start)
        a_day(start, 0, into_ledger(ledger))
        ledger.close()
        return
    descriptor = os.open(folder / "first.log", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    a_day(start, 0, into_log(descriptor, durable=True))
    os.close(descriptor)


def traced(kind: str, folder: Path) -> dict[str, float]:
    """System calls of the first day; without strace only its time."""
    command = [sys.executable, __file__, "--write", kind, "--folder", str(folder)]
    trace = folder / "trace"
    if shutil.which("strace"):
        calls = "trace=fsync,fdatasync,write,pwrite64"
        command = ["strace", "-f", "-qq", "-y", "-e", calls, "-e", "signal=none", "-s", "0", "-o", str(trace), *command]
    subprocess.run(command, check=True)
    if not trace.exists():
        return {}
    lines = [line for line in trace.read_text().splitlines() if f"{folder}/first" in line]
    syncs = sum("sync(" in line for line in lines)
    written = sum(int(match[1]) for line in lines if (match := re.search(r"write.*= (\d+)$", line)))
    commits = 4 * CHUNKS_A_DAY
    return {"fsyncs per commit": round(syncs / commits, 3), "written a day, MB": round(written / 1e6, 1)}


def ledger_of_days(path: Path, days: int) -> dict[str, float]:
    start, ledger = moment(SystemClock()), Ledger(path, SystemClock())
    ledger.enter(Condition.RECORDING, start)
    for day in range(days):
        with ledger.together():
            a_day(start, day, into_ledger(ledger))
    ledger._file.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    window = (start.wall_ms + (days - 1) * DAY, start.wall_ms + days * DAY)
    began = time.perf_counter()
    found = ledger.account([window], window[1])
    answer_s = time.perf_counter() - began
    assert found[0].end_ms - found[0].start_ms == CHUNKS_A_DAY * MINUTE
    ledger.close()
    return sizes(path, days, answer_s)


def log_of_days(path: Path, days: int) -> dict[str, float]:
    start = moment(SystemClock())
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    for day in range(days):
        a_day(start, day, into_log(descriptor, durable=False))
    os.close(descriptor)
    window = (start.wall_ms + (days - 1) * DAY, start.wall_ms + days * DAY)
    began = time.perf_counter()
    chunks, states = {}, {}
    for line in path.read_text().splitlines():
        event = json.loads(line)
        if event["event"] == "chunk":
            chunks[f"{event['session_id']}-{event['seq']:06d}"] = event
        elif event["event"] == "delivered":
            states[event["key"]] = ChunkState.DELIVERED
    recordings = [
        Recording(c["session_id"], c["seq"], c["start"]["wall_ms"], c["start"]["wall_ms"] + c["length_ms"], states[key])
        for key, c in chunks.items()
    ]
    found = account(Evidence(recordings), [window], window[1])
    answer_s = time.perf_counter() - began
    assert found[0].end_ms - found[0].start_ms == CHUNKS_A_DAY * MINUTE
    return sizes(path, days, answer_s)


def sizes(path: Path, days: int, answer_s: float) -> dict[str, float]:
    a_day_bytes = path.stat().st_size / days
    return {
        "kept a day, KB": round(a_day_bytes / 1e3, 1),
        "in 400 days, MB": round(a_day_bytes * 400 / 1e6, 1),
        f"fates of the last of {days} days, ms": round(answer_s * 1e3, 1),
    }


def show(figures: dict[str, dict[str, float]]) -> None:
    print(f"{'':36}{'ledger':>10}{'log':>10}{'ratio':>8}")
    for name, value in figures["ledger"].items():
        other = figures["log"][name]
        print(f"{name:36}{value:>10}{other:>10}{value / other:>8.2f}")


if __name__ == "__main__":
    sys.exit(main())
