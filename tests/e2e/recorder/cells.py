"""The crash matrix: every fault that a recorder must live through, each in a whole recorder of its own."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from recorder.spool.retention import LEAST_FREE_BYTES
from tests.e2e.recorder.findings import Findings, examine
from tests.e2e.recorder.rig import CHUNK_S, Rig, key_of
from tests.e2e.recorder.server import Server
from tests.e2e.recorder.signal import Source
from tests.integration.recorder import disks

SECONDS = 240
AT_ONCE = 12
"""They wait far more than they work: all of them together keep a quarter of one core busy."""
CHUNK_BYTES = 20_000
KILL_LOSS_S = 2.0
STEPS = ("mid_chunk", "after_cut", "after_fsync", "after_upload", "mid_ledger_write")
RETRIED = (408, 425, 429, 500, 502, 503, 504)
PAUSING = (401, 404)
REFUSED = (400, 403, 409, 413, 415, 422)


@dataclass(frozen=True)
class Place:
    """What all cells share. `clock_library`: the built stepping_clock.c."""

    folder: Path
    server: Server
    source: Source
    clock_library: Path


Cell = Callable[[Place, str], Findings]


def place_in(folder: Path, server: Server) -> Place:
    """Builds what is needed. Raises CalledProcessError without a C compiler."""
    library = folder / "stepping_clock.so"
    code = Path(__file__).with_name("stepping_clock.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-Wall", "-o", library, code], check=True)
    return Place(folder, server, Source(SECONDS), library)


def cells() -> dict[str, Cell]:
    """By name: the fault."""
    found: dict[str, Cell] = {"nothing at all": undisturbed}
    for victim in ("agent", "ffmpeg"):
        for step in STEPS:
            found[f"kill -9 of {victim} {step.replace('_', ' ')}"] = killed(victim, step)
    found["kill -9 of agent mid eviction"] = killed_in_eviction
    found["power cut mid chunk"] = power_cut("mid_chunk")
    found["power cut after fsync"] = power_cut("after_fsync")
    found["clock an hour ahead mid chunk"] = clock_step(3_600_000)
    found["clock an hour behind mid chunk"] = clock_step(-3_600_000)
    found["microphone unplugged and back"] = unplugged
    found["disk full and freed"] = disk_full
    for status in RETRIED:
        found[f"server answers {status}"] = answered(status)
    for status in PAUSING:
        found[f"server answers {status}"] = answered(status)
    for status in REFUSED:
        found[f"server answers {status}"] = refused(status)
    for fault in ("hang", "close", "lose", "break", "lie"):
        found[f"server: {FAULTS[fault]}"] = answered(fault)
    found["network gone for a week"] = week_offline
    return found


FAULTS = {
    "hang": "hangs",
    "close": "closes early",
    "lose": "stores, answer lost",
    "break": "stores, answer breaks off",
    "lie": "lies about sha256",
}


def undisturbed(place: Place, name: str) -> Findings:
    """Seven chunks, so six borders between them, each heard exactly once."""
    with recording(place, name) as rig:
        rig.wait_for_chunks(7)
        return finish(rig, place)


def killed(victim: str, step: str) -> Cell:
    """Stopped exactly at the step, killed there, started again as systemd does."""

    def cell(place: Place, name: str) -> Findings:
        with recording(place, name) as rig:
            rig.stage(step)
            rig.wait_until_stopped_at(step)
            kept, at_s = rig.outbox(), rig.place_now()
            rig.kill(victim)
            rig.start() if victim == "agent" else rig.go_on()
            rig.wait_for_chunks(len(rig.delivered()) + 2)
            found = finish(rig, place, kept)
            return loses_at_most(KILL_LOSS_S, at_s, rig, place, found)

    return cell


def killed_in_eviction(place: Place, name: str) -> Findings:
    """Too little room for what waits: the oldest goes; the agent is killed between the ledger's row and the file."""
    with small_disk() as disk, recording(place, name, spool_dir=str(disk / "spool")) as rig:
        rig.door.away = True
        rig.stage("mid_eviction")
        filler = disk / "filler"
        fill(filler, leave_bytes=LEAST_FREE_BYTES + 3 * CHUNK_BYTES)
        rig.wait_until_stopped_at("mid_eviction")
        rig.kill()
        filler.unlink()
        rig.start()
        rig.door.away = False
        rig.wait_for_chunks(4)
        return finish(rig, place)


