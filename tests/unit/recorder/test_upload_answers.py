"""Every answer that an upload can get, and what becomes of the file."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.upload.retry import (
    MAX_RETRY_AFTER_S,
    Answer,
    Backoff,
    Failure,
    History,
    Judgement,
    NoAnswer,
    Verdict,
    judge,
)

SHA256 = "ab" * 32
HTML = b"<html><body>Welcome to the mall's Wi-Fi</body></html>"
BACKOFF = Backoff(2.0, 300.0)
chances = st.floats(0, 1, exclude_max=True)


def judged(status: int, body: object = None, history: History | None = None, **headers: str) -> Judgement:
    content = body if isinstance(body, bytes) else json.dumps(body or {"detail": "no"}).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return judge(Answer(status, named, content), SHA256, history or History())


def receipt(**more: object) -> dict[str, object]:
    return {"status": "ok", "chunk_id": "1", "stored_path": "audio/1.ogg", "queued": True, **more}


@pytest.mark.parametrize("failure", list(Failure))
def test_without_an_answer_the_file_is_tried_again(failure: Failure) -> None:
    judgement = judge(NoAnswer(failure, "in words"), SHA256, History())
    assert (judgement.verdict, judgement.reason, judgement.detail) == (Verdict.RETRY, failure, "in words")


@pytest.mark.parametrize("status", [301, 302, 307, 308, 304, 201, 204, 408, 425, 429, 503])
def test_a_busy_or_redirecting_server_says_nothing_about_the_file(status: int) -> None:
    assert judged(status).verdict is Verdict.RETRY
    assert judged(status, HTML).verdict is Verdict.RETRY


@pytest.mark.parametrize("status", [500, 501, 502, 504, 507, 511, 599])
def test_after_a_server_error_other_files_go_first_and_this_one_is_never_set_aside(status: int) -> None:
    for history in (History(), History(100, others_passed=True)):
        assert judged(status, HTML, history).verdict is Verdict.DOUBT


@pytest.mark.parametrize(
    "status", [401, 404, 402, 405, 406, 407, 410, 411, 412, 414, 416, 418, 421, 426, 428, 431, 451]
)
@pytest.mark.parametrize("body", [{"detail": "no"}, HTML, b""])
def test_wrong_credentials_and_unknown_refusals_keep_everything(status: int, body: object) -> None:
    assert judged(status, body).verdict is Verdict.PAUSE


@pytest.mark.parametrize("status", [400, 403, 409, 413, 415, 422])
@pytest.mark.parametrize("body", [{"code": "not_audio", "detail": "no"}, {"detail": [{"msg": "no"}]}, b""])
def test_a_file_that_the_server_refuses_is_set_aside(status: int, body: object) -> None:
    assert judged(status, body).verdict is Verdict.QUARANTINE


@pytest.mark.parametrize("status", [400, 403, 413])
@pytest.mark.parametrize("body", [HTML, b"Forbidden", b"[]"])
def test_a_refusal_by_a_proxy_is_not_held_against_the_file(status: int, body: bytes) -> None:
    for history in (History(), History(100), History(2, others_passed=True)):
        assert judged(status, body, history).verdict is Verdict.DOUBT


def test_a_proxy_that_refuses_one_file_time_and_again_while_others_pass_is_believed() -> None:
    assert judged(413, HTML, History(3, others_passed=True)).verdict is Verdict.QUARANTINE


@pytest.mark.parametrize(
    ("status", "code"), [(422, "sha256_mismatch"), (400, "body_incomplete"), (400, "malformed_multipart")]
)
def test_a_file_damaged_on_the_way_is_sent_once_more(status: int, code: str) -> None:
    body = {"code": code, "detail": "send it again"}
    assert judged(status, body).verdict is Verdict.DOUBT
    assert judged(status, body, History(1)).verdict is Verdict.QUARANTINE
    assert judged(status, body).reason == f"http_{status}_{code}"


@pytest.mark.parametrize("sha256", [SHA256, SHA256.upper(), None])
def test_a_receipt_of_these_bytes_delivers(sha256: str | None) -> None:
    assert judged(200, receipt(sha256=sha256)).verdict is Verdict.DELIVERED


def test_the_receipt_of_an_original_server_names_no_bytes_and_delivers() -> None:
    assert judged(200, receipt()).verdict is Verdict.DELIVERED


@pytest.mark.parametrize(
    "body",
    [
        receipt(sha256="cd" * 32),
        receipt(sha256=""),
        receipt(sha256=7),
        receipt(status="error"),
        {"status": "ok"},
        {"success": True},
        HTML,
        b"",
        b"null",
        b'{"status": "ok", "chunk_id": "1", "sto',
        b"\xff\xfe\x00",
        b"[" * 100_000,
    ],
)
def test_any_other_200_acknowledges_nothing_however_often_it_comes(body: object) -> None:
    for history in (History(), History(100, others_passed=True)):
        judgement = judge(
            Answer(200, {}, body if isinstance(body, bytes) else json.dumps(body).encode()), SHA256, history
        )
        assert judgement.verdict is Verdict.DOUBT


@given(st.integers(100, 999), st.binary(max_size=50), st.integers(0, 9), st.booleans())
def test_only_a_200_delivers_and_only_the_six_refusals_set_aside(
    status: int, body: bytes, doubts: int, others_passed: bool
) -> None:
    judgement = judge(Answer(status, {}, body), SHA256, History(doubts, others_passed))
    assert judgement.verdict is not Verdict.DELIVERED
    assert judgement.verdict is not Verdict.QUARANTINE or status in {400, 403, 409, 413, 415, 422}


def test_the_redirect_of_a_captive_portal_is_named() -> None:
    judgement = judged(302, location="http://portal.example/login")
    assert (judgement.reason, judgement.detail) == (
        "http_302",
        "redirected to http://portal.example/login; redirects are not followed",
    )


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("7", 7.0),
        (" 120 ", 120.0),
        ("99999999999999999999", MAX_RETRY_AFTER_S),
        ("Tue, 03 Mar 2026 09:00:30 GMT", 30.0),
        ("Tue, 03 Mar 2026 08:00:00 GMT", 0.0),
        ("Wed, 04 Mar 2026 09:00:00 GMT", MAX_RETRY_AFTER_S),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("²", None),
        ("", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date_by_the_servers_own_clock(text: str, seconds: float | None) -> None:
    headers = {"retry-after": text, "date": "Tue, 03 Mar 2026 09:00:00 GMT"}
    assert Answer(503, headers).retry_after_s == seconds
    assert judge(Answer(503, headers), SHA256, History()).retry_after_s == seconds


def test_a_date_without_the_servers_clock_to_read_it_by_says_nothing() -> None:
    assert Answer(503, {"retry-after": "Tue, 03 Mar 2026 09:00:30 GMT"}).retry_after_s is None


@given(st.integers(1, 10_000), chances)
def test_the_wait_lies_between_the_two_limits(failures: int, chance: float) -> None:
    assert 2.0 <= BACKOFF.retry_s(failures, chance) <= 300.0


def test_the_wait_doubles_its_reach_up_to_the_greatest() -> None:
    longest = [round(BACKOFF.retry_s(failures, 1.0)) for failures in range(1, 10)]
    assert longest == [4, 8, 16, 32, 64, 128, 256, 300, 300]


@given(st.integers(1, 100), chances, st.floats(0, MAX_RETRY_AFTER_S))
def test_the_wait_is_never_shorter_than_the_server_asked(failures: int, chance: float, asked_s: float) -> None:
    assert BACKOFF.retry_s(failures, chance, asked_s) >= asked_s


def test_recorders_that_were_told_the_same_return_spread_out() -> None:
    waits = [BACKOFF.retry_s(1, i / 100, 60.0) for i in range(100)]
    assert (min(waits), round(max(waits))) == (60.0, 90)


@given(st.integers(1, 10_000), chances)
def test_a_pause_is_long_but_not_longer_than_the_greatest_wait(pauses: int, chance: float) -> None:
    assert 15.0 <= BACKOFF.pause_s(pauses, chance) <= 300.0
    assert Backoff(0.1, 5.0).pause_s(pauses, chance) <= 5.0
