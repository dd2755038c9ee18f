"""`/api/v1/system` on a real queue."""

from uuid import uuid4

from shop import ADMIN, Shop
from sqlalchemy import insert, select, update

from db import tables as t
from db.job import NewJob
from db.queue import Queue


async def dead_job(shop: Shop, error: str = "Rejected: not audio") -> tuple[int, str]:
    """A chunk whose vad job is dead; the job's number and the chunk's id."""
    (await shop.upload()).raise_for_status()
    async with shop.deps.db.begin() as tx:
        [job] = (await tx.execute(select(t.jobs).where(t.jobs.c.stage == "vad"))).all()
        values = {"state": "dead", "attempts": 5, "last_error": error}
        await tx.execute(update(t.jobs).where(t.jobs.c.job_id == job.job_id).values(values))
        await tx.execute(update(t.audio_chunks).values(status="ERROR", error=error))
    return job.job_id, job.subject_id


async def test_stages_models_disk_and_versions_are_told(shop: Shop) -> None:
    (await shop.upload()).raise_for_status()
    answer = await shop.client.get("/api/v1/system", headers=ADMIN)
    body = answer.json()
    assert answer.status_code == 200, body
    [vad] = [stage for stage in body["stages"] if stage["stage"] == "vad"]
    assert (vad["queued"], vad["dead"]) == (1, 0)
    assert body["disk"]["free_bytes"] > 0
    assert body["versions"]["postgresql"].startswith("18")
    assert body["links"] == {"ray_dashboard": "http://127.0.0.1:8265", "grafana": None}


async def test_a_dead_job_is_listed_with_its_error_and_retried_with_its_chunk_waiting_again(shop: Shop) -> None:
    job_id, chunk_id = await dead_job(shop)
    page = (await shop.client.get("/api/v1/system/jobs?stage=vad", headers=ADMIN)).json()
    assert [(job["job_id"], job["subject_id"], job["last_error"]) for job in page["items"]] == [
        (job_id, chunk_id, "Rejected: not audio")
    ]
    answer = await shop.client.post("/api/v1/system/jobs/retry", headers=ADMIN, json={"job_ids": [job_id]})
    assert answer.json() == {"retried": 1}
    async with shop.deps.db.begin() as tx:
        assert (await tx.execute(select(t.jobs.c.state))).scalars().all() == ["queued"]
        chunk = (await tx.execute(select(t.audio_chunks.c.status, t.audio_chunks.c.error))).one()
        [entry] = (await tx.execute(select(t.audit_log).where(t.audit_log.c.action == "jobs.retry"))).all()
    assert tuple(chunk) == ("QUEUED", None)
    assert entry.details == {"job_ids": [job_id], "retried": 1}


async def test_dead_jobs_come_page_by_page_and_a_retry_of_nothing_dead_is_no_error(shop: Shop) -> None:
    async with shop.deps.db.begin() as tx:
        await Queue(shop.deps.db, shop.deps.settings.jobs).enqueue(tx, [NewJob("asr", str(uuid4())) for _ in range(3)])
        await tx.execute(update(t.jobs).values(state="dead"))
    first = (await shop.client.get("/api/v1/system/jobs?limit=2", headers=ADMIN)).json()
    rest = (await shop.client.get(f"/api/v1/system/jobs?limit=2&after={first['next']}", headers=ADMIN)).json()
    seen = [job["job_id"] for job in [*first["items"], *rest["items"]]]
    assert len(seen) == 3
    assert seen == sorted(seen, reverse=True)
    assert rest["next"] is None
    nothing = await shop.client.post("/api/v1/system/jobs/retry", headers=ADMIN, json={"stage": "vad"})
    assert nothing.json() == {"retried": 0}


async def test_what_failed_and_will_be_tried_again_is_shown_apart_from_what_is_dead(shop: Shop) -> None:
    values = {"stage": "asr", "subject_id": "x", "lock_key": "x", "attempts": 2, "last_error": "Transient: timeout"}
    async with shop.deps.db.begin() as tx:
        await tx.execute(insert(t.jobs).values(values))
    body = (await shop.client.get("/api/v1/system", headers=ADMIN)).json()
    assert [(job["stage"], job["attempts"], job["last_error"]) for job in body["failing"]] == [
        ("asr", 2, "Transient: timeout")
    ]
