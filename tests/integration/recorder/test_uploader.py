"""Every row of the retry table through the real uploader, a real spool and a real server: nothing delivered twice,
nothing lost."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from stub_server import Receipt, Reply, StubServer, running
from till import Till

from recorder.chunk import Chunk
from recorder.fate import ChunkState
from recorder.upload.upload_form import form

HTML = b"<html><title>Guest Wi-Fi</title></html>"
Open = Callable[..., tuple[StubServer, Till]]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """A server with that script, and a till that uploads to it."""
    with ExitStack() as stack:

        def start(script: object = (), then: Reply | Receipt | None = None, **till: object) -> tuple[StubServer, Till]:
            server = stack.enter_context(running(StubServer(script, then)))  # type: ignore[arg-type]
            made = Till(tmp_path / "spool", server.url, **till)  # type: ignore[arg-type]
            stack.callback(made.close)
            return server, made

        yield start


def assert_each_arrived_once(server: StubServer, till: Till, chunks: list[Chunk]) -> None:
    assert sorted(server.received_files()) == sorted(till.content(chunk) for chunk in chunks)
    assert {till.state(chunk) for chunk in chunks} == {ChunkState.DELIVERED}
    assert {path.stem for path in till.spool.folders.acked.glob("*.ogg")} == {chunk.key for chunk in chunks}
    assert list(till.spool.folders.outbox.iterdir()) == []


FAULTS = [
    *(Reply(status, {"detail": "later"}) for status in (408, 425, 429, 500, 502, 503, 504, 507)),
    *(Reply(status, HTML) for status in (429, 500, 502, 503, 504, 511)),
    Reply(503, {"detail": "busy"}, {"Retry-After": "0"}),
    Reply(429, b"", {"Retry-After": "nonsense"}),
    *(Reply(status, None, {"Location": "http://127.0.0.1:9/login"}) for status in (301, 302, 303, 307, 308)),
    *(Reply(status) for status in (201, 202, 204, 304)),
    Reply(200, HTML),
    Reply(200, b""),
    Reply(200, {"status": "error"}),
    Reply(200, {"status": "ok"}),
    Receipt(sha256="ab" * 32),
    *(Reply(manner=manner) for manner in ("hang", "close", "reset", "half", "trickle", "endless", "close_early")),  # type: ignore[arg-type]
    *(Reply(status, HTML) for status in (400, 403, 413)),
    Reply(400, {"code": "body_incomplete", "detail": "send it again"}),
    Reply(422, {"code": "sha256_mismatch", "detail": "send it again"}),
    *(Reply(status, {"detail": "no"}) for status in (401, 404, 402, 405, 406, 407, 410, 431, 451)),
    *(Reply(status, HTML) for status in (401, 404, 407)),
]


def name_of(fault: Reply | Receipt) -> str:
    if isinstance(fault, Receipt):
        return "receipt-of-other-bytes"
    kind = "html" if fault.body == HTML else "json" if fault.body else "empty"
    return f"{fault.status}-{kind}" if fault.manner == "answer" else fault.manner


@pytest.mark.parametrize("fault", FAULTS, ids=name_of)
def test_whatever_the_server_says_first_each_chunk_arrives_once_and_none_is_lost(
    opened: Open, fault: Reply | Receipt
) -> None:
    server, till = opened([fault])
    chunks = [till.record(), till.record()]
    till.steps(1)
    if isinstance(fault, Receipt):
        server.acknowledged.clear()  # what the server claims to have is not ours
    assert {till.state(chunk) for chunk in chunks} == {ChunkState.WAITING}
    till.upload_all()
    assert_each_arrived_once(server, till, chunks)
    assert till.uploader.uploads.upload_errors_total == 1
    assert till.uploader.uploads.uploaded_total == 2


@pytest.mark.parametrize("status", [400, 403, 409, 413, 415, 422])
@pytest.mark.parametrize("body", [{"code": "not_audio", "detail": "no"}, {"detail": "no"}])
def test_one_refused_file_is_set_aside_with_its_answer_and_the_others_go_on(
    opened: Open, status: int, body: dict[str, str]
) -> None:
    server, till = opened([Reply(status, body)])
    refused, fine = till.record(), till.record()
    till.upload_all()
    assert (till.state(refused), till.state(fine)) == (ChunkState.QUARANTINED, ChunkState.DELIVERED)
    answer = json.loads((till.spool.folders.quarantine / f"{refused.key}.answer.json").read_text())
    assert answer["status"] == status
    assert json.loads(answer["answer"]) == body
    assert till.content(refused).startswith(b"OggS")
    assert server.received_files() == [till.content(fine)]


@pytest.mark.parametrize(("status", "code"), [(422, "sha256_mismatch"), (400, "body_incomplete")])
def test_a_file_that_arrives_damaged_twice_is_set_aside(opened: Open, status: int, code: str) -> None:
    server, till = opened([Reply(status, {"code": code, "detail": "again"})] * 2)
    chunk = till.record()
    till.upload_all()
    assert till.state(chunk) is ChunkState.QUARANTINED
    assert len(server.uploads) == 2


@pytest.mark.parametrize("status", [401, 404])
def test_refused_credentials_stop_all_uploads_and_keep_everything(opened: Open, status: int) -> None:
    server, till = opened(then=Reply(status, {"detail": "no"}))
    chunks = [till.record() for _ in range(5)]
    till.steps(5)
    assert len(server.uploads) == 1
    assert {till.state(chunk) for chunk in chunks} == {ChunkState.WAITING}
    assert till.uploader.uploads.paused_by == status
    server.then = Receipt()
    till.upload_all()
    assert_each_arrived_once(server, till, chunks)
    assert till.uploader.uploads.paused_by is None


def test_a_captive_portal_that_answers_everything_takes_nothing_away(opened: Open) -> None:
    for reply in (Reply(200, HTML), Reply(403, HTML), Reply(302, None, {"Location": "http://portal.example/"})):
        server, till = opened(then=reply)
        chunks = [till.record() for _ in range(3)]
        till.upload_until(lambda server=server: len(server.uploads) >= 6)  # type: ignore[misc]
        assert {till.state(chunk) for chunk in chunks} == {ChunkState.WAITING}
        server.then = Receipt()
        till.upload_all()
        till.close()


def test_a_proxy_that_lets_all_but_one_file_through_is_believed_in_the_end(opened: Open) -> None:
    server, till = opened()
    big, small = till.record(), [till.record() for _ in range(3)]
    server.script = [Reply(413, HTML), Receipt(), Receipt(), Receipt(), Reply(413, HTML), Reply(413, HTML)]
    server.then = Reply(413, HTML)
    till.upload_all()
    assert till.state(big) is ChunkState.QUARANTINED
    assert {till.state(chunk) for chunk in small} == {ChunkState.DELIVERED}


def test_a_chunk_carries_the_eight_fields_of_the_original_and_three_more(opened: Open) -> None:
    server, till = opened()
    chunk = till.record()
    start_ms, end_ms = till.timekeeper.stamp(chunk)
    till.upload_all()
    [arrived] = server.uploads
    assert arrived.fields == form(chunk, start_ms, end_ms)
    original = {"point_id", "register_id", "device_id", "start_ts", "end_ts", "codec", "sample_rate", "channels"}
    assert set(arrived.fields) == original | {"session_id", "seq", "sha256"}
    assert (arrived.token, arrived.fields["seq"], end_ms - start_ms) == (till.token, "0", 60_000)


def test_a_server_of_the_original_product_that_names_no_bytes_is_served(opened: Open) -> None:
    server, till = opened(then=Receipt(sha256=""))
    chunks = [till.record() for _ in range(3)]
    till.upload_all()
    assert_each_arrived_once(server, till, chunks)


@pytest.mark.parametrize("damage", [b"OggS chunk 0 of anoth", b""])
def test_a_file_that_is_not_what_was_recorded_is_not_sent(opened: Open, damage: bytes) -> None:
    server, till = opened()
    chunk, fine = till.record(), till.record()
    till.spool.path(chunk).write_bytes(damage)
    till.upload_all()
    assert (till.state(chunk), till.state(fine)) == (ChunkState.MISSING, ChunkState.DELIVERED)
    assert till.content(chunk) == damage
    assert len(server.uploads) == 1


def test_a_file_that_is_gone_is_accounted_for(opened: Open) -> None:
    server, till = opened()
    chunk = till.record()
    till.spool.path(chunk).unlink()
    till.upload_all()
    assert till.state(chunk) is ChunkState.MISSING
    assert server.uploads == []


def test_a_lost_answer_costs_a_second_upload_under_the_same_identity(opened: Open) -> None:
    server, till = opened([Reply(manner="close")])
    till.record()
    till.upload_all()
    first, again = (replace(arrived, at_s=0.0).fields for arrived in server.uploads)
    assert (first["session_id"], first["seq"]) == (again["session_id"], again["seq"])


def test_what_may_not_be_sent_stays_and_holds_nothing_up(opened: Open) -> None:
    server, till = opened(may_send=lambda chunk, start_ms, end_ms: chunk.seq != 0)
    kept, fine = till.record(), till.record()
    till.upload_until(lambda: till.state(fine) is ChunkState.DELIVERED)
    till.steps(3)
    assert till.state(kept) is ChunkState.WAITING
    assert len(server.uploads) == 1
