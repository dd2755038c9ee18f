"""`backup` and `restore` as a person calls them, on a real database and real recordings."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from hashlib import md5
from pathlib import Path
from typing import Any

import pytest
from erasure_scene import Scene, scene_at
from shop import ADMIN, Shop, running, settings_for_tests
from sqlalchemy import text
from typer.testing import CliRunner

from audio.store import FileStore
from cluster.backup.shelf import Shelf
from cluster.cli.app import app
from cluster.cli.export import Format, write_export
from configs.settings import load
from db import migrate
from db import tables as t
from db.dialogues.exports import Selection
from db.engine import Database
from domain.errors import SalesControlError
from serve_apps.application import Deps

SALESCONTROL = str(Path(sys.executable).with_name("salescontrol"))
OWN_ACCOUNT = {"backups"}
"""What a backup writes of itself comes after its snapshot."""


class House:
    """A system with four minutes of audio and what was heard in them. Nothing is connected to its database."""

    scene: Scene

    def __init__(self, url: str, folder: Path, samples: Path) -> None:
        self.url, self.samples = url, samples
        self.store, self.shelf = folder / "audio", folder / "shelf"
        self.env = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("SALESCONTROL_", "RAY_"))},
            "DATABASE_URL": url,
            "SALESCONTROL_HOME": str(folder / "home"),
            "AUDIO_STORAGE_PATH": str(self.store),
        }

    def __call__(self, *words: str, exit_code: int = 0) -> str:
        if words[0] == "backup":
            time.sleep(1 - time.time() % 1)  # its second is its name
        done = CliRunner().invoke(app, list(words), env=self.env)
        if isinstance(done.exception, SalesControlError):
            assert exit_code == 1, done.exception
            return done.output + str(done.exception)
        assert done.exit_code == exit_code, done.output
        return done.output

    def in_shop(self, act: Callable[[Shop], Any]) -> Any:
        """Runs `act` on the real HTTP applications over this database and store."""

        async def once() -> Any:
            db = Database(self.url)
            deps = Deps(db, FileStore(self.store), settings_for_tests())
            try:
                async with running(deps, self.samples) as shop:
                    return await act(shop)
            finally:
                await db.dispose()

        return asyncio.run(once())

    def state(self) -> tuple[str, dict[str, str], dict[str, bytes]]:
        """The export, a digest of every table, and every recording."""
        return asyncio.run(self._export()), asyncio.run(self._tables()), self.files()

    def files(self) -> dict[str, bytes]:
        found = [path for path in self.store.rglob("*.ogg") if path.is_file()]
        return {path.relative_to(self.store).as_posix(): path.read_bytes() for path in found}

    def wipe(self) -> None:
        migrate.downgrade(self.url)
        shutil.rmtree(self.store)

    async def _export(self) -> str:
        written: list[str] = []
        await write_export(load(self.env), Selection(), Format.JSON, written.append)
        return "".join(written)

    async def _tables(self) -> dict[str, str]:
        db = Database(self.url)
        try:
            async with db.begin() as tx:
                names = [table.name for table in t.metadata.sorted_tables if table.name not in OWN_ACCOUNT]
                rows = {name: await tx.execute(text(f"SELECT r::text FROM {name} AS r")) for name in names}
                return {
                    name: md5("\n".join(sorted(found.scalars())).encode()).hexdigest() for name, found in rows.items()
                }
        finally:
            await db.dispose()


@pytest.fixture
def house(own_database: Callable[[], AbstractContextManager[str]], tmp_path: Path, samples: Path) -> Iterator[House]:
    async def settle(shop: Shop) -> Scene:
        return await scene_at(shop, samples)

    with own_database() as url:
        house = House(url, tmp_path, samples)
        house.scene = house.in_shop(settle)
        yield house


def test_what_was_wiped_comes_back_to_the_byte(house: House) -> None:
    before = house.state()
    assert (json.loads(before[0])["dialogues"], len(before[2])) != ([], 0)
    assert "4 recordings (4 copied now)" in house("backup", str(house.shelf))
    house.wipe()
    assert "Restored" in house("restore", str(house.shelf), "--yes")
    assert house.state() == before
    assert "4 recordings (0 copied now)" in house("backup", str(house.shelf))


def test_a_damaged_backup_is_refused_and_one_in_use_too_and_the_present_stays(house: House) -> None:
    house("backup", str(house.shelf), "--no-audio")
    before = house.state()

    async def while_open(shop: Shop) -> str:
        await shop.client.get("/readyz")
        return await asyncio.to_thread(house, "restore", str(house.shelf), "--yes", exit_code=1)

    assert "salescontrol down" in house.in_shop(while_open)
    (dump,) = house.shelf.glob("*/database.dump")
    dump.write_bytes(dump.read_bytes()[:-1])
    assert "is damaged or gone" in house("restore", str(house.shelf), "--yes", exit_code=1)
    assert house.state()[0] == before[0]


def test_a_damaged_backup_stands_in_the_way_of_no_other_and_is_named(house: House) -> None:
    house("backup", str(house.shelf), "--no-audio")
    house("backup", str(house.shelf), "--no-audio")
    good, bad = sorted(path.parent for path in house.shelf.glob("*/backup.json"))
    for content, why in (("", "Expecting value"), ("{}", "'as_of' is missing")):
        (bad / "backup.json").write_text(content)
        listed = house("restore", str(house.shelf), "--list")
        assert good.name in listed
        assert f"{bad.name} is damaged ({why}" in listed.replace("\n", " ")
        refused = house("restore", str(house.shelf), "--yes", exit_code=1)
        assert f"take another backup by --backup, there are: {good.name}" in refused
    assert "is damaged" in house("backup", str(house.shelf), "--no-audio", "--keep", "1")
    assert (good.exists(), bad.exists()) == (True, True)
    assert "Restored" in house("restore", str(house.shelf), "--backup", good.name, "--yes")


def test_where_nobody_can_answer_the_question_is_a_usage_error(house: House) -> None:
    house("backup", str(house.shelf), "--no-audio")
    assert "add --yes" in house("restore", str(house.shelf), exit_code=2)


def test_a_recording_that_is_not_what_was_received_is_named(house: House) -> None:
    path, _ = sorted(house.files().items())[0]
    (house.store / path).write_bytes(b"something else")
    said = house("backup", str(house.shelf), exit_code=1)
    assert path in said.replace("\n", "")
    (kept,) = json.loads(house("restore", str(house.shelf), "--list", "--json"))
    assert (kept["audio_files"], kept["audio_missing"]) == (4, 1)


def test_what_was_erased_since_goes_again_and_what_came_since_is_laid_aside(house: House) -> None:
    house("backup", str(house.shelf))

    async def go_on(shop: Shop) -> None:
        body = {"kind": "dialogue", "dialogue_id": str(house.scene.middle.dialogue_id)}
        erased = await shop.client.post("/api/v1/erasures", headers=ADMIN, json=body)
        assert erased.status_code == 201, erased.text
        assert (await shop.upload()).status_code == 200

    house.in_shop(go_on)
    house("backup", str(house.shelf))
    first = json.loads(house("restore", str(house.shelf), "--list", "--json"))[0]["name"]
    said = house("restore", str(house.shelf), "--backup", first, "--yes")
    assert "1 erasures ordered after this backup are ordered again" in said.replace("\n", " ")
    laid_aside = list((house.shelf / "unnamed").rglob("*.ogg"))
    assert house.in_shop(lambda shop: _jobs(shop, "erasure")) == 1
    assert len(laid_aside) == 1, "the new one; what the erasure wrote anew is known by what it was"


def test_what_the_present_database_knows_as_erased_is_erased_of_what_is_restored_too(house: House) -> None:
    """No later backup lists it; and of a restore that broke off after the exchange the next one still knows."""
    house("backup", str(house.shelf))

    async def erase(shop: Shop) -> None:
        body = {"kind": "dialogue", "dialogue_id": str(house.scene.middle.dialogue_id)}
        assert (await shop.client.post("/api/v1/erasures", headers=ADMIN, json=body)).status_code == 201

    house.in_shop(erase)
    assert "there was none" in house("restore", str(house.shelf), "--drop-kept", "--yes")
    for _ in range(2):
        said = house("restore", str(house.shelf), "--yes")
        assert "1 erasures ordered after this backup are ordered again" in said.replace("\n", " ")
        assert house.in_shop(lambda shop: _jobs(shop, "erasure")) == 1
    assert len(json.loads(house("restore", str(house.shelf), "--drop-kept", "--yes", "--json"))["dropped"]) == 2
    assert house.in_shop(lambda shop: _jobs(shop, "erasure")) == 1


def test_only_one_backup_is_written_at_a_time(house: House) -> None:
    command = [SALESCONTROL, "backup", str(house.shelf)]
    with Shelf(house.shelf).alone():
        second = subprocess.run(command, env=house.env, capture_output=True, text=True, check=False)
    assert second.returncode == 1
    assert "another backup is being written" in second.stderr.replace("\n", " ")
    house("backup", str(house.shelf))


def test_a_restore_that_is_killed_leaves_the_present_whole_and_goes_through_the_next_time(house: House) -> None:
    house("backup", str(house.shelf))
    before = house.state()
    command = [SALESCONTROL, "restore", str(house.shelf), "--yes"]
    with subprocess.Popen(command, env=house.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            assert asyncio.run(_is_coming(house.url, process)), "it had ended before it could be killed"
        finally:
            process.kill()
    assert house.state() == before
    house("restore", str(house.shelf), "--yes")
    assert house.state() == before


def test_only_so_many_backups_are_kept_and_of_the_audio_what_they_name(house: House) -> None:
    house("backup", str(house.shelf))
    stray = house.shelf / "audio" / "old.ogg"
    stray.write_bytes(b"named by no backup that is kept")
    time.sleep(1)
    house("backup", str(house.shelf), "--keep", "1")
    assert len(json.loads(house("restore", str(house.shelf), "--list", "--json"))) == 1
    assert (stray.exists(), len(list((house.shelf / "audio").rglob("chunk_*.ogg")))) == (False, 4)


async def _jobs(shop: Shop, stage: str) -> int:
    async with shop.deps.db.begin() as tx:
        found = await tx.scalar(text("SELECT count(*) FROM jobs WHERE stage = :stage"), {"stage": stage})
    return int(found or 0)


async def _is_coming(url: str, process: "subprocess.Popen[bytes]") -> bool:
    """Waits until the database that takes the present one's place is there; False where the process ends before."""
    name = url.partition("?")[0].rpartition("/")[2]
    db = Database(url.replace(f"/{name}?", "/postgres?"), pool_size=1)
    query = text("SELECT true FROM pg_database WHERE datname = :name")
    try:
        while process.poll() is None:
            async with db.begin() as tx:
                if await tx.scalar(query, {"name": f"{name}_restoring"}):
                    return True
        return False
    finally:
        await db.dispose()
