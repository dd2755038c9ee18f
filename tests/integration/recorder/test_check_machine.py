"""The Pi's own steps: ffmpeg builds that can't do it, disks that can't be written, clocks that can't be believed."""

import os
import pwd
import subprocess
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from check_bench import context_in, printed, run_apart, run_steps

from recorder.check.result import Result, State, Step

ENCODERS = """Encoders:
 V..... = Video
 ------
 V....D libx264              libx264 H.264 / AVC (codec h264)
 A..X.. opus                 Opus
 A..... libopus              libopus Opus (codec opus)
"""
DEVICES = """Devices:
 D. = Demuxing supported
 .E = Muxing supported
 --
 DE alsa            ALSA audio output
 D  jack            JACK Audio Connection Kit
"""


def check(folder: Path, step: Step, **given: object) -> Result:
    (result,) = run_steps(context_in(folder, **given), step).values()
    return result


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Puts an ffmpeg in the path that says of itself what such builds say."""

    def make(encoders: str, devices: str) -> None:
        bin_folder = tmp_path / "bin"
        bin_folder.mkdir()
        program = bin_folder / "ffmpeg"
        program.write_text(
            f"#!/bin/sh\ncase $2 in\n-version) echo 'ffmpeg version 7.1';;\n-encoders) echo '{encoders}';;\n"
            f"-devices) echo '{devices}';;\nesac\n",
            encoding="ascii",
        )
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{bin_folder}{os.pathsep}{os.environ['PATH']}")

    return make


def test_the_system_s_own_ffmpeg_is_able(tmp_path: Path) -> None:
    result = check(tmp_path, Step.FFMPEG)

    assert result.state is State.OK
    assert str(result.values["version"])[0].isdigit()


@pytest.mark.parametrize(
    ("encoders", "devices", "key"),
    [
        (ENCODERS.replace(" A..... libopus              libopus Opus (codec opus)\n", ""), DEVICES, "no_opus"),
        (ENCODERS, DEVICES.replace("DE alsa", " E alsa"), "no_alsa"),
        (ENCODERS, DEVICES.replace(" DE alsa            ALSA audio output\n", ""), "no_alsa"),
        (ENCODERS, DEVICES.replace("DE alsa", "D  alsa"), "able"),
    ],
)
def test_an_ffmpeg_without_opus_or_alsa_is_to_be_replaced(
    tmp_path: Path, install: Callable[[str, str], None], encoders: str, devices: str, key: str
) -> None:
    install(encoders, devices)

    result = check(tmp_path, Step.FFMPEG)

    assert result.key == key
    if key != "able":
        assert "sudo apt install --reinstall ffmpeg" in printed([result], "ru")["✗ ffmpeg"]


def test_an_ffmpeg_that_is_missing_or_broken_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    missing = check(tmp_path, Step.FFMPEG)
    (tmp_path / "ffmpeg").write_text("#!/bin/false\n", encoding="ascii")
    (tmp_path / "ffmpeg").chmod(0o755)
    broken = check(tmp_path, Step.FFMPEG)

    assert (missing.key, broken.key) == ("missing", "broken")
    assert "sudo apt install ffmpeg" in printed([missing], "en")["✗ ffmpeg"]


def test_a_disk_with_room_says_how_long_it_lasts_without_network(tmp_path: Path) -> None:
    week = check(tmp_path, Step.DISK, min_free_mb=0, max_spool_gb=0.5)
    always = check(tmp_path, Step.DISK, min_free_mb=0, max_spool_gb=0.5, schedule_start="00:00", schedule_end="24:00")

    assert week.state is State.OK
    assert float(week.values["days"]) / float(always.values["days"]) == pytest.approx(24 / 14, rel=0.1)
    assert list(tmp_path.iterdir()) == []


def test_a_spool_that_is_not_made_yet_is_checked_where_it_will_be(tmp_path: Path) -> None:
    assert check(tmp_path / "var/lib/spool", Step.DISK, max_spool_gb=0.5).state is State.OK
    assert not (tmp_path / "var").exists()


def test_a_disk_below_the_floor_fails_and_one_smaller_than_the_limit_warns(tmp_path: Path) -> None:
    full = check(tmp_path, Step.DISK, min_free_mb=1_000_000)
    small = check(tmp_path, Step.DISK, max_spool_gb=100_000)

    assert (full.state, full.key) == (State.FAIL, "full")
    assert "larger SD card" in printed([full], "en")["✗ Disk"]
    assert (small.state, small.key) == (State.WARN, "small")


@pytest.mark.parametrize(
    ("options", "setup", "key", "english", "russian"),
    [
        ("ro", "true", "read_only", "the SD card is worn out", "SD-карта изношена"),
        ("size=64k", "head -c 65536 /dev/zero > {spool}/filler", "no_space", "free space", "освободите место"),
        ("size=64m", "true", "full", "below the floor", "меньше запаса"),
        ("size=300m", "true", "short", "larger SD card", "SD-карту больше"),
    ],
)
def test_a_disk_that_takes_nothing_says_why(
    tmp_path: Path, options: str, setup: str, key: str, english: str, russian: str
) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    prefix = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    if (tried := subprocess.run([*prefix, "true"], capture_output=True, text=True, check=False)).returncode:
        pytest.skip(f"no mount namespaces here: {tried.stderr.strip()}")
    mount = f"mount -t tmpfs -o {options} none {spool}; {setup.format(spool=spool)}"

    results, said = run_apart(prefix, mount, spool, [Step.DISK])

    assert results[Step.DISK] == ["warn" if key == "short" else "fail", key]
    assert english in said
    assert russian in said


def test_a_folder_that_this_user_may_not_write_asks_for_sudo(tmp_path: Path) -> None:
    if (tried := subprocess.run(["unshare", "--user", "true"], capture_output=True, text=True, check=False)).returncode:
        pytest.skip(f"no user namespaces here: {tried.stderr.strip()}")
    tmp_path.chmod(0o555)

    results, said = run_apart(["unshare", "--user"], "true", tmp_path, [Step.DISK])

    tmp_path.chmod(0o755)
    assert results[Step.DISK] == ["fail", "denied"]
    assert "sudo" in said


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: only root can check for another user, and give files away")
def test_a_file_that_root_left_in_the_service_s_spool_is_given_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = pwd.struct_passwd(("recorder-agent", "x", 54321, 54321, "", "/", "/bin/false"))
    monkeypatch.setattr("pwd.getpwnam", {"recorder-agent": service}.__getitem__)
    spool = tmp_path / "spool"
    for folder in (spool, spool / "lost+found", spool / "outbox"):
        folder.mkdir()
    for folder in (spool, spool / "outbox"):
        os.chown(folder, 54321, 54321)
    well = check(spool, Step.DISK, max_spool_gb=0.5)
    (spool / "ledger.db").touch()
    left = check(spool, Step.DISK, max_spool_gb=0.5)

    assert well.state is State.OK
    assert (left.state, left.key) == (State.FAIL, "owner")
    assert f"sudo chown -R recorder-agent: {spool}" in printed([left], "ru")["✗ Диск"]


class StubClock:
    """Says what it is told."""

    boot_id = "boot"

    def __init__(self, now: str, synchronised: bool = True) -> None:
        self._now, self._synchronised = now, synchronised

    def wall_ms(self) -> int:
        return round(datetime.fromisoformat(self._now).timestamp() * 1000)

    def boot_ms(self) -> int:
        return 0

    def is_synchronised(self) -> bool:
        return self._synchronised


@pytest.mark.parametrize(
    ("clock", "has_rtc", "zone", "state", "key", "english", "russian"),
    [
        (StubClock("2026-11-25T10:00Z"), False, "Europe/Belgrade", State.OK, "right", "11:00", "11:00"),
        (StubClock("2026-11-25T10:00Z"), True, "Europe/Belgrade", State.OK, "right_rtc", "battery", "с батарейкой"),
        (StubClock("1970-01-01T00:05Z", False), False, "Europe/Belgrade", State.FAIL, "reset", "was reset", "сброшены"),
        (
            StubClock("2026-11-25T10:00Z", False),
            False,
            "Europe/Belgrade",
            State.WARN,
            "unsteered",
            "set-ntp",
            "set-ntp",
        ),
        (
            StubClock("2026-11-25T10:00Z", False),
            True,
            "Europe/Belgrade",
            State.WARN,
            "unsteered_rtc",
            "set-ntp",
            "set-ntp",
        ),
        (StubClock("2026-11-25T10:00Z"), False, None, State.WARN, "utc", "timezone:", "timezone:"),
        (StubClock("2026-11-25T10:00Z"), False, "UTC", State.OK, "right", "10:00", "10:00"),
    ],
)
def test_the_clock_is_judged_by_what_keeps_it(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    clock: StubClock,
    has_rtc: bool,
    zone: str | None,
    state: State,
    key: str,
    english: str,
    russian: str,
) -> None:
    monkeypatch.setenv("TZ", "UTC")
    (tmp_path / "sys/class/rtc").mkdir(parents=True)
    if has_rtc:
        (tmp_path / "sys/class/rtc/rtc0").mkdir()
    given = {"timezone": zone} if zone else {}

    result = check(tmp_path, Step.CLOCK, clock=clock, root=tmp_path, **given)

    assert (result.state, result.key) == (state, key)
    assert english in "".join(printed([result], "en").values())
    assert russian in "".join(printed([result], "ru").values())