def power_cut(step: str) -> Cell:
    """The disk is copied while the agent stands at the step: what the copy lacks, a power cut would have taken."""

    def cell(place: Place, name: str) -> Findings:
        image, copy = folder_of(place, name).with_suffix(".img"), folder_of(place, name).with_suffix(".cut.img")
        disks.make(image)
        with disks.mounted_image(image) as disk, recording(place, name, spool_dir=str(disk / "spool")) as rig:
            rig.wait_for_chunks(2)
            rig.door.away = True
            rig.wait_for(lambda: len(rig.outbox()) >= 2, "chunks to wait")
            kept = rig.outbox()
            rig.stage(step)
            rig.wait_until_stopped_at(step)
            disks.cut_power(image, copy)
            rig.kill()
            rig.door.away = False
            with disks.mounted_image(copy) as after:
                rig.use_spool(after / "spool")
                rig.start()
                rig.wait_for_chunks(len(rig.delivered()) + 2)
                return finish(rig, place, kept)

    return cell


def clock_step(by_ms: int) -> Cell:
    def cell(place: Place, name: str) -> Findings:
        with recording(place, name, clock_library=place.clock_library) as rig:
            time.sleep(CHUNK_S / 2)
            rig.step_clock(by_ms)
            rig.wait_for_chunks(4)
            if rig.health()["clock"]["state"] != "wrong":
                return Findings(problems=[f"the clock is called {rig.health()['clock']}"])
            return finish(rig, place)

    return cell


def unplugged(place: Place, name: str) -> Findings:
    with recording(place, name) as rig:
        at_s = rig.place_now()
        rig.microphone.unplug()
        rig.wait_until("no_microphone")
        rig.microphone.plug()
        rig.wait_until("recording")
        rig.wait_for_chunks(4)
        found = finish(rig, place)
        if not found.lost_s.get("no_microphone"):
            found.problems.append("no second is lost to the missing microphone")
        return loses_at_most(KILL_LOSS_S, at_s, rig, place, found)


def disk_full(place: Place, name: str) -> Findings:
    """Something else fills the disk, and is taken away again."""
    with small_disk() as disk, recording(place, name, spool_dir=str(disk / "spool")) as rig:
        rig.door.away = True
        filler = disk / "filler"
        fill(filler)
        rig.wait_for(lambda: rig.health().get("condition") in ("disk_full", "spool_unwritable"), "a full disk")
        kept = rig.outbox()
        filler.unlink()
        rig.door.away = False
        rig.wait_until("recording")
        rig.wait_for_chunks(len(rig.delivered()) + 2)
        return finish(rig, place, kept)


def answered(fault: int | str) -> Cell:
    """Twice (a hanging one, which costs a minute, once), then the server is well again: all arrives, once."""

    def cell(place: Place, name: str) -> Findings:
        with recording(place, name) as rig:
            rig.door.headers["retry-after"] = "1"
            rig.door.plan.extend([fault] if fault == "hang" else [fault, fault])
            rig.wait_for(lambda: not rig.door.plan, "the server to be asked", 120)
            kept = rig.outbox()
            return finish(rig, place, kept)

    return cell


def refused(status: int) -> Cell:
    """The file is set aside with the answer, others pass; put back by hand it arrives."""

    def cell(place: Place, name: str) -> Findings:
        with recording(place, name) as rig:
            rig.door.plan.append(status)
            quarantine = rig.spool / "quarantine"
            rig.wait_for(lambda: list(quarantine.glob("*.ogg")), "a chunk in the quarantine", 120)
            rig.wait_for_chunks(len(rig.delivered()) + 1)
            aside = {path.stem for path in quarantine.glob("*.ogg")}
            answers = [path.read_text() for path in quarantine.glob("*.answer.json")]
            lost_s = rig.ledger()["lost_s"].get("refused", 0.0)
            rig.command("requeue", "--all")
            found = finish(rig, place, aside)
            if len(answers) != 1 or str(status) not in answers[0]:
                found.problems.append(f"the answer is not beside the file: {answers}")
            if abs(lost_s - CHUNK_S) > 0.1:
                found.problems.append(f"{lost_s} s were refused by the ledger")
            return found

    return cell


