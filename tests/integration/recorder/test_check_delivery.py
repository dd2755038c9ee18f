"""The check's token and test upload, by what the server says to them."""

from pathlib import Path

import pytest
from check_bench import printed
from check_server import Front, assert_says, check, serving

from recorder.check.result import State, Step


def test_all_is_well_at_a_server_of_ours_and_nothing_but_a_discarded_test_is_sent(tmp_path: Path) -> None:
    front = Front()
    with serving(front) as url:
        results = check(tmp_path, url)

    assert {result.state for result in results.values()} <= {State.OK, State.SKIP}
    assert results[Step.UPLOAD].state is State.OK
    (body,) = front.uploads
    assert b'name="dry_run"\r\n\r\ntrue' in body


def test_an_unknown_token_asks_for_a_code_and_is_not_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with serving(Front()) as url:
        results = check(tmp_path, url, token="stale-secret")

    assert_says(
        results[Step.TOKEN],
        State.FAIL,
        "unknown",
        ("does not know this token", "enrol"),
        ("не знает этот токен", "enrol"),
    )
    assert results[Step.UPLOAD].key == "because"
    shown = "".join(str(printed(list(results.values()), language)) for language in ("en", "ru"))
    assert "stale-secret" not in shown + capsys.readouterr().out + caplog.text


@pytest.mark.parametrize("code", ["device_disabled", "device_replaced"])
def test_a_device_that_is_off_or_replaced_is_told_from_a_wrong_token(tmp_path: Path, code: str) -> None:
    with serving(Front(post=(401, {"code": code, "title": "No"}))) as url:
        assert check(tmp_path, url)[Step.TOKEN].key == code


def test_an_original_server_gets_no_test_that_it_would_keep(tmp_path: Path) -> None:
    front = Front(get=(405, {"detail": "Method Not Allowed"}), post=(422, {"detail": []}), kind="application/json")
    with serving(front) as url:
        results = check(tmp_path, url)

    assert results[Step.TOKEN].state is State.OK
    assert (results[Step.UPLOAD].state, results[Step.UPLOAD].key) == (State.SKIP, "original")
    assert front.uploads == []


@pytest.mark.parametrize(
    ("answer", "state", "key"),
    [
        ((403, {"code": "identity_mismatch", "title": "The ids are not those"}), State.FAIL, "ids"),
        ((422, {"code": "not_audio", "title": "The file is not audio", "detail": "no"}), State.FAIL, "refused"),
        ((503, {"code": "disk_low", "title": "nearly full"}), State.FAIL, "disk_low"),
        ((429, {"code": "overloaded", "title": "Too many"}), State.FAIL, "busy"),
        ((200, {"status": "ok", "sha256": "0" * 64, "queued": False}), State.FAIL, "changed"),
        ((200, b"<html>proxy</html>"), State.FAIL, "changed"),
    ],
)
def test_what_the_server_says_to_the_test_upload_decides_its_remedy(
    tmp_path: Path, answer: tuple[int, bytes], state: State, key: str
) -> None:
    with serving(Front(upload=answer)) as url:
        result = check(tmp_path, url)[Step.UPLOAD]

    assert (result.state, result.key) == (state, key)
