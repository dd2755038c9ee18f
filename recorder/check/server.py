"""The network from the server's door on: who answers, its clock, its certificate, our token, a test upload."""

import hashlib
import socket
import ssl
import subprocess
import time
import uuid
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import httpx

from recorder.check.context import Context
from recorder.check.probe import ROUTE, TIMEOUT_S, Unreachable, look
from recorder.check.result import Result, Step, Values, fail, ok, skip, warn
from recorder.config_keys import is_plain_http

CLOCK_WARN_S = 2.0
CLOCK_FAIL_S = 60.0
EXPIRES_SOON_DAYS = 14
TEST_S = 2
_OURS = "application/problem+json"
_CODES = {
    10: "expired",
    9: "not_yet",
    62: "wrong_name",
    64: "wrong_name",
    2: "unknown_ca",
    18: "unknown_ca",
    19: "unknown_ca",
    20: "unknown_ca",
    21: "unknown_ca",
}
"""X509_V_ERR_* of openssl/x509_vfy.h"""


def server(context: Context) -> Result:
    """Somebody answers; leaves what was seen."""
    address = context.config.ingest_base_url
    try:
        context.probe = look(address, context.clock)
    except Unreachable as error:
        return fail(Step.SERVER, error.how, url=address, message=str(error))
    if context.probe.status in (500, 502, 504) or (context.probe.status == 503 and context.probe.kind != _OURS):
        return fail(Step.SERVER, "down", url=address, status=context.probe.status)
    return ok(Step.SERVER, "answers", url=address)


def server_clock(context: Context) -> Result:
    """Chunks carry the server's time anyway; but a clock far off breaks TLS, and the schedule until first contact."""
    error_s = context.probe.error_s if context.probe else None
    if error_s is None:
        return skip(Step.SERVER_CLOCK, "no_date")
    context.clock_error_s = error_s
    said: Values = {"error_s": round(error_s, 1), "off": _duration(abs(error_s))}
    if abs(error_s) > CLOCK_FAIL_S:
        return fail(Step.SERVER_CLOCK, "ahead" if error_s > 0 else "behind", **said)
    return (warn if abs(error_s) > CLOCK_WARN_S else ok)(
        Step.SERVER_CLOCK, "drifted" if abs(error_s) > CLOCK_WARN_S else "same", **said
    )


def portal(context: Context) -> Result:
    """It is our server that answers, not the page of a guest network, nor somebody else's site."""
    seen, address = context.probe, context.config.ingest_base_url
    if seen is None:
        raise LookupError("the step server has not run")
    if seen.elsewhere:
        same = urlsplit(seen.elsewhere).hostname == urlsplit(address).hostname
        where = seen.elsewhere.removesuffix("/").removesuffix(ROUTE)
        return fail(Step.PORTAL, "moved" if same else "portal", where=where, url=address)
    if seen.kind == _OURS or (seen.kind.endswith("json") and seen.status != 404):
        return ok(Step.PORTAL, "ours")
    if seen.status == 404:
        return fail(Step.PORTAL, "other_site", url=address)
    return fail(Step.PORTAL, "page", url=address, status=seen.status)


def tls(context: Context) -> Result:
    """The certificate, as the uploader will check it."""
    parts = urlsplit(context.config.ingest_base_url)
    if parts.scheme == "http":
        plain = is_plain_http(context.config.ingest_base_url)
        return warn(Step.TLS, "plain") if plain else skip(Step.TLS, "local")
    host, port = parts.hostname or "", parts.port or 443
    try:
        trusted = _trusted(context)
    except (OSError, ssl.SSLError) as error:
        return fail(Step.TLS, "ca_file", file=str(context.config.ca_file), message=str(error))
    try:
        with (
            socket.create_connection((host, port), TIMEOUT_S) as raw,
            trusted.wrap_socket(raw, server_hostname=host) as secure,
        ):
            until = ssl.cert_time_to_seconds(str((secure.getpeercert() or {}).get("notAfter")))
    except ssl.SSLCertVerificationError as error:
        return _untrusted(context, error, host)
    except OSError as error:
        return fail(Step.TLS, "broken", message=str(error))
    days = int((until - context.clock.wall_ms() / 1000) / 86_400)
    return (warn if days < EXPIRES_SOON_DAYS else ok)(
        Step.TLS, "expires_soon" if days < EXPIRES_SOON_DAYS else "trusted", days=days, host=host
    )


def token(context: Context) -> Result:
    """An upload without a file: it is refused for that, but only after the token has been accepted. Nothing is stored,
    by our server nor by an original one."""
    try:
        answer = _post(context, {"check": (None, "token")})
    except httpx.HTTPError as error:
        return fail(Step.TOKEN, "cut", message=str(error) or type(error).__name__)
    context.is_ours = _kind(answer) == _OURS
    if answer.status_code in (400, 422):
        return ok(Step.TOKEN, "accepted")
    if answer.status_code in (401, 403):
        code = _problem(answer, "code")
        return fail(Step.TOKEN, code if code in ("device_disabled", "device_replaced") else "unknown")
    return fail(Step.TOKEN, "other", status=answer.status_code, title=_problem(answer, "title"))


