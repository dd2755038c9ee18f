"""The network's first steps: in real network namespaces, and in /proc and /sys as a Pi has them."""

import os
import subprocess
from pathlib import Path

import pytest
from check_bench import context_in, printed, run_apart, run_steps

from recorder.check.result import State, Step

STEPS = (Step.LINK, Step.ADDRESS, Step.ROUTE, Step.DNS)
URL = "https://audio.example.com"
WIRELESS = """\
Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE
 face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22
 wlan0: 0000   {quality}.  {level}.  -256        0      0      0      0     12        0
"""


@pytest.fixture(scope="module")
def own_network() -> list[str]:
    """A command that runs another one in a network of its own, which has no link yet."""
    command = ["unshare", "--net", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    tried = subprocess.run(
        [*command, "mount", "-t", "sysfs", "none", "/sys"], capture_output=True, text=True, check=False
    )
    if tried.returncode:
        pytest.skip(f"no network namespaces here: {tried.stderr.strip()}")
    return command


def check_in(network: list[str], folder: Path, setup: str, url: str = URL) -> tuple[dict[str, list[str]], str]:
    return run_apart(network, f"mount -t sysfs none /sys; {setup}", folder, STEPS, ingest_base_url=url)


CABLE = "ip link add eth0 type veth peer name router; ip link set router up"
UP = f"{CABLE}; ip link set eth0 up"


@pytest.mark.parametrize(
    ("setup", "failing", "key", "english", "russian"),
    [
        ("true", Step.LINK, "no_interface", "no network adapter", "адаптера нет"),
        (CABLE, Step.LINK, "down", "plug the network cable in", "вставьте сетевой кабель"),
        (UP, Step.ADDRESS, "none", "gave no address (DHCP)", "не выдал адрес (DHCP)"),
        (f"{UP}; ip addr add 169.254.7.9/16 dev eth0", Step.ADDRESS, "own", "chose 169.254.7.9", "выбрал 169.254.7.9"),
        (f"{UP}; ip addr add 192.168.1.7/24 dev eth0", Step.ROUTE, "none", "no default route", "нет маршрута"),
        (
            f"{UP}; ip addr add 192.168.1.7/24 dev eth0; ip route add default via 192.168.1.1",
            Step.DNS,
            "no_answer",
            "no name server answers",
            "сервер имён (DNS) не отвечает",
        ),
    ],
)
def test_the_first_thing_that_is_missing_is_named_and_the_rest_left_out(
    own_network: list[str], tmp_path: Path, setup: str, failing: Step, key: str, english: str, russian: str
) -> None:
    results, said = check_in(own_network, tmp_path, setup)

    at = STEPS.index(failing)
    assert [results[step][0] for step in STEPS] == ["ok"] * at + ["fail"] + ["skip"] * (len(STEPS) - at - 1)
    assert results[failing][1] == key
    assert english in said
    assert russian in said
    assert all(results[step][1] == "because" for step in STEPS[at + 1 :])


def test_a_server_in_the_same_network_needs_neither_gateway_nor_name_server(
    own_network: list[str], tmp_path: Path
) -> None:
    setup = f"{UP}; ip addr add 192.168.1.7/24 dev eth0"
    results, _ = check_in(own_network, tmp_path, setup, "http://192.168.1.20:8000")

    assert results == {
        Step.LINK: ["ok", "up"],
        Step.ADDRESS: ["ok", "given"],
        Step.ROUTE: ["ok", "direct"],
        Step.DNS: ["skip", "number"],
    }


def test_an_address_of_the_sixth_version_will_do(own_network: list[str], tmp_path: Path) -> None:
    setup = f"{UP}; ip -6 addr add fd00::7/64 dev eth0 nodad; ip -6 route add default via fd00::1"
    results, said = check_in(own_network, tmp_path, setup)

    assert [results[step][0] for step in STEPS] == ["ok", "ok", "ok", "fail"]
    assert "fd00::7" in said


def write_interface(root: Path, name: str, state: str) -> None:
    folder = root / "sys/class/net" / name
    (folder / "device").mkdir(parents=True)
    (folder / "operstate").write_text(f"{state}\n", encoding="ascii")
    (folder / "carrier").write_text(f"{int(state == 'up')}\n", encoding="ascii")
    listed = root / "proc/net/dev"
    listed.parent.mkdir(parents=True, exist_ok=True)
    with listed.open("a", encoding="ascii") as file:
        file.write(f"{name:>6}:  100  1  0  0  0  0  0  0  100  1  0  0  0  0  0  0\n")


@pytest.mark.parametrize(("level", "state"), [(-53, State.OK), (-75, State.OK), (-82, State.WARN), (60, State.OK)])
def test_weak_wi_fi_is_a_warning_and_a_driver_without_decibels_is_none(
    tmp_path: Path, level: int, state: State
) -> None:
    write_interface(tmp_path, "eth0", "down")
    write_interface(tmp_path, "wlan0", "up")
    (tmp_path / "proc/net/wireless").write_text(WIRELESS.format(quality=40, level=level), encoding="ascii")

    (result,) = run_steps(context_in(tmp_path, root=tmp_path, ingest_base_url=URL), Step.LINK).values()

    assert result.state is state
    if state is State.WARN:
        assert "-82 dBm" in printed([result], "ru")["! Подключение к сети"]


def test_a_cable_beside_weak_wi_fi_is_no_warning(tmp_path: Path) -> None:
    write_interface(tmp_path, "eth0", "up")
    write_interface(tmp_path, "wlan0", "up")
    (tmp_path / "proc/net/wireless").write_text(WIRELESS.format(quality=10, level=-88), encoding="ascii")

    (result,) = run_steps(context_in(tmp_path, root=tmp_path, ingest_base_url=URL), Step.LINK).values()

    assert result.state is State.OK


def test_wi_fi_that_waits_for_the_country_is_told_from_a_wrong_password(tmp_path: Path) -> None:
    write_interface(tmp_path, "wlan0", "down")
    switch = tmp_path / "sys/class/rfkill/rfkill0"
    switch.mkdir(parents=True)
    (switch / "type").write_text("wlan\n", encoding="ascii")
    (switch / "soft").write_text("1\n", encoding="ascii")

    (result,) = run_steps(context_in(tmp_path, root=tmp_path, ingest_base_url=URL), Step.LINK).values()

    assert result.key == "wifi_blocked"
    assert "do_wifi_country" in printed([result], "en")["✗ Network link"]


def test_a_tunnel_counts_only_where_there_is_no_hardware(tmp_path: Path) -> None:
    write_interface(tmp_path, "wg0", "up")
    (tmp_path / "sys/class/net/wg0/device").rmdir()
    write_interface(tmp_path, "wlan0", "down")

    (result,) = run_steps(context_in(tmp_path, root=tmp_path, ingest_base_url=URL), Step.LINK).values()

    assert result.key == "down"


def test_a_name_that_does_not_exist_is_a_typing_error_or_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RES_OPTIONS", "timeout:1 attempts:1")
    context = context_in(tmp_path, ingest_base_url="https://no-such-shop.invalid")

    (result,) = run_steps(context, Step.DNS).values()

    assert result.state is State.FAIL
    assert result.key in ("unknown", "no_answer"), "without network no name server can say that it does not exist"
    assert "no-such-shop.invalid" in printed([result], "en")["✗ Server's name (DNS)"]
