"""The network at the server's door: who answers, its clock, its certificate."""

import socket
import ssl
from urllib.parse import urlsplit

from recorder.check.context import Context
from recorder.check.probe import OURS, ROUTE, TIMEOUT_S, Probe, Unreachable, look, portal_of
from recorder.check.result import Result, Step, Values, fail, ok, skip, warn
from recorder.config.config_keys import is_plain_http
from recorder.upload.api_client import trusted_by

CLOCK_WARN_S = 2.0
CLOCK_FAIL_S = 60.0
EXPIRES_SOON_DAYS = 14
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
        if address.startswith("https:") and (where := portal_of(address, context.clock)):
            return fail(Step.SERVER, "portal", where=where)
        return fail(Step.SERVER, error.how, url=address, message=str(error))
    if context.probe.status in (500, 502, 504) or (context.probe.status == 503 and context.probe.kind != OURS):
        return fail(Step.SERVER, "down", url=address, status=context.probe.status)
    return ok(Step.SERVER, "answers", url=address)


def server_clock(context: Context) -> Result:
    """Chunks carry the server's time anyway; but a clock far off breaks TLS, and the schedule until first contact."""
    seen = _seen(context)
    if not seen.is_api:  # A portal's clock may well say 1970.
        return skip(Step.SERVER_CLOCK, "stranger")
    error_s = seen.error_s
    if error_s is None:
        return skip(Step.SERVER_CLOCK, "no_date")
    context.clock_error_s = error_s
    said: Values = {"error_s": round(error_s, 1), "off": round(abs(error_s))}
    if abs(error_s) > CLOCK_FAIL_S:
        return fail(Step.SERVER_CLOCK, "ahead" if error_s > 0 else "behind", **said)
    return (warn if abs(error_s) > CLOCK_WARN_S else ok)(
        Step.SERVER_CLOCK, "drifted" if abs(error_s) > CLOCK_WARN_S else "same", **said
    )


def portal(context: Context) -> Result:
    """It is our server that answers, not the page of a guest network, nor somebody else's site."""
    seen, address = _seen(context), context.config.ingest_base_url
    if seen.elsewhere:
        where = seen.elsewhere.removesuffix("/").removesuffix(ROUTE)
        return fail(Step.PORTAL, "portal" if seen.leads_away_from(address) else "moved", where=where, url=address)
    if seen.is_api:
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
        trusted = trusted_by(context.config.ca_file)
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


def _seen(context: Context) -> Probe:
    if context.probe is None:
        raise LookupError("the step server has not run")
    return context.probe


def _untrusted(context: Context, error: ssl.SSLCertVerificationError, host: str) -> Result:
    key = _CODES.get(error.verify_code, "other")
    if key in ("expired", "not_yet") and abs(context.clock_error_s or 0.0) > CLOCK_FAIL_S:
        return fail(Step.TLS, "clock", off=round(abs(context.clock_error_s or 0.0)))
    return fail(Step.TLS, key, host=host, message=error.verify_message)