def upload(context: Context) -> Result:
    """Two seconds of a tone go the whole way of a chunk; the server checks and discards them."""
    if not context.is_ours:
        return skip(Step.UPLOAD, "original")
    try:
        content = _tone(context)
    except (OSError, subprocess.SubprocessError) as error:
        return fail(Step.UPLOAD, "no_tone", message=str(error))
    sha256, started = hashlib.sha256(content).hexdigest(), time.monotonic()
    fields = {name: (None, text) for name, text in _fields(context, sha256).items()}
    try:
        answer = _post(context, {**fields, "chunk_file": ("check.ogg", content, "audio/ogg")})
    except httpx.HTTPError as error:
        return fail(Step.UPLOAD, "cut", message=str(error) or type(error).__name__)
    said: Values = {"status": answer.status_code, "title": _problem(answer, "title")}
    code = _problem(answer, "code")
    if answer.status_code == 200:
        if _problem(answer, "sha256") != sha256:
            return fail(Step.UPLOAD, "changed")
        return ok(Step.UPLOAD, "arrived", ms=round((time.monotonic() - started) * 1000))
    if answer.status_code == 403:
        return fail(Step.UPLOAD, "ids", **said)
    if answer.status_code in (429, 500, 502, 503, 504):
        return fail(Step.UPLOAD, "disk_low" if code == "disk_low" else "busy", **said)
    return fail(Step.UPLOAD, "refused", detail=_problem(answer, "detail"), **said)


def _untrusted(context: Context, error: ssl.SSLCertVerificationError, host: str) -> Result:
    key = _CODES.get(error.verify_code, "other")
    if key in ("expired", "not_yet") and abs(context.clock_error_s or 0.0) > CLOCK_FAIL_S:
        return fail(Step.TLS, "clock", off=_duration(abs(context.clock_error_s or 0.0)))
    return fail(Step.TLS, key, host=host, message=error.verify_message)


def _trusted(context: Context) -> ssl.SSLContext:
    trusted = ssl.create_default_context()
    if context.config.ca_file:
        trusted.load_verify_locations(context.config.ca_file)
    return trusted


def _post(
    context: Context, files: dict[str, tuple[str | None, str | bytes] | tuple[str, bytes, str]]
) -> httpx.Response:
    bearer = {"Authorization": f"Bearer {context.config.ingest_token}"}
    with httpx.Client(verify=_trusted(context), timeout=TIMEOUT_S) as client:
        return client.post(f"{context.config.ingest_base_url}{ROUTE}", files=files, headers=bearer)


def _fields(context: Context, sha256: str) -> dict[str, str]:
    config = context.config
    end = datetime.fromtimestamp(context.clock.wall_ms() / 1000, UTC)
    return {
        "point_id": config.point_id,
        "register_id": config.register_id,
        "device_id": config.device_id,
        "start_ts": (end - timedelta(seconds=TEST_S)).isoformat(),
        "end_ts": end.isoformat(),
        "codec": "opus",
        "sample_rate": str(config.sample_rate),
        "channels": "1",
        "session_id": str(uuid.uuid4()),
        "seq": "0",
        "sha256": sha256,
        "dry_run": "true",
    }


def _tone(context: Context) -> bytes:
    """Encoded as a chunk is."""
    rate, kbps = context.config.sample_rate, context.config.opus_bitrate_kbps
    tone = f"sine=frequency=440:sample_rate={rate}:duration={TEST_S}"
    command = ["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", tone, "-ac", "1", "-c:a", "libopus"]
    command += ["-application", "voip", "-b:a", f"{kbps}k", "-f", "ogg", "-"]
    return subprocess.run(command, capture_output=True, timeout=30, check=True).stdout


def _kind(answer: httpx.Response) -> str:
    return str(answer.headers.get("content-type", "")).partition(";")[0].strip().lower()


def _problem(answer: httpx.Response, name: str) -> str:
    """A field of the JSON answer, empty where it is none."""
    try:
        body = answer.json()
    except ValueError:
        return ""
    return str(body.get(name, "")) if isinstance(body, dict) else ""


def _duration(seconds: float) -> str:
    """In words that both languages share: 3 h 20 min is 3:20:00, days before it."""
    days, rest = divmod(round(seconds), 86_400)
    hours, rest = divmod(rest, 3600)
    clock = f"{hours}:{rest // 60:02}:{rest % 60:02}"
    return f"{days} d {clock}" if days else clock