def week_offline(place: Place, name: str) -> Findings:
    """A week's chunks wait (ten minutes each, to be quick) when the network is back; live ones come between them."""
    with recording(place, name) as rig:
        rig.command("pause", "1h")
        rig.wait_until("paused")
        rig.wait_until_drained()
        rig.terminate()
        kept = rig.fill_outbox(days=7, chunk_s=600)
        rig.start()
        rig.wait_until("paused")
        rig.command("resume")
        rig.wait_for(lambda: len(rig.outbox()) < len(kept) // 2, "half of the backlog to be sent", 240)
        live = [row for row in rig.delivered() if key_of(row) not in kept]
        rig.wait_for(lambda: len(rig.delivered()) > len(kept) + len(live), "all of the backlog and more", 240)
        return finish(rig, place, kept, made_up=kept)


def finish(rig: Rig, place: Place, kept: Collection[str] = (), made_up: Collection[str] = ()) -> Findings:
    """Pauses, so that nothing more comes; waits until all is sent; stops as systemd does; and compares."""
    rig.command("pause", "1h")
    rig.wait_until("paused")
    rig.wait_until_drained()
    found = examine(rig, place.source, kept, made_up)
    if (took_s := rig.terminate()) > 10:
        found.problems.append(f"stopping took {took_s:.0f} s")
    return found


def loses_at_most(limit_s: float, at_s: float, rig: Rig, place: Place, found: Findings) -> Findings:
    """Of what the microphone heard until `at_s`, when the fault struck."""
    places = filter(None, [place.source.place_of(rig.server.file_of(row)) for row in rig.delivered()])
    last_s = max((min(end_s, at_s) for start_s, end_s in places if start_s < at_s), default=0.0)
    if at_s - last_s > limit_s:
        found.problems.append(f"{at_s - last_s:.2f} s before the fault are lost")
    return found


@contextmanager
def recording(place: Place, name: str, **config: Any) -> Iterator[Rig]:
    """A recorder that has delivered a chunk and records on."""
    clock_library = config.pop("clock_library", None)
    with Rig(folder_of(place, name), place.server, SECONDS, clock_library, **config) as rig:
        rig.start()
        rig.wait_for_chunks(1)
        yield rig


def folder_of(place: Place, name: str) -> Path:
    return place.folder / "".join(c if c.isalnum() else "_" for c in name)


def small_disk() -> AbstractContextManager[Path]:
    return disks.mounted("-t", "tmpfs", "-o", "size=4m", "tmpfs")


def fill(path: Path, leave_bytes: int = 0) -> None:
    """Until no more than that is free on its disk."""
    with path.open("wb") as file:
        while free_bytes(path) > leave_bytes:
            try:
                file.write(b"\0" * 4096)
                file.flush()
            except OSError:
                return


def free_bytes(path: Path) -> int:
    disk = os.statvfs(path)
    return disk.f_bavail * disk.f_frsize


def unavailable() -> dict[str, str]:
    """Cells that this machine cannot run, with what is missing."""
    missing = {}
    if (what := disks.no_power_cuts()) is not None:
        missing |= {name: what for name in cells() if name.startswith("power cut")}
    if (what := disks.no_mounts()) is not None:
        missing |= dict.fromkeys(("disk full and freed", "kill -9 of agent mid eviction"), what)
    return missing


def run(place: Place, names: list[str]) -> dict[str, Findings]:
    """Side by side, for they mostly wait. Where that was too much for the machine (a microphone that is fed late, a
    server that answers late), a cell that did not go well is run once more by itself, and that counts; the table shows
    what was amiss the first time."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        results = dict(zip(names, pool.map(lambda name: _one(place, name, name), names), strict=True))
    for name, first in results.items():
        if first.problems:
            results[name] = again = _one(place, name, f"{name} again")
            again.first_problems = first.problems
    return results


def _one(place: Place, name: str, folder: str) -> Findings:
    try:
        return cells()[name](place, folder)
    except Exception as error:
        return Findings(problems=[f"{type(error).__name__}: {error}"])
    finally:
        shutil.rmtree(folder_of(place, folder) / "spool", ignore_errors=True)


def table(results: dict[str, Findings]) -> Table:
    """For people."""
    shown = Table("fault", "chunks", "recorded", "waiting", "paused", "lost", "= schedule", "start off", "verdict")
    for name, found in results.items():
        lost = ", ".join(f"{reason} {seconds:.1f}" for reason, seconds in found.lost_s.items())
        verdict = f"[red]{found.problems[0][:200]}[/]" if found.problems else "[green]well[/]"
        if found.first_problems:
            verdict += f"; beside others: {found.first_problems[0][:200]}"
        seconds = (found.recorded_s, found.waiting_s, found.paused_s)
        shown.add_row(
            name,
            str(found.delivered),
            *(f"{s:.1f}" for s in seconds),
            lost,
            f"{found.scheduled_s:.1f}",
            f"{found.worst_start_s:.2f}",
            verdict,
        )
    return shown
