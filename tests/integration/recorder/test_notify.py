"""systemd's protocol, spoken to a real socket."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from recorder.service.notify import Loop, Notifier, Watchdog
from recorder.timing.clock import SystemClock


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    """NOTIFY_SOCKET's value, and systemd's end of it."""
    name = str(tmp_path / "notify") if request.param == "path" else f"@recorder-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind(name.replace("@", "\0"))
        end.settimeout(10)
        yield name, end


def test_ready_status_and_stopping_reach_the_socket(manager: tuple[str, socket.socket]) -> None:
    name, end = manager
    notifier = Notifier.from_environment({"NOTIFY_SOCKET": name})
    notifier.ready()
    notifier.status("recording\nsince 08:00")
    notifier.stopping()
    assert [end.recv(4096).decode() for _ in range(3)] == ["READY=1", "STATUS=recording since 08:00", "STOPPING=1"]


def test_the_watchdog_is_fed_before_each_deadline_and_starved_when_a_loop_hangs(
    manager: tuple[str, socket.socket],
) -> None:
    name, end = manager
    notifier = Notifier.from_environment({"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "300000"})
    watchdog = Watchdog((Loop("capture", 1.0),), notifier, SystemClock())
    watchdog.start()
    try:
        heard = [end.recv(4096).decode() for _ in range(2)]
        while "WATCHDOG=1" in (last := end.recv(4096).decode()):
            heard.append(last)
    finally:
        watchdog.stop()
    assert set(heard) == {"WATCHDOG=1"}
    assert last == "STATUS=hangs: capture"


def test_what_systemd_said_is_not_handed_to_ffmpeg() -> None:
    env = {"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid()), "PATH": "/bin"}
    assert Notifier.from_environment(env).watchdog_s == 60.0
    assert env == {"PATH": "/bin"}


@pytest.mark.parametrize(
    "env",
    [
        {},
        {"WATCHDOG_USEC": "1000000"},
        {"NOTIFY_SOCKET": "/run/x"},
        {"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "0"},
        {"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "soon"},
        {"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1"},
    ],
)
def test_without_a_deadline_meant_for_us_there_is_none(env: dict[str, str]) -> None:
    assert Notifier.from_environment(env).watchdog_s is None


def test_a_manager_that_is_gone_costs_a_warning_and_no_more(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    Notifier(str(tmp_path / "nobody")).ready()
    assert [record.message for record in caplog.records] == ["notify_failed"]
