"""The service in a real systemd: ready, stopped, killed, hung, installed and removed."""

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.recorder import booted, packaged, serviced
from tests.integration.recorder.booted import Booted
from tests.integration.recorder.serviced import AGENT, CONFIG, SPOOL, UNIT, drop_in, free_port, health, wait_for
from tests.integration.recorder.stub_server import StubServer, running

REASON = booted.why_not() or serviced.why_not()
pytestmark = pytest.mark.skipif(REASON is not None, reason=str(REASON))

FINALISED_S = 10.0


@dataclass(frozen=True)
class Service:
    machine: Booted
    server: StubServer
    port: int

    @property
    def pid(self) -> int:
        return int(self.machine.show(UNIT, "MainPID"))

    def is_recording(self) -> bool:
        return bool(health(self.port)["recording"])


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booted]:
    wheel = packaged.build_wheel(tmp_path_factory.mktemp("wheel"))
    folder = tmp_path_factory.mktemp("machine") / "system"
    folder.mkdir()
    with Booted(folder) as machine:
        serviced.put_program(machine, wheel)
        machine.run(AGENT, "install")
        yield machine


@pytest.fixture(scope="module")
def service(machine: Booted) -> Iterator[Service]:
    """Running, recording, and connected to a server."""
    with running(StubServer()) as server, serviced.microphone(machine):
        port = free_port()
        serviced.configure(machine, server.url, port)
        machine.run(AGENT, "install")
        service = Service(machine, server, port)
        try:
            wait_for("it records", service.is_recording)
        except AssertionError as error:
            raise AssertionError(machine.journal(UNIT)) from error
        yield service
        machine.run("systemctl", "stop", UNIT, check=False)


def test_install_makes_user_folders_and_unit_and_may_be_repeated(machine: Booted) -> None:
    again = machine.run(AGENT, "--lang", "en", "install")
    assert "in place already" in again
    assert machine.run("id", "-nG", "recorder-agent").split() == ["recorder-agent", "audio"]
    assert machine.run("systemctl", "is-enabled", UNIT).strip() == "enabled"
    owners = machine.run("stat", "-c", "%U:%G %a", "/etc/recorder-agent", f"/{SPOOL}").split("\n")
    assert owners[:2] == ["root:recorder-agent 750", "recorder-agent:recorder-agent 750"]


def test_start_is_over_when_it_is_ready_and_audio_reaches_the_server(service: Service) -> None:
    assert service.machine.show(UNIT, "ActiveState") == "active"
    wait_for("a chunk is delivered", lambda: service.server.acknowledged)
    mode = service.machine.run("stat", "-c", "%U %a", f"/{CONFIG}").strip()
    assert mode == "recorder-agent 600"


def test_status_pause_and_resume_work_from_the_command_line(service: Service) -> None:
    run = service.machine.run
    assert "recording" in run(AGENT, "--lang", "en", "status")
    assert "Paused until" in run(AGENT, "--lang", "en", "pause", "15m")
    assert "paused" in run(AGENT, "--lang", "en", "status")
    assert run(AGENT, "--lang", "ru", "resume") == "Пауза закончена.\n"
    wait_for("it records again", service.is_recording)
    told = json.loads(run(AGENT, "ledger", "--json"))
    assert {"recorded", "paused"} <= {interval["fate"] for interval in told["intervals"]}


def test_stopping_finalises_the_chunk_within_ten_seconds(service: Service) -> None:
    began_s = time.monotonic()
    service.machine.run("systemctl", "stop", UNIT)
    assert time.monotonic() - began_s < FINALISED_S
    assert service.machine.show(UNIT, "Result") == "success"
    assert list((service.machine.root / SPOOL / "recording").rglob("*.ogg")) == []
    service.machine.run("systemctl", "start", UNIT)
    wait_for("it records again", service.is_recording)


def test_a_killed_agent_is_started_again(service: Service) -> None:
    before = service.pid
    service.machine.run("systemctl", "kill", "--kill-whom=main", "--signal=KILL", UNIT)
    wait_for("another process runs", lambda: service.pid not in (0, before) and service.is_recording())


def test_a_hung_agent_is_started_again(service: Service) -> None:
    drop_in(service.machine, "quick", "WatchdogSec=10\nTimeoutAbortSec=2\n")
    service.machine.run("systemctl", "restart", UNIT)
    wait_for("it records", service.is_recording)
    before = service.pid
    service.machine.run("systemctl", "kill", "--kill-whom=main", "--signal=STOP", UNIT)
    wait_for("another process runs", lambda: service.pid not in (0, before) and service.is_recording())
    assert "watchdog" in service.machine.journal(UNIT).lower()


def test_the_sandbox_allows_what_the_recorder_needs_and_nothing_else(service: Service) -> None:
    machine = service.machine
    shutil.copy(Path(__file__).with_name("sandbox_probe.py"), machine.root / "opt" / "probe.py")
    machine.run("systemctl", "stop", UNIT)
    probe = "ExecStart=/opt/recorder-agent/bin/python /opt/probe.py"
    drop_in(machine, "probe", f"Type=oneshot\nRestart=no\nWatchdogSec=0\nExecStart=\n{probe}\n")
    try:
        machine.run("systemctl", "start", UNIT)
    finally:
        (machine.root / serviced.DROP_INS / "probe.conf").unlink()
        machine.run("systemctl", "daemon-reload")
    told = json.loads((machine.root / "var/lib/recorder-agent/probe.json").read_text())
    assert {name: answer for name, answer in told["must"].items() if answer != "yes"} == {}
    assert [name for name, answer in told["must_not"].items() if answer == "yes"] == []
    assert told["capabilities"] == ["CapBnd:\t0000000000000000"]
    machine.run("systemctl", "start", UNIT)
    wait_for("it records again", service.is_recording)


def test_a_broken_configuration_is_said_in_the_journal_and_picked_up_when_mended(service: Service) -> None:
    machine = service.machine
    path = machine.root / CONFIG
    right = path.read_text()
    path.write_text(right.replace("chunk_seconds", "chunk_second"))
    machine.run("systemctl", "restart", "--no-block", UNIT)
    wait_for("the mistake is named", lambda: "did you mean chunk_seconds?" in machine.journal(UNIT))
    path.write_text(right)
    wait_for("it records", service.is_recording)


def test_uninstall_keeps_the_recordings_and_purge_removes_them(service: Service) -> None:
    machine = service.machine
    kept = machine.root / SPOOL
    assert "Kept" in machine.run(AGENT, "--lang", "en", "uninstall")
    assert machine.show(UNIT, "LoadState") == "not-found"
    assert (kept / "ledger.db").is_file()
    (kept / "outbox" / "unsent.ogg").write_bytes(b"")
    refused = machine.run("sh", "-c", f"{AGENT} --lang en uninstall --purge </dev/null", check=False)
    assert "never delivered: " in refused
    assert kept.is_dir()
    machine.run(AGENT, "uninstall", "--purge", "--yes")
    assert not kept.exists()
    assert "recorder-agent" not in (machine.root / "etc/passwd").read_text()
    machine.run(AGENT, "uninstall", "--purge", "--yes")
