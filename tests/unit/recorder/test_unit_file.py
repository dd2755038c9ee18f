"""What `install` writes."""

from pathlib import Path

import pytest

from recorder.service.install import JOURNAL, SYSUSERS, UNIT, Place, contents, unit
from recorder.service.places import CONFIG
from recorder.service.system import InstallError

COMMAND = ("/opt/recorder-agent/bin/recorder-agent",)


def _lines(place: Place) -> set[str]:
    return set(unit(place).splitlines())


def test_the_unit_starts_this_installation() -> None:
    assert f"ExecStart={COMMAND[0]} run" in _lines(Place(COMMAND))


def test_another_configuration_is_named_to_the_agent() -> None:
    assert f"ExecStart={COMMAND[0]} run -c /etc/till.yaml" in _lines(Place(COMMAND, config=Path("/etc/till.yaml")))


def test_the_service_promises_what_the_agent_keeps() -> None:
    wanted = {"Type=notify", "Restart=always", "User=recorder-agent", "SupplementaryGroups=audio", "WatchdogSec=60"}
    assert wanted | {"TimeoutStopSec=20", "DeviceAllow=char-alsa rw"} <= _lines(Place(COMMAND))


def test_nothing_is_left_to_be_filled_in() -> None:
    assert not any(
        "@" in text.replace("@system-service", "").replace("~@privileged @resources", "")
        for text in contents(Place(COMMAND)).values()
    )


def test_a_spool_on_another_disk_is_writable_and_waited_for() -> None:
    lines = _lines(Place(COMMAND, spool=Path("/mnt/ssd/spool")))
    assert {"ReadWritePaths=-/mnt/ssd/spool", "RequiresMountsFor=/mnt/ssd/spool"} <= lines


def test_homes_are_out_of_sight_unless_the_program_lies_there() -> None:
    assert "ProtectHome=yes" in _lines(Place(COMMAND))
    assert "ProtectHome=read-only" in _lines(Place(("/home/pi/venv/bin/recorder-agent",)))


@pytest.mark.parametrize("name", ["/opt/my recorder/agent", "/opt/50%/agent", '/opt/"x"/agent', "/opt/$HOME/agent"])
def test_a_path_that_systemd_would_read_otherwise_is_refused(name: str) -> None:
    with pytest.raises(InstallError, match="without spaces"):
        unit(Place((name,)))


def test_user_and_journal_limits_are_declared() -> None:
    written = contents(Place(COMMAND))
    assert written.keys() == {UNIT, SYSUSERS, JOURNAL}
    assert "m recorder-agent audio" in written[SYSUSERS]
    assert "SystemMaxUse=100M" in written[JOURNAL]


def test_an_image_has_the_same_paths_below_its_root() -> None:
    place = Place(COMMAND, root=Path("/mnt/image"))
    assert place.at(CONFIG) == Path("/mnt/image/etc/recorder-agent/config.yaml")
    assert not place.is_live
