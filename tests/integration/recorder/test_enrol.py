"""`recorder-agent enrol`: to the real server, and to servers that refuse, are away or are no servers of ours."""

import asyncio
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from recorder.cli import main
from recorder.config import config
from tests.integration.recorder.stub_server import Reply, StubServer, certificate, running
from tests.integration.shop import ADMIN, Shop

CODE = "ABCD-EFGH-JKMN"
PLACE = {
    "point_id": str(uuid4()),
    "register_id": str(uuid4()),
    "device_id": str(uuid4()),
    "point_name": "Corner",
    "register_name": "Till 1",
    "zone": "Europe/Belgrade",
    "language": "en",
    "opening_hours": {},
    "server_time": "2026-05-31T10:00:00Z",
}


def _enrol(path: Path, server: str, *more: str, code: str = CODE) -> int:
    return main(["--lang", "en", "enrol", code, "--server", server, "-c", str(path), "--no-check", *more])


def _asked(path: Path, reply: Reply, code: str = CODE) -> tuple[int, StubServer]:
    with running(StubServer(heartbeat=reply)) as stub:
        return _enrol(path, stub.url, code=code), stub


def _problem(status: int, code: str, **headers: str) -> Reply:
    return Reply(status, {"code": code, "detail": "So it is.", "status": status}, headers)


async def test_a_code_of_the_real_server_becomes_a_configuration_whose_token_uploads(
    shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, server = tmp_path / "config.yaml", str(shop.client.base_url)
    body = {"point_id": str(shop.device.point_id), "count": 1}
    answer = await shop.client.post("/api/v1/admin/enrolment-codes", headers=ADMIN, json=body)
    code = answer.json()["items"][0]["code"]

    assert await asyncio.to_thread(_enrol, path, server, code=code.lower()) == 0
    written = config.load(path, {})
    assert path.stat().st_mode & 0o777 == 0o600
    assert (written.point_id, written.ingest_base_url) == (str(shop.device.point_id), server.rstrip("/"))
    assert (written.timezone, written.schedule_start, written.schedule_end) == ("Europe/Belgrade", "08:00", "22:00")
    headers = {"Authorization": f"Bearer {written.ingest_token}"}
    fields = shop.device.fields(point_id=written.point_id, register_id=written.register_id, device_id=written.device_id)
    files = {"chunk_file": ("chunk.ogg", shop.audio, "audio/ogg")}
    assert (await shop.client.post("/api/v1/chunks", headers=headers, data=fields, files=files)).status_code == 200
    assert "Till 1" in capsys.readouterr().out

    assert await asyncio.to_thread(_enrol, tmp_path / "other" / "config.yaml", server, code=code) == 1
    assert "used by another recorder" in capsys.readouterr().err


def test_the_token_is_on_the_disk_before_the_server_is_asked_and_survives_a_lost_answer(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    with running(StubServer(heartbeat=Reply(manner="close"))) as stub:
        assert _enrol(path, stub.url) == 1
        kept = tmp_path / "enrolling.json"
        assert (kept.stat().st_mode & 0o777, path.exists()) == (0o600, False)
        stub.heartbeat = Reply(200, PLACE)
        assert _enrol(path, stub.url, code="abcdefghjkmn") == 0
        first, second = (arrived.document for arrived in stub.others)
    assert first["token_plain"] == second["token_plain"] == config.load(path, {}).ingest_token
    assert len(first["token_plain"]) == 48
    assert first["code"] == "ABCDEFGHJKMN"
    assert not kept.exists()


def test_another_code_gets_another_token(tmp_path: Path) -> None:
    with running(StubServer(heartbeat=Reply(503))) as stub:
        _enrol(tmp_path / "config.yaml", stub.url)
        _enrol(tmp_path / "config.yaml", stub.url, code="ABCD-EFGH-JKMP")
        tokens = {arrived.document["token_plain"] for arrived in stub.others}
    assert len(tokens) == 2


def test_the_configuration_before_is_kept_as_bak_and_its_own_settings_live_on(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("audio: {audio_device: 'hw:1,0'}\nnonsense: 1\n")
    assert _asked(path, Reply(200, PLACE))[0] == 0
    assert config.load(path, {}).audio_device == "hw:1,0"
    assert path.with_name("config.yaml.bak").read_text() == "audio: {audio_device: 'hw:1,0'}\nnonsense: 1\n"


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (_problem(404, "code_unknown"), "does not know this code, or it has expired"),
        (_problem(409, "code_used"), "used by another recorder"),
        (_problem(429, "too_many_attempts", **{"Retry-After": "90"}), "try again in 90 s"),
        (_problem(409, "conflict"), "So it is."),
        (_problem(422, "field_invalid"), "So it is."),
        (Reply(503), "trouble of its own (503)"),
        (Reply(404, {"detail": "Not Found"}), "no SalesControl server that can enrol (404)"),
        (Reply(200, b"<html>Welcome to our WLAN</html>"), "no SalesControl server that can enrol (200)"),
        (Reply(302, headers={"Location": "http://portal"}), "no SalesControl server that can enrol (302)"),
        (Reply(401), "no SalesControl server that can enrol (401)"),
        (Reply(manner="reset"), "cannot be reached"),
    ],
)
def test_each_refusal_says_what_to_do_and_writes_no_configuration(
    reply: Reply, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _asked(tmp_path / "config.yaml", reply)[0] == 1
    errors = capsys.readouterr().err
    assert said in errors
    assert json.loads((tmp_path / "enrolling.json").read_text())["token"] not in errors
    assert not (tmp_path / "config.yaml").exists()


@pytest.mark.parametrize("code", ["ABCD", "ABCD-EFGH-JKMU", "ABCD-EFGH-JKMN-P", ""])
def test_what_is_no_code_is_refused_before_the_server_is_asked(
    code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exit_code, stub = _asked(tmp_path / "config.yaml", Reply(200, PLACE), code)
    assert (exit_code, stub.others) == (2, [])
    assert "is no enrolment code" in capsys.readouterr().err


def test_a_server_that_is_no_address_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _enrol(tmp_path / "config.yaml", "audio.example.com") == 2
    assert "https://audio.example.com" in capsys.readouterr().err


def test_nobody_at_the_address_is_said_with_the_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with running(StubServer()) as stub:
        gone = stub.url
    assert _enrol(tmp_path / "config.yaml", gone) == 1
    assert "nothing listens" in capsys.readouterr().err


def test_a_private_authority_is_trusted_by_its_file_which_is_kept_beside_the_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, tls = tmp_path / "etc" / "config.yaml", certificate(tmp_path)
    with running(StubServer(heartbeat=Reply(200, PLACE)), tls) as stub:
        assert _enrol(path, stub.url) == 1
        assert "--ca-file" in capsys.readouterr().err
        assert _enrol(path, stub.url, "--ca-file", str(tls[0])) == 0
    kept = config.load(path, {}).ca_file
    assert kept == path.parent / "ca.pem"
    assert kept.read_bytes() == tls[0].read_bytes()


def test_a_folder_that_cannot_be_made_is_said_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    path: Any = tmp_path / "file" / "config.yaml"
    assert _asked(path, Reply(200, PLACE))[0] == 1
    assert str(tmp_path / "file") in capsys.readouterr().err
