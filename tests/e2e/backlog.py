"""Audio that waits: jobs of the asr and vad stages, put straight into a running system's queue."""

import hashlib
import shutil
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from tests.e2e.system import ROOT, System

SOUND = ROOT / "samples" / "shop_day" / "chunks" / "dev_en_20260302T091600Z.ogg"
START = datetime(2026, 3, 2, 9, 16, tzinfo=UTC)
MINUTE = timedelta(seconds=60)


class Backlog:
    """One device's. Every chunk of it has the same sound."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.device_id, self.point_id, self.register_id = uuid4(), uuid4(), uuid4()

    async def add(self, dialogues: int = 0, speech_s: int = 20, chunks: int = 0) -> None:
        """Closed dialogues to transcribe, of so much speech each, and chunks in which to find speech."""
        path, sha256 = self._store()
        connection = await asyncpg.connect(self.system.database_url())
        try:
            async with connection.transaction():
                await self._register(connection)
                heard = [(uuid4(), START + i * MINUTE, path, sha256, "DONE") for i in range(dialogues)]
                new = [(uuid4(), START + (dialogues + i) * MINUTE, path, sha256, "QUEUED") for i in range(chunks)]
                await self._add_chunks(connection, heard + new)
                await self._add_dialogues(connection, heard, speech_s)
                jobs = [("vad", str(chunk[0]), 0, 60_000) for chunk in new]
                jobs += [("asr", str(chunk[0]), 1, speech_s * 1000) for chunk in heard]
                await connection.executemany(
                    "INSERT INTO jobs (stage, subject_id, lock_key, fair_key, subject_rev, audio_ms)"
                    " VALUES ($1, $2, ':' || $2, $5, $3, $4)",
                    [(*job, str(self.device_id)) for job in jobs],
                )
        finally:
            await connection.close()

    async def jobs(self, stage: str) -> list[dict[str, Any]]:
        """Of this device, oldest first."""
        connection = await asyncpg.connect(self.system.database_url())
        try:
            query = "SELECT * FROM jobs WHERE stage = $1 AND fair_key = $2 ORDER BY job_id"
            return [dict(row) for row in await connection.fetch(query, stage, str(self.device_id))]
        finally:
            await connection.close()

    def _store(self) -> tuple[str, str]:
        path = f"audio/backlog/{self.device_id}.ogg"
        file = self.system.home / "audio" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(SOUND, file)
        return path, hashlib.sha256(SOUND.read_bytes()).hexdigest()

    async def _register(self, connection: Any) -> None:
        ids = (self.point_id, self.register_id, self.device_id)
        await connection.execute(
            "INSERT INTO points (point_id, name) VALUES ($1, 'shop') ON CONFLICT DO NOTHING", ids[0]
        )
        await connection.execute(
            "INSERT INTO registers (register_id, point_id, name) VALUES ($2, $1, 'till') ON CONFLICT DO NOTHING",
            *ids[:2],
        )
        await connection.execute(
            "INSERT INTO devices (device_id, point_id, register_id, name) VALUES ($3, $1, $2, 'pi')"
            " ON CONFLICT DO NOTHING",
            *ids,
        )

    async def _add_chunks(self, connection: Any, chunks: list[tuple[UUID, datetime, str, str, str]]) -> None:
        rows = [(*chunk, chunk[1] + MINUTE, self.device_id, self.point_id, self.register_id) for chunk in chunks]
        await connection.executemany(
            "INSERT INTO audio_chunks (chunk_id, start_ts, stored_path, sha256, status, end_ts, device_id, point_id,"
            " register_id, codec, sample_rate, channels, size_bytes)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'opus', 48000, 1, 1)",
            rows,
        )

    async def _add_dialogues(
        self, connection: Any, chunks: list[tuple[UUID, datetime, str, str, str]], speech_s: int
    ) -> None:
        rows = [(c[0], c[1], c[1] + timedelta(seconds=speech_s), speech_s * 1000) for c in chunks]
        place = (self.device_id, self.point_id, self.register_id)
        await connection.executemany(
            "INSERT INTO dialogues (dialogue_id, start_ts, end_ts, device_id, point_id, register_id, state, revision)"
            " VALUES ($1, $2, $3, $4, $5, $6, 'closed', 1)",
            [(*row[:3], *place) for row in rows],
        )
        await connection.executemany(
            "INSERT INTO dialogue_segments (dialogue_id, revision, idx, chunk_id, offset_start_ms, offset_end_ms,"
            " start_ts, end_ts) VALUES ($1, 1, 0, $1, 0, $4, $2, $3)",
            rows,
        )


def disturbed(jobs: list[dict[str, Any]]) -> str:
    """How jobs ended that did not end in their first attempt, or that Whisper gave back meanwhile; empty where none."""
    ended = [(job["state"], job["attempts"], job["last_error"] or "") for job in jobs]
    found = Counter(one for one in ended if one[:2] != ("done", 1) or "whisper" in one[2].lower())
    return "; ".join(f"{count} × {ending}" for ending, count in found.items())
