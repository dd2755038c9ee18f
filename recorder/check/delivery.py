"""Inside the server's door: is our token known, and does a chunk arrive. By the client that uploads the chunks."""

import hashlib
import subprocess
import tempfile
import uuid
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from recorder import __version__
from recorder.check.context import Context
from recorder.check.probe import OURS
from recorder.check.result import Result, Step, Values, fail, ok, skip, warn
from recorder.chunk import Chunk, Identity
from recorder.timing.clock import moment
from recorder.upload.api_client import ApiClient, Exchange
from recorder.upload.credentials import Credentials
from recorder.upload.retry import Answer, NoAnswer
from recorder.upload.upload_form import form

TEST_S = 2
TONE_TIMEOUT_S = 60
_OWN_CODES = ("device_disabled", "device_replaced")
_DISK_LOW = "disk_low"


def token(context: Context) -> Result:
    """An upload that is none: both servers look at the token first and then refuse the rest, so nothing is stored."""
    answer = _ask(context, lambda client, credentials: client.post(credentials, "chunks", {})).answer
    if isinstance(answer, NoAnswer):
        return fail(Step.TOKEN, "cut", message=answer.detail)
    context.is_ours = answer.headers.get("content-type", "").startswith(OURS)
    if answer.status in (400, 415, 422):
        return ok(Step.TOKEN, "accepted")
    if answer.status in (401, 403):
        code = _said(answer, "code")
        return fail(Step.TOKEN, code if code in _OWN_CODES else "unknown")
    return fail(Step.TOKEN, "other", status=answer.status, title=_said(answer, "title"))


def upload(context: Context) -> Result:
    """Two seconds of a tone go the whole way of a chunk; the server checks and discards them."""
    if not context.is_ours:
        return skip(Step.UPLOAD, "original")
    with tempfile.TemporaryDirectory(prefix="recorder-check-") as folder:
        path = Path(folder) / "check.ogg"
        try:
            _write_tone(path, context.config.sample_rate, context.config.opus_bitrate_kbps)
        except (OSError, subprocess.SubprocessError) as error:
            return fail(Step.UPLOAD, "no_tone", message=str(error))
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        fields = _fields(context, path, sha256)
        started_ms = context.clock.boot_ms()
        sent = _ask(context, lambda client, credentials: client.upload(credentials, fields, path))
    if isinstance(sent.answer, NoAnswer):
        return fail(Step.UPLOAD, "cut", message=sent.answer.detail)
    return _judged(sent.answer, sha256, sent.answered_boot_ms - started_ms)


def _judged(answer: Answer, sha256: str, took_ms: int) -> Result:
    said: Values = {"status": answer.status, "title": _said(answer, "title")}
    receipt = answer.json or {}
    if answer.status == 200 and receipt.get("sha256") == sha256:
        was_kept = bool(receipt.get("queued") or receipt.get("stored_path"))
        return warn(Step.UPLOAD, "stored") if was_kept else ok(Step.UPLOAD, "arrived", ms=took_ms)
    if answer.status == 200:
        return fail(Step.UPLOAD, "changed")
    if answer.status == 403:
        return fail(Step.UPLOAD, "ids", **said)
    if answer.status == 429 or answer.status >= 500:
        is_full = _said(answer, "code") == _DISK_LOW
        return fail(Step.UPLOAD, "disk_low" if is_full else "busy", **said)
    return fail(Step.UPLOAD, "refused", detail=_said(answer, "detail"), **said)


def _ask(context: Context, request: Callable[[ApiClient, Credentials], Exchange]) -> Exchange:
    config = context.config
    credentials = Credentials(_identity(context), config.ingest_base_url, config.ingest_token)
    with closing(ApiClient(context.clock, version=__version__, ca_file=config.ca_file)) as client:
        return request(client, credentials)


def _fields(context: Context, path: Path, sha256: str) -> dict[str, str]:
    """A chunk's, and the wish that it be discarded."""
    end_ms = context.clock.wall_ms() - round((context.clock_error_s or 0.0) * 1000)
    tone = Chunk(
        session_id=str(uuid.uuid4()),
        seq=0,
        identity=_identity(context),
        start=moment(context.clock),
        length_ms=TEST_S * 1000,
        sample_rate=context.config.sample_rate,
        channels=1,
        size_bytes=path.stat().st_size,
        sha256=sha256,
    )
    return {**form(tone, end_ms - tone.length_ms, end_ms), "dry_run": "true"}


def _identity(context: Context) -> Identity:
    return Identity(context.config.point_id, context.config.register_id, context.config.device_id)


def _write_tone(path: Path, rate: int, kbps: int) -> None:
    """Encoded as a chunk is."""
    tone = f"sine=frequency=440:sample_rate={rate}:duration={TEST_S}"
    command = ["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", tone, "-ac", "1", "-c:a", "libopus"]
    command += ["-application", "voip", "-b:a", f"{kbps}k", str(path)]
    subprocess.run(command, capture_output=True, timeout=TONE_TIMEOUT_S, check=True)


def _said(answer: Answer, name: str) -> str:
    """A field of the JSON answer, empty where it has none."""
    return str((answer.json or {}).get(name, ""))
