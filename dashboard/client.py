"""The api over HTTP: all that the dashboard knows comes from here."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx

TIMEOUT_S = 20.0
PAGE = 200
MOST = 1000
"""So many dialogues are shown at once; more need a narrower filter."""


class ApiError(Exception):
    """The api did not answer as it should; the message says why."""


class NotAllowedError(ApiError):
    """The api does not take the token."""


@dataclass(frozen=True, slots=True)
class Point:
    point_id: str
    name: str
    zone: str


@dataclass(frozen=True, slots=True)
class Quote:
    text: str
    start_ts: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    kind: str
    attempted: str
    quality_score: int
    reaction: str
    quotes: tuple[Quote, ...]
    summary: str
    model: str


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One current dialogue. verdict: None until it is judged."""

    dialogue_id: str
    point: str
    register_name: str
    start_ts: datetime
    end_ts: datetime
    asr_status: str
    analysis_status: str
    text: str
    verdict: Verdict | None


class ApiClient:
    """Authorised by the token that the person gave; it lives as long as their session."""

    def __init__(self, base_url: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self._http = httpx.AsyncClient(base_url=base_url, headers=headers, timeout=TIMEOUT_S)

    async def close(self) -> None:
        await self._http.aclose()

    async def points(self) -> list[Point]:
        """Every point, by name."""
        rows = await self._all("/api/v1/admin/points", {})
        return sorted((Point(r["point_id"], r["name"], r["zone"]) for r in rows), key=lambda point: point.name)

    async def dialogues(self, point: Point | None, day: date | None, attempted: str | None) -> list[Dialogue]:
        """By start, at most MOST. The day is the point's own; without a point it is the UTC day."""
        query = {"point": point.point_id} if point else {}
        if attempted:
            query["attempted"] = attempted
        if day:
            zone = ZoneInfo(point.zone if point else "UTC")
            query["from"] = datetime.combine(day, time(), zone).isoformat()
            query["to"] = datetime.combine(day + timedelta(days=1), time(), zone).isoformat()
        return [_dialogue(row) for row in await self._all("/api/v1/dialogues", query)]

    async def _all(self, path: str, query: dict[str, str]) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        after: dict[str, str] = {}
        while len(rows) < MOST:
            page = await self._get(path, {**query, **after, "limit": str(PAGE)})
            rows += page["items"]
            if page["next"] is None:
                break
            after = {"after": page["next"]}
        return rows

    async def _get(self, path: str, query: dict[str, str]) -> dict[str, Any]:
        try:
            answer = await self._http.get(path, params=query)
        except httpx.HTTPError as error:
            raise ApiError(f"{type(error).__name__} {error}") from None
        if answer.status_code in (401, 403):
            raise NotAllowedError(str(answer.status_code))
        if answer.is_error:
            raise ApiError(f"{answer.status_code} {answer.reason_phrase}")
        body: dict[str, Any] = answer.json()
        return body


def _dialogue(row: dict[str, Any]) -> Dialogue:
    return Dialogue(
        dialogue_id=row["dialogue_id"],
        point=row["point"],
        register_name=row["register"],
        start_ts=datetime.fromisoformat(row["start_ts"]),
        end_ts=datetime.fromisoformat(row["end_ts"]),
        asr_status=row["asr_status"],
        analysis_status=row["analysis_status"],
        text=row["text"],
        verdict=_verdict(row["analysis"]) if row["analysis"] else None,
    )


def _verdict(row: dict[str, Any]) -> Verdict:
    return Verdict(
        kind=row["kind"],
        attempted=row["attempted"],
        quality_score=row["quality_score"],
        reaction=row["customer_reaction"],
        quotes=tuple(Quote(e["quote"], datetime.fromisoformat(e["start_ts"])) for e in row["evidence"]),
        summary=row["summary"],
        model=row["model"],
    )
