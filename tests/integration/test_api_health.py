"""Health routes: what answers while something is down, and what says so. The database is down in test_ingest_errors."""

from shop import Shop
from sqlalchemy import text

from db import migrate


async def test_a_healthy_server_is_alive_and_ready(shop: Shop) -> None:
    assert (await shop.client.get("/livez")).json() == {"status": "ok"}
    for path in ("/readyz", "/health"):
        ready = await shop.client.get(path)
        assert (ready.status_code, ready.json()["status"]) == (200, "ok")
        assert ready.json()["checks"] == {"database": "ok", "migration": "ok", "storage": "ok"}


async def test_a_database_of_another_migration_is_not_ready_and_names_both(shop: Shop) -> None:
    async with shop.deps.db.begin() as tx:
        await tx.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    answer = await shop.client.get("/readyz")
    assert (answer.status_code, answer.json()["code"]) == (503, "not_ready")
    assert answer.headers["retry-after"]
    assert "at 0000" in answer.json()["detail"]
    assert migrate.head() in answer.json()["checks"]["migration"]
    assert (await shop.client.get("/livez")).status_code == 200


async def test_a_database_that_a_later_release_has_migrated_is_ready(shop: Shop) -> None:
    async with shop.deps.db.begin() as tx:
        await tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert (await shop.client.get("/readyz")).status_code == 200


async def test_an_empty_database_is_told_to_migrate(shop: Shop) -> None:
    async with shop.deps.db.begin() as tx:
        await tx.execute(text("DROP TABLE alembic_version"))
    answer = await shop.client.get("/health")
    assert "salescontrol migrate" in answer.json()["checks"]["migration"]
