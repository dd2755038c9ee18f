"""What a server with real shops on it should have: its data in their country, backups, one clock, a safe way in."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cluster.doctor.finding import Finding
from cluster.doctor.where import HERE, country_of
from cluster.engines.choice import engine_name
from cluster.wiring import database_url
from configs.settings import Settings
from db import tables as t
from db.engine import Database

T = TypeVar("T")
MOST_SKEW_S = 2.0
BACKUP_AGE_H = 26.0
"""A nightly one, and two hours for it to run."""
OPENAI = "https://api.openai.com/v1"


def clock(settings: Settings) -> Iterator[Finding]:
    """Leases and lateness go by the database's clock; chunks are refused by this machine's."""
    before = datetime.now(UTC)
    theirs: datetime = _ask(settings, lambda tx: _one(tx, select(func.clock_timestamp())))
    after = datetime.now(UTC)
    skew_s = max((before - theirs).total_seconds(), (theirs - after).total_seconds(), 0.0)
    level = "ok" if skew_s <= MOST_SKEW_S else "warn"
    remedy = "" if level == "ok" else "let both machines keep time by NTP (timedatectl set-ntp true)"
    yield Finding("Clock", level, f"{skew_s:.1f} s from the database's", remedy)


def backups(settings: Settings) -> Iterator[Finding]:
    """The newest one's age."""
    newest = _ask(settings, lambda tx: tx.scalar(select(func.max(t.backups.c.as_of))))
    chunks = _ask(settings, lambda tx: tx.scalar(select(t.audio_chunks.c.chunk_id).limit(1)))
    remedy = "every night: salescontrol backup FOLDER, best on another disk (docs/one-server.md)"
    if newest is None:
        yield Finding("Backup", "warn" if chunks else "ok", "none was ever made", remedy if chunks else "")
        return
    age_h = (datetime.now(UTC) - newest).total_seconds() / 3600
    is_old = age_h > BACKUP_AGE_H
    yield Finding("Backup", "warn" if is_old else "ok", f"the newest is {age_h:.0f} h old", remedy if is_old else "")


def countries(settings: Settings) -> Iterator[Finding]:
    """Recordings and transcripts should not leave the country of the people in them unawares."""
    query = select(t.points.c.country).where(t.points.c.country.is_not(None)).distinct()
    points = sorted(_ask(settings, lambda tx: _all(tx, query)))
    if points:
        yield from _placed("Audio's country", *_audio_at(settings), "storage.country", points)
        if engine_name(settings.analysis) == "openai":
            analysis = settings.analysis
            url = analysis.openai_base_url or OPENAI
            yield from _placed(
                "Model's country", urlsplit(url).hostname or url, analysis.country or country_of(url),
                "analysis.country", points,
            )  # fmt: skip


def model(settings: Settings) -> Iterator[Finding]:
    """Does the language model's server answer?"""
    analysis = settings.analysis
    if engine_name(analysis) != "openai":
        return
    url = f"{(analysis.openai_base_url or OPENAI).rstrip('/')}/models"
    key = analysis.openai_api_key.get_secret_value()
    try:
        answer = httpx.get(url, headers={"Authorization": f"Bearer {key}"} if key else {}, timeout=5)
    except httpx.HTTPError as error:
        remedy = "dialogues wait, none is lost; check OPENAI_BASE_URL and the way there"
        yield Finding("Language model", "warn", f"{url}: {type(error).__name__}", remedy)
        return
    if answer.status_code in (401, 403):
        yield Finding(
            "Language model", "fail", f"{url} answers {answer.status_code}", "set OPENAI_API_KEY to a valid key"
        )
    elif answer.is_server_error:
        yield Finding("Language model", "warn", f"{url} answers {answer.status_code}", "dialogues wait, none is lost")
    else:
        yield Finding("Language model", "ok", f"{analysis.openai_model} at {urlsplit(url).hostname}")


def way_in(settings: Settings) -> Iterator[Finding]:
    """Tokens and voices go over the network: only through TLS."""
    public, host = settings.server.public_url, settings.server.host
    if public and public.startswith("http://"):
        yield Finding("PUBLIC_URL", "fail", public, "use https: docs/one-server.md has the proxy")
    elif public and not settings.server.proxies:
        yield Finding("PUBLIC_URL", "warn", public, "SALESCONTROL_SERVER__PROXIES=1: else all log in from its address")
    elif public:
        yield Finding("PUBLIC_URL", "ok", public)
    elif settings.profile == "server":
        yield Finding("PUBLIC_URL", "warn", "not set", "PUBLIC_URL=https://… is how browsers and recorders get in")
    if host not in ("127.0.0.1", "localhost", "::1") and settings.profile not in ("fleet",):
        remedy = "keep it on 127.0.0.1 behind the TLS proxy"
        yield Finding("Address", "warn", f"uploads are taken at {host} without TLS", remedy)


CHECKS = (clock, backups, countries, model, way_in)


def _audio_at(settings: Settings) -> tuple[str, str | None]:
    """Where audio lies, and in which country as far as can be told."""
    url, s3 = settings.storage_url, settings.storage.s3
    if not url.startswith("s3://"):
        return url, settings.storage.country or HERE
    stated = settings.storage.country or country_of(s3.endpoint_url or "", s3.region)
    return s3.endpoint_url or f"Amazon {s3.region or ''}".strip(), stated


def _placed(check: str, place: str, country: str | None, setting: str, points: list[str]) -> Iterator[Finding]:
    shops = ", ".join(points)
    if country is None:
        remedy = f"say so: SALESCONTROL_{setting.upper().replace('.', '__')}=XX"
        yield Finding(check, "warn", f"{place}: in which country is not known; shops are in {shops}", remedy)
    elif country == HERE:
        yield Finding(check, "ok", f"{place}: here")
    elif [country] == points:
        yield Finding(check, "ok", f"{place}: {country}, as the shops")
    else:
        remedy = "what is said there would leave its country: use a service there, or have a lawful ground for it"
        yield Finding(check, "warn", f"{place}: {country}; shops are in {shops}", remedy)


async def _one(tx: AsyncConnection, query: Any) -> Any:
    return (await tx.execute(query)).scalar_one()


async def _all(tx: AsyncConnection, query: Any) -> list[str]:
    return list((await tx.execute(query)).scalars())


def _ask(settings: Settings, question: Callable[[AsyncConnection], Awaitable[T]]) -> T:
    async def once() -> T:
        db = Database(database_url(settings), pool_size=1)
        try:
            async with db.begin() as tx:
                return await question(tx)
        finally:
            await db.dispose()

    return asyncio.run(once())
