"""`enrol`: a code becomes this recorder's configuration; then the check, then the service."""

import argparse
import os
import shutil
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from recorder import __version__, durable
from recorder.check import run_check
from recorder.commands.context import USAGE, CommandError, io_error, language, put
from recorder.config.config import ConfigError, load
from recorder.config.config_keys import KEYS
from recorder.config.config_text import Given, from_yaml
from recorder.service import enrol as enrolment_of
from recorder.service import install
from recorder.service.enrolled_config import Enrolment, text
from recorder.service.places import CONFIG
from recorder.service.system import InstallError
from recorder.timing.clock import SystemClock
from recorder.upload.api_client import ApiClient
from recorder.upload.retry import Answer, NoAnswer
from recorder.wording import Language, say

CA_NAME = "ca.pem"
_PRIVATE, _PUBLIC = 0o600, 0o644


def execute(args: argparse.Namespace) -> int:
    chosen, path = language(args), (args.config or CONFIG).absolute()
    server = _server(args.server, chosen)
    try:
        if _manages_services() and path == CONFIG and not install.UNIT.is_file():
            install.install(install.Place(install.this_command()), is_configured=False)
        path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        attempt = enrolment_of.begin(path.parent, args.code, server)
        with closing(_client(args.ca_file, chosen)) as client:
            enrolment = enrolment_of.ask(attempt, _post(client), __version__)
        _write(path, enrolment, attempt, args.ca_file)
        enrolment_of.finish(path.parent)
    except enrolment_of.Refused as refusal:
        usage = refusal.phrase == "enrol.bad_code"
        raise CommandError(say(refusal.phrase, chosen, **refusal.values), USAGE if usage else 1) from None
    except InstallError as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        raise io_error(error, path, chosen) from error
    _tell(enrolment, path, chosen)
    return _check_and_start(args, path, chosen)


def _server(address: str, chosen: Language) -> str:
    read = next(key.read for key in KEYS if key.name == "ingest_base_url")
    try:
        return str(read(address))
    except ValueError as error:
        raise CommandError(say("enrol.bad_server", chosen, server=address, reason=error), USAGE) from None


def _client(ca_file: Path | None, chosen: Language) -> ApiClient:
    try:
        return ApiClient(SystemClock(), version=__version__, ca_file=ca_file)
    except OSError as error:  # ssl.SSLError too
        raise CommandError(say("failed", chosen, path=ca_file, reason=error.strerror or error), USAGE) from error


def _post(client: ApiClient) -> enrolment_of.Post:
    def post(url: str, document: Mapping[str, Any]) -> Answer | NoAnswer:
        return client.post_openly(url, document).answer

    return post


def _write(path: Path, enrolment: Enrolment, attempt: enrolment_of.Attempt, ca_file: Path | None) -> None:
    """The old file becomes .bak; the new one appears whole, and readable by the service, or not at all."""
    kept: list[Given] = []
    if path.exists():
        before = path.read_bytes()
        kept, _ = from_yaml(before, str(path), [key.name for key in KEYS], [key.name for key in KEYS if key.is_mapping])
        durable.write(path.with_name(f"{path.name}.bak"), before, _PRIVATE)
    copied = None
    if ca_file is not None:
        # Where the service's user can read it, and where it stays.
        copied = path.parent / CA_NAME
        durable.write(copied, ca_file.read_bytes(), _PUBLIC)
    known = {key.name for key in KEYS}
    content = text(enrolment, attempt.server, attempt.token, copied, [item for item in kept if item.key in known])
    aside = path.with_name(f"{path.name}.new")
    durable.write(aside, content.encode(), _PRIVATE)
    if os.geteuid() == 0 and install.has_user():
        shutil.chown(aside, install.USER, install.USER)
    durable.move(aside, path)


def _tell(enrolment: Enrolment, path: Path, chosen: Language) -> None:
    put(say("enrol.done", chosen, register=enrolment.register_name, point=enrolment.point_name, path=path))
    hours = enrolment.hours
    if hours is not None:
        days = ", ".join(hours.days)
        put(say("enrol.hours", chosen, start=hours.start, end=hours.end, zone=enrolment.zone, days=days))
        if not hours.is_exact:
            put(say("enrol.spanned", chosen))


def _check_and_start(args: argparse.Namespace, path: Path, chosen: Language) -> int:
    try:
        config = load(path, os.environ)
    except ConfigError as error:
        raise CommandError(f"{say('config.broken', chosen)}\n{error}") from error
    is_well = True
    managed = _manages_services() and path == CONFIG
    try:
        if not args.no_check:
            if managed:
                install.stop()  # It would hold the microphone.
            put(say("enrol.checking", chosen))
            is_well = run_check(config, lang=chosen) == 0
        if managed:
            install.start()
    except InstallError as error:
        raise CommandError(str(error)) from error
    put(say("enrol.service" if managed else "enrol.no_service", chosen))
    return 0 if is_well else 1


def _manages_services() -> bool:
    return os.geteuid() == 0 and install.is_booted() and shutil.which("systemctl") is not None
