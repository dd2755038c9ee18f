"""The check against servers that are wrong in each way it knows: the right line and remedy, in both languages."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from check_bench import context_in, run_steps
from check_server import NETWORK, Authority, Front, assert_says, check, make_authority, serving

from recorder.check import probe
from recorder.check.result import State, Step

YEAR_S = 365 * 86_400


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("ca") / "shop")


def test_a_private_authority_is_trusted_once_it_is_named(tmp_path: Path, authority: Authority) -> None:
    with serving(Front(), authority.issue()) as url:
        unnamed = check(tmp_path, url)[Step.TLS]
        results = check(tmp_path, url, ca_file=authority.file)

    assert_says(
        unnamed,
        State.FAIL,
        "unknown_ca",
        ("authority that is not known", "ca_file:"),
        ("неизвестным центром", "ca_file:"),
    )
    assert (results[Step.TLS].state, results[Step.UPLOAD].state) == (State.OK, State.OK)


def test_an_expired_certificate_is_the_server_s_fault_while_the_clocks_agree(
    tmp_path: Path, authority: Authority
) -> None:
    with serving(Front(), authority.issue(end="20260101000000Z")) as url:
        results = check(tmp_path, url, ca_file=authority.file)

    assert_says(results[Step.TLS], State.FAIL, "expired", ("has expired", "renew"), ("истёк", "обновить"))
    assert results[Step.TOKEN].key == "because"


def test_a_certificate_of_another_name_asks_for_the_right_address(tmp_path: Path, authority: Authority) -> None:
    with serving(Front(), authority.issue("DNS:audio.example.com")) as url:
        results = check(tmp_path, url, ca_file=authority.file)

    assert_says(
        results[Step.TLS],
        State.FAIL,
        "wrong_name",
        ("not for 127.0.0.1", "ingest_base_url"),
        ("не для", "ingest_base_url"),
    )


@pytest.mark.parametrize(
    ("clock_error_s", "validity", "key"),
    [
        (-2 * YEAR_S, {"end": "20260101000000Z"}, "ahead"),
        (20 * YEAR_S, {"start": "20400101000000Z", "end": "20480101000000Z"}, "behind"),
    ],
)
def test_a_wrong_clock_is_named_as_the_reason_why_the_certificate_fails(
    tmp_path: Path, authority: Authority, clock_error_s: float, validity: dict[str, str], key: str
) -> None:
    with serving(Front(clock_error_s=clock_error_s), authority.issue(**validity)) as url:
        results = check(tmp_path, url, ca_file=authority.file)

    directions = {"ahead": ("is ahead of", "спешат"), "behind": ("is behind", "отстают")}
    english, russian = directions[key]
    assert_says(
        results[Step.SERVER_CLOCK], State.FAIL, key, (english, "timedatectl set-ntp"), (russian, "timedatectl set-ntp")
    )
    assert_says(
        results[Step.TLS], State.FAIL, "clock", ("only because", "set the clock"), ("только потому", "верное время")
    )


@pytest.mark.parametrize(("clock_error_s", "state"), [(0.0, State.OK), (20.0, State.WARN), (-300.0, State.FAIL)])
def test_the_clock_is_compared_with_the_server_s(tmp_path: Path, clock_error_s: float, state: State) -> None:
    with serving(Front(clock_error_s=clock_error_s)) as url:
        result = check(tmp_path, url)[Step.SERVER_CLOCK]

    assert result.state is state
    assert result.values["error_s"] == pytest.approx(-clock_error_s, abs=2.0)


def test_a_server_that_tells_no_time_is_no_fault(tmp_path: Path) -> None:
    with serving(Front(has_date=False)) as url:
        results = check(tmp_path, url)

    assert results[Step.SERVER_CLOCK].state is State.SKIP
    assert results[Step.UPLOAD].state is State.OK


@pytest.mark.parametrize(
    ("front", "key"),
    [
        (Front(get=(302, b""), location="http://login.hotel.example/?next=1"), "portal"),
        (Front(get=(200, b"<html>Accept our terms</html>")), "page"),
        (Front(get=(511, b"<html>Log in</html>")), "page"),
    ],
)
def test_a_captive_portal_is_recognised_and_never_gets_the_token(
    tmp_path: Path, authority: Authority, front: Front, key: str
) -> None:
    for tls in (None, authority.issue("DNS:login.hotel.example")):
        with serving(front, tls) as url:
            results = check(tmp_path, url)
        assert_says(results[Step.PORTAL], State.FAIL, key, ("guest network's", "log in"), ("гостевой сети", "войдите"))
        assert (results[Step.SERVER_CLOCK].key, results[Step.TLS].key) == ("stranger", "because")
    assert front.tokens == []


def test_a_portal_that_only_blocks_https_is_found_on_plain_http(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    front = Front(get=(302, b""), location="http://login.hotel.example/")
    with serving(front) as portal:
        monkeypatch.setattr(probe, "HTTP_PORT", int(portal.rpartition(":")[2]))
        result = check(tmp_path, "https://127.0.0.1:9")[Step.SERVER]

    assert_says(result, State.FAIL, "portal", ("login.hotel.example", "log in"), ("login.hotel.example", "войдите"))


def test_a_redirect_of_the_server_itself_gives_the_address_to_write(tmp_path: Path) -> None:
    front = Front(get=(301, b""), location="https://127.0.0.1/api/v1/chunks")
    with serving(front) as url:
        result = check(tmp_path, url)[Step.PORTAL]

    assert_says(
        result, State.FAIL, "moved", ("on to https://127.0.0.1", "ingest_base_url"), ("на https://127.0.0.1", "впишите")
    )


@pytest.mark.parametrize("body", [b"<html>not found</html>", {"detail": "Not Found"}])
def test_another_site_s_404_is_a_wrong_address(tmp_path: Path, body: bytes) -> None:
    with serving(Front(get=(404, body), kind="application/json")) as url:
        assert check(tmp_path, url)[Step.PORTAL].key == "other_site"


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_proxy_in_front_of_a_dead_server_is_a_dead_server(tmp_path: Path, status: int) -> None:
    with serving(Front(get=(status, b"<html>Bad Gateway</html>"))) as url:
        results = check(tmp_path, url)

    assert_says(results[Step.SERVER], State.FAIL, "down", (str(status), "wait"), (str(status), "подождите"))


def test_a_closed_port_a_wrong_scheme_and_a_silent_server_are_told_apart(
    tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "TIMEOUT_S", 0.5)
    with serving(Front()) as plain, serving(Front(), authority.issue()) as secure, _silent() as silent:
        found = {
            name: check(tmp_path, url)[Step.SERVER].key
            for name, url in {
                "closed": "http://127.0.0.1:9",
                "plain": plain.replace("http:", "https:"),
                "secure": secure.replace("https:", "http:"),
                "silent": silent,
            }.items()
        }

    assert found == {"closed": "refused", "plain": "not_tls", "secure": "cut", "silent": "silent"}


def test_a_ca_file_that_went_bad_is_named(tmp_path: Path, authority: Authority) -> None:
    named = tmp_path / "ca.pem"
    named.write_bytes(authority.file.read_bytes())
    with serving(Front(), authority.issue()) as url:
        context = context_in(tmp_path, ingest_base_url=url, ca_file=named)
        named.write_text("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n", encoding="ascii")
        result = run_steps(context, *NETWORK)[Step.TLS]

    assert_says(result, State.FAIL, "ca_file", (str(named), "PEM"), (str(named), "PEM"))


@contextmanager
def _silent() -> Iterator[str]:
    """Takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        accepted: list[socket.socket] = []
        thread = threading.Thread(target=lambda: accepted.append(listener.accept()[0]))
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(10)
        for connection in accepted:
            connection.close()
