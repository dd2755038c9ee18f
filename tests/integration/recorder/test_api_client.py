"""The client against a server that misbehaves in every way that HTTP allows."""

import logging
import ssl
import threading
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from time import monotonic
from uuid import uuid4

import pytest
from stub_server import CHUNKS, Receipt, Reply, StubServer, certificate, running

from recorder.chunk import Identity
from recorder.timing.clock import SystemClock
from recorder.upload.api_client import ApiClient, Exchange
from recorder.upload.credentials import Credentials
from recorder.upload.retry import Answer, Failure, NoAnswer

TOKEN = "s3cret" * 6
IDENTITY = Identity(str(uuid4()), str(uuid4()), str(uuid4()))
FIELDS = {"device_id": IDENTITY.device_id, "seq": "7"}
CONTENT = b"OggS" + bytes(range(256)) * 700
SMALL = b"OggS" + bytes(200)
"""A larger one is given more time."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a.ogg"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.ogg"
    path.write_bytes(SMALL)
    return path


@pytest.fixture
def client() -> Iterator[ApiClient]:
    client = ApiClient(SystemClock(), version="1.0")
    yield client
    client.close()


@pytest.fixture
def hasty() -> Iterator[ApiClient]:
    client = ApiClient(SystemClock(), version="1.0", deadline_s=0.3)
    yield client
    client.close()


def upload(client: ApiClient, url: str, path: Path) -> Exchange:
    return client.upload(Credentials(IDENTITY, url, TOKEN), FIELDS, path)


def answered(exchange: Exchange) -> Answer:
    assert isinstance(exchange.answer, Answer)
    return exchange.answer


def failed(exchange: Exchange) -> Failure:
    assert isinstance(exchange.answer, NoAnswer)
    return exchange.answer.failure


def test_a_chunk_arrives_with_its_fields_and_the_token_in_the_header(client: ApiClient, path: Path) -> None:
    with running(StubServer()) as server:
        answer = answered(upload(client, server.url + "/", path))
    [arrived] = server.uploads
    assert (arrived.path, arrived.token, arrived.fields, arrived.file) == (CHUNKS, TOKEN, FIELDS, CONTENT)
    assert arrived.headers["User-Agent"] == "recorder-agent/1.0"
    assert answer.status == 200
    assert answer.json is not None


def test_the_servers_clock_is_read_between_the_end_of_the_request_and_the_answer(client: ApiClient, path: Path) -> None:
    clock = SystemClock()
    with running(StubServer()) as server:
        before = clock.boot_ms()
        exchange = upload(client, server.url, path)
    assert before <= exchange.asked_boot_ms <= exchange.answered_boot_ms <= clock.boot_ms()
    assert exchange.date is not None
    assert abs(parsedate_to_datetime(exchange.date).timestamp() * 1000 - clock.wall_ms()) < 60_000


def test_the_clock_of_a_captive_portal_is_not_believed(client: ApiClient, path: Path) -> None:
    with running(StubServer([Reply(200, b"<html>pay here</html>")])) as server:
        exchange = upload(client, server.url, path)
    assert answered(exchange).headers["date"]
    assert exchange.date is None


def test_a_redirect_is_not_followed(client: ApiClient, path: Path) -> None:
    portal = StubServer()
    with running(portal), running(StubServer([Reply(307, None, {"Location": portal.url + CHUNKS})])) as server:
        assert answered(upload(client, server.url, path)).status == 307
    assert portal.uploads == []


def test_an_answer_given_before_the_whole_body_was_read_is_heard(client: ApiClient, tmp_path: Path) -> None:
    big = tmp_path / "big.ogg"
    big.write_bytes(bytes(8_000_000))
    with running(StubServer([Reply(413, {"detail": "too large"}, manner="close_early")])) as server:
        outcome = upload(client, server.url, big).answer
    # Where the kernel resets the connection before the answer is read, it is lost: then the file is tried again.
    assert outcome.failure is Failure.BROKE_OFF if isinstance(outcome, NoAnswer) else outcome.status == 413


@pytest.mark.parametrize("manner", ["hang", "trickle"])
def test_a_server_that_never_finishes_is_left_after_the_deadline(hasty: ApiClient, small: Path, manner: str) -> None:
    with running(StubServer([Reply(manner=manner)])) as server:  # type: ignore[arg-type]
        started_s = monotonic()
        assert failed(upload(hasty, server.url, small)) is Failure.TIMEOUT
        assert monotonic() - started_s < 15.0
        assert answered(upload(hasty, server.url, small)).status == 200


def test_the_deadline_holds_over_tls_too(small: Path, tmp_path: Path) -> None:
    tls = certificate(tmp_path)
    client = ApiClient(SystemClock(), version="1.0", ca_file=tls[0], deadline_s=0.3)
    with running(StubServer([Reply(manner="trickle")]), tls) as server:
        assert failed(upload(client, server.url, small)) is Failure.TIMEOUT
        assert answered(upload(client, server.url, small)).status == 200
    client.close()


@pytest.mark.parametrize("manner", ["close", "reset", "half"])
def test_a_connection_that_breaks_off_is_told_from_an_answer(client: ApiClient, path: Path, manner: str) -> None:
    with running(StubServer([Reply(body={"status": "ok"}, manner=manner)])) as server:  # type: ignore[arg-type]
        assert failed(upload(client, server.url, path)) is Failure.BROKE_OFF
        assert answered(upload(client, server.url, path)).status == 200


def test_an_endless_answer_is_read_no_further_than_needed(client: ApiClient, path: Path) -> None:
    with running(StubServer([Reply(manner="endless")])) as server:
        assert len(answered(upload(client, server.url, path)).body) == 64 * 1024


def test_a_refused_connection_and_an_unknown_name_are_told_apart(client: ApiClient, path: Path) -> None:
    with running(StubServer()) as server:
        pass
    assert failed(upload(client, server.url, path)) is Failure.REFUSED
    assert failed(upload(client, "http://no-such-host.invalid", path)) is Failure.DNS


def test_a_certificate_is_accepted_only_from_a_known_authority_and_for_its_name(
    client: ApiClient, path: Path, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    cert, other = certificate(tmp_path), certificate(tmp_path / "other", "DNS:another.example")
    knowing = ApiClient(SystemClock(), version="1.0", ca_file=cert[0])
    misled = ApiClient(SystemClock(), version="1.0", ca_file=other[0])
    with running(StubServer(), cert) as server:
        assert failed(upload(client, server.url, path)) is Failure.TLS
        assert failed(upload(misled, server.url, path)) is Failure.TLS
        assert answered(upload(knowing, server.url, path)).status == 200
    with running(StubServer(), other) as elsewhere:
        assert failed(upload(misled, elsewhere.url, path)) is Failure.TLS
    assert [len(server.uploads), len(elsewhere.uploads)] == [1, 0]
    knowing.close()
    misled.close()


def test_tls_with_a_server_that_speaks_none_fails_as_tls(client: ApiClient, path: Path) -> None:
    with running(StubServer()) as server:
        assert failed(upload(client, server.url.replace("http", "https"), path)) is Failure.TLS


def test_a_file_that_holds_no_certificate_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises(ssl.SSLError):
        ApiClient(SystemClock(), version="1.0", ca_file=tmp_path / "ca.pem")


def test_an_upload_is_no_faster_than_the_limit(path: Path) -> None:
    client = ApiClient(SystemClock(), version="1.0", max_upload_kbps=2000)
    with running(StubServer()) as server:
        started_s = monotonic()
        assert answered(upload(client, server.url, path)).status == 200
    assert monotonic() - started_s > 0.9 * (len(CONTENT) - 8192) * 8 / 2_000_000
    client.close()


def test_no_upload_is_longer_than_the_longest_however_slow_its_pace(path: Path) -> None:
    client = ApiClient(SystemClock(), version="1.0", max_upload_kbps=8, longest_s=0.3)
    with running(StubServer()) as server:
        started_s = monotonic()
        assert failed(upload(client, server.url, path)) is Failure.TIMEOUT
        assert monotonic() - started_s < 15.0
    client.close()


@pytest.mark.parametrize("kbps", [None, 8])
def test_a_stop_from_another_thread_ends_the_request_under_way(path: Path, kbps: int | None) -> None:
    client = ApiClient(SystemClock(), version="1.0", max_upload_kbps=kbps)
    with running(StubServer([Reply(manner="hang")])) as server:
        timer = threading.Timer(0.3, client.stop)
        timer.start()
        started_s = monotonic()
        failed(upload(client, server.url, path))
        assert monotonic() - started_s < 15.0
        timer.join()
        failed(upload(client, server.url, path))
    client.close()


def test_the_token_is_in_no_log_no_repr_and_no_error(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    client = ApiClient(SystemClock(), version="1.0")
    for name in (None, "httpx", "httpcore"):  # whatever another test's logs.setup made of them
        caplog.set_level(logging.DEBUG, name)
    credentials = Credentials(IDENTITY, "http://127.0.0.1:9", TOKEN)
    with running(StubServer([Receipt(), Reply(manner="reset"), Reply(401, {"detail": "no"})])) as server:
        said = [repr(upload(client, server.url, path)) for _ in range(3)]
    said += [repr(client.upload(credentials, FIELDS, path)), repr(credentials)]
    assert caplog.text
    assert not [text for text in (caplog.text, *said) if TOKEN in text]
    with pytest.raises(ValueError, match="one word") as wrong:
        Credentials(IDENTITY, "http://127.0.0.1:9", TOKEN + "\n")
    assert TOKEN not in str(wrong.value)
    client.close()
