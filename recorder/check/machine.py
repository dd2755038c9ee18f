"""The Pi's own steps: ffmpeg, the disk, the clock."""

import errno
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from recorder.check.context import Context
from recorder.check.result import Result, Step, Values, fail, ok, warn
from recorder.service.install import USER
from recorder.timing.schedule import Schedule

FFMPEG_TIMEOUT_S = 30
"""A Zero 2 W reads ffmpeg's libraries from a slow card for some seconds."""
GB = 1_000_000_000
MB = 1_000_000
DAY_MS = 86_400_000
ENOUGH_DAYS = 2.0
"""Of unsent audio that still fits: a weekend without network."""
OLDEST_RIGHT = datetime(2026, 7, 1, tzinfo=UTC)
"""This program did not exist before: a clock that says so has been reset."""


def ffmpeg(context: Context) -> Result:
    """It is there, encodes Opus and reads ALSA. (Builds from the net often lack ALSA.)"""
    if shutil.which("ffmpeg") is None:
        return fail(Step.FFMPEG, "missing")
    try:
        version, encoders, devices = (_ffmpeg(what) for what in ("-version", "-encoders", "-devices"))
    except (OSError, subprocess.SubprocessError) as error:
        return fail(Step.FFMPEG, "broken", message=str(error))
    if not re.search(r"^ A\S* libopus\s", encoders, re.MULTILINE):
        return fail(Step.FFMPEG, "no_opus")
    if not re.search(r"^ D. alsa\s", devices, re.MULTILINE):
        return fail(Step.FFMPEG, "no_alsa")
    found = re.search(r"version (\S+)", version)
    return ok(Step.FFMPEG, "able", version=found[1] if found else "?")


def disk(context: Context) -> Result:
    """The spool can be written, durably, and holds what a week without network brings."""
    config = context.config
    spool = config.spool_dir
    folder = spool if spool.exists() else next(parent for parent in spool.parents if parent.exists())
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"check")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return _unwritable(folder, error)
    if stranger := _not_the_service_s(folder):
        return fail(Step.DISK, "owner", folder=str(stranger), spool=str(folder), user=USER)
    usage = shutil.disk_usage(folder)
    days = max(usage.free - config.min_free_mb * MB, 0) / max(_bytes_a_day(context), 1)
    said: Values = {
        "free_gb": round(usage.free / GB, 1),
        "total_gb": round(usage.total / GB, 1),
        "days": round(days, 1) if days < 10 else round(days),
    }
    if usage.free <= config.min_free_mb * MB:
        return fail(Step.DISK, "full", floor_mb=config.min_free_mb, **said)
    if days < ENOUGH_DAYS:
        return warn(Step.DISK, "short", **said)
    if config.max_spool_gb * GB > usage.total - config.min_free_mb * MB:
        return warn(Step.DISK, "small", limit_gb=config.max_spool_gb, **said)
    return ok(Step.DISK, "room", **said)


def clock(context: Context) -> Result:
    """Plausible, steered, and in a zone that the schedule can be meant in."""
    zone = Schedule.from_config(context.config).zone
    now = datetime.fromtimestamp(context.clock.wall_ms() / 1000, zone)
    said: Values = {"now": f"{now:%Y-%m-%d %H:%M}", "zone": zone.key}
    has_rtc = any((context.root / "sys/class/rtc").glob("rtc*"))
    if now < OLDEST_RIGHT:
        return fail(Step.CLOCK, "reset", **said)
    if not context.clock.is_synchronised():
        return warn(Step.CLOCK, "unsteered_rtc" if has_rtc else "unsteered", **said)
    if context.config.timezone is None and zone.key.rpartition("/")[2] in ("UTC", "UCT", "GMT", "Universal", "Zulu"):
        return warn(Step.CLOCK, "utc", hours=f"{context.config.schedule_start}–{context.config.schedule_end}", **said)
    return ok(Step.CLOCK, "right_rtc" if has_rtc else "right", **said)


def _ffmpeg(what: str) -> str:
    run = subprocess.run(
        ["ffmpeg", "-hide_banner", what], capture_output=True, text=True, timeout=FFMPEG_TIMEOUT_S, check=True
    )
    return run.stdout


def _not_the_service_s(spool: Path) -> Path | None:
    """Root may write everywhere, so a check by root must look whose the spool is: a file that root left in it (a run by
    hand) stops the service."""
    try:
        user = pwd.getpwnam(USER).pw_uid
    except KeyError:  # not installed yet
        return None
    if os.geteuid() != 0 or spool.stat().st_uid not in (0, user):
        return None  # a spool of a third user is meant so
    inside = (path for path in sorted(spool.iterdir()) if path.name != "lost+found")
    return next((path for path in (spool, *inside) if path.stat().st_uid != user), None)


def _unwritable(folder: Path, error: OSError) -> Result:
    key = {
        errno.EROFS: "read_only",
        errno.EACCES: "denied",
        errno.EPERM: "denied",
        errno.ENOSPC: "no_space",
        errno.EDQUOT: "no_space",
    }.get(error.errno or 0, "broken")
    return fail(Step.DISK, key, folder=str(folder), message=error.strerror or str(error))


def _bytes_a_day(context: Context) -> float:
    """What the schedule brings on its longest of the coming seven days."""
    schedule, now = Schedule.from_config(context.config), context.clock.wall_ms()
    days = ([*schedule.windows(now + day * DAY_MS, now + (day + 1) * DAY_MS)] for day in range(7))
    longest_ms = max(sum(window.end_ms - window.start_ms for window in day) for day in days)
    return longest_ms / 1000 * context.config.opus_bitrate_kbps * 1000 / 8
