"""Reports over HTTP give the figures that were counted by hand, to whoever may see them."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from forty_dialogues import CATEGORIES, DAYS, ENGINES, HOURS, MINI, B, K, dialogue_id, point_id, seed
from people import a_person
from review_dialogues import Judged, store
from shop import ADMIN, Shop
from sqlalchemy import update

from db import tables as t
from domain.access import Role
from domain.figures import Counts, added, figures_of

SPRING = date(2026, 3, 29)
OVERVIEW, TODAY = "/api/v1/reports/overview", "/api/v1/reports/today"


async def read(shop: Shop, path: str, headers: Any = ADMIN, **query: Any) -> Any:
    answer = await shop.client.get(path, headers=headers, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def overview(shop: Shop, first: date, last: date, **more: Any) -> Any:
    return await read(shop, OVERVIEW, **{"from": str(first), "to": str(last), **more})


def expected(counts: Counts, engines: Any = (), coverage: float | None = None) -> dict[str, Any]:
    """Figures as the wire has them."""
    figures = figures_of(counts, engines, coverage)
    names = [name for name in figures.__slots__ if name not in ("rate", "specific_rate", "acceptance", "engines")]
    rates = {
        name: {part: getattr(getattr(figures, name), part) for part in ("hits", "n", "value", "low", "high")}
        for name in ("rate", "specific_rate", "acceptance")
    }
    engines_of_it = {"engines": list(figures.engines), "is_mixed": figures.is_mixed}
    return {**{name: getattr(figures, name) for name in names}, **rates, **engines_of_it}


@pytest.fixture
async def forty(shop: Shop) -> Shop:
    await seed(shop.deps.db)
    return shop


async def test_every_day_of_every_point_is_as_it_was_counted_by_hand(forty: Shop) -> None:
    for (name, day), counts in DAYS.items():
        report = await overview(forty, day, day, point=str(point_id(name)))
        assert report["figures"] == expected(counts, ENGINES[name, day]), (name, day)
        assert {one["engine"]: one["n"] for one in report["engines"]} == ENGINES[name, day]
        categories = CATEGORIES.get((name, day), {})
        found = {one["category"]: (one["offered"], one["accepted"], one["rejected"]) for one in report["categories"]}
        assert found == categories
        assert [one["figures"]["dialogues"] for one in report["by_day"]] == [counts.dialogues]
        assert report["funnel"]["sales"] == counts.yes + counts.no


async def test_the_day_with_23_hours_is_told_in_numbers(forty: Shop) -> None:
    report = await overview(forty, SPRING, SPRING)
    figures = report["figures"]
    assert (figures["rate"]["hits"], figures["rate"]["n"], figures["rate"]["value"]) == (8, 11, 8 / 11)
    assert (figures["specific_rate"]["hits"], figures["acceptance"]["hits"], figures["acceptance"]["n"]) == (6, 5, 7)
    assert figures["average_quality"] == (2 * 1 + 4 * 2 + 2 * 3) / 8
    assert (figures["engines"], report["is_mixed"]) == ([MINI, "rules-1"], True)
    assert report["funnel"] == {"dialogues": 25, "sales": 11, "attempts": 8, "specific": 6, "accepted": 5}
    assert [one["n"] for one in report["quality"]] == [0, 2, 4, 2]


async def test_a_period_of_all_points_is_the_sum_of_its_days_however_it_is_cut(forty: Shop) -> None:
    first, last = date(2026, 3, 28), date(2026, 10, 26)
    every = [str(point_id(B)), str(point_id(K)), str(forty.device.point_id)]
    whole, named = await overview(forty, first, last), await overview(forty, first, last, point=every)
    engines = Counter[str]()
    for of_day in ENGINES.values():
        engines.update(of_day)
    assert whole["figures"] == expected(added(DAYS.values()), engines)
    assert whole == named  # from the chain's roll-ups, and from the points' own
    assert len(whole["by_day"]) == (last - first).days + 1
    for day in whole["by_day"]:
        of_day = added(counts for (_, on), counts in DAYS.items() if str(on) == day["day"])
        assert day["figures"] == expected(of_day)
    by_hour: Counter[int] = Counter()
    for _, hour, dialogues in HOURS.values():
        by_hour[hour] += dialogues
    assert {one["hour"]: one["figures"]["dialogues"] for one in whole["by_hour"]} == dict(by_hour)
    assert sum(cell["sales"] for cell in whole["heatmap"]) == whole["figures"]["rate"]["n"]
    sunday = [cell["hour"] for cell in whole["heatmap"] if cell["weekday"] == 6]
    assert sunday == [0, 1, 2, 3, 10, 11, 23]


async def test_a_period_stands_beside_the_one_before_it(forty: Shop) -> None:
    report = await overview(forty, date(2026, 3, 30), date(2026, 3, 31), point=str(point_id(B)))
    assert report["previous"] == {"from": "2026-03-28", "to": "2026-03-29", "days": 2}
    before = added([DAYS[B, date(2026, 3, 28)], DAYS[B, SPRING]])
    assert report["before"] == expected(before, ENGINES[B, SPRING])
    assert report["change"]["rate"]["difference"] == pytest.approx(0 - 9 / 12)
    assert report["change"]["rate"]["is_more_than_noise"] is False
    assert (report["change"]["acceptance"]["difference"], report["change"]["average_quality"]) == (None, None)
    assert report["change"]["dialogues"] == 1 - 26
    row = report["points"][0]
    assert (row["before"]["rate"]["n"], row["before"]["dialogues"], row["rank"], row["goal"]) == (12, 26, None, 0.5)


async def test_an_answer_that_is_known_is_not_sent_again_until_a_figure_changes(forty: Shop) -> None:
    query = {"from": str(SPRING), "to": str(SPRING)}
    first = await forty.client.get(OVERVIEW, headers=ADMIN, params=query)
    tag = first.headers["ETag"]
    assert first.headers["Cache-Control"] == "private, no-cache"
    for known in (tag, f'"other", W/{tag}', "*"):
        again = await forty.client.get(OVERVIEW, headers={**ADMIN, "If-None-Match": known}, params=query)
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    review = {"kind": "sale", "attempted": "yes", "quality_score": 3, "customer_reaction": "accepted"}
    path = f"/api/v1/dialogues/{dialogue_id(2)}/reviews"
    assert (await forty.client.post(path, headers=ADMIN, json=review)).status_code == 201
    changed = await forty.client.get(OVERVIEW, headers={**ADMIN, "If-None-Match": tag}, params=query)
    assert (changed.status_code, changed.json()["figures"]["rate"]["hits"]) == (200, 9)


async def test_nobody_sees_points_of_others_in_a_report(forty: Shop) -> None:
    of_b = (await a_person(forty.deps.db, Role.MANAGER, [point_id(B)])).headers
    nobody = (await a_person(forty.deps.db, Role.VIEWER, [])).headers
    for path, query in ((OVERVIEW, {"from": "2026-10-01", "to": "2026-10-31"}), (TODAY, {"day": "2026-10-26"})):
        report = await read(forty, path, of_b, **query)
        assert [row["name"] for row in report["points"]] == [B]
        assert (await read(forty, path, nobody, **query))["points"] == []
        for other in (point_id(K), uuid4()):
            answer = await forty.client.get(path, headers=of_b, params={**query, "point": str(other)})
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    october = added(counts for (name, day), counts in DAYS.items() if name == B and day.month == 10)
    report = await read(forty, OVERVIEW, of_b, **{"from": "2026-10-01", "to": "2026-10-31"})
    assert report["figures"] == expected(october, ["rules-1"])
    assert [row["day"] for row in report["by_day"] if row["figures"]["dialogues"]] == ["2026-10-25", "2026-10-26"]


async def test_a_day_gives_one_good_offer_and_one_missed_opportunity_to_listen_to(forty: Shop) -> None:
    today = await read(forty, TODAY, day=str(SPRING))
    good, missed = today["listen"]["good"], today["listen"]["missed"]
    assert good["dialogue_id"] == str(dialogue_id(19))  # accepted, personal, and a reviewer says so
    assert (good["start_ts"], good["duration_s"], good["is_reviewed"]) == ("2026-03-29T10:41:00+02:00", 40, True)
    assert missed["dialogue_id"] == str(dialogue_id(26))
    assert (good["point"], good["register"]) == (B, "till")
    assert today["total"]["figures"] == expected(DAYS[B, SPRING], ENGINES[B, SPRING])
    viewer = (await a_person(forty.deps.db, Role.VIEWER, [point_id(B)])).headers
    assert (await read(forty, TODAY, viewer, day=str(SPRING)))["listen"]["good"]["register"] is None
    empty = await read(forty, TODAY, day="2026-04-15")
    assert (empty["listen"], empty["total"]["figures"]["dialogues"]) == ({"good": None, "missed": None}, 0)


async def test_today_is_the_day_of_each_point_and_names_its_silent_devices(shop: Shop) -> None:
    db, now = shop.deps.db, datetime.now(UTC)
    always = {day: [{"opens": "00:00", "closes": "24:00"}] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    async with db.begin() as tx:
        await tx.execute(update(t.points).values(opening_hours=always, zone="UTC", goal=0.4))
        await tx.execute(update(t.devices).values(created_at=now - timedelta(days=3), last_seen_at=now))
        await store(tx, shop.device, [Judged(start_ts=now, verdict={"attempted": "uncertain"})])
        await tx.execute(
            t.coverage_days.insert().values(
                point_id=shop.device.point_id,
                day=now.date(),
                **{"scheduled_ms": 1000, "recorded_ms": 300, "waiting_ms": 0, "paused_ms": 0, "lost_ms": 300},
                ahead_ms=400,
                lost_by_reason={"off": 100, "silent": 200},
            )
        )
    (point,) = (await read(shop, TODAY))["points"]
    assert (point["day"], point["is_open"], point["goal"]) == (str(now.date()), True, 0.4)
    assert (point["figures"]["uncertain"], point["figures"]["coverage"]) == (1, 0.5)
    assert list(point["coverage"]["lost_by_reason"].items()) == [("silent", 200), ("off", 100)]
    if now.hour or now.minute > 15:  # the day is old enough for a silence
        (device,) = point["silent_devices"]
        assert (device["device_id"], device["reason"]) == (str(shop.device.device_id), "no_audio")
        assert datetime.fromisoformat(device["since"]) == now.replace(hour=0, minute=0, second=0, microsecond=0)
    await shop.upload()
    (point,) = (await read(shop, TODAY))["points"]
    assert point["silent_devices"] == []
    yesterday = await read(shop, TODAY, day=str(now.date() - timedelta(days=1)))
    assert yesterday["points"][0]["silent_devices"] == []


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ({"from": "2026-03-02", "to": "2026-03-01"}, "query.to: is before from; give the days in order."),
        ({"from": "2024-03-02", "to": "2026-03-01"}, "query.from: is more than 400 days before to; ask for a shorter"),
        ({"from": "yesterday"}, "query.from: must be a date, such as 2026-03-02."),
        ({"point": "mine"}, "query.point: must be a UUID"),
    ],
)
async def test_a_period_that_cannot_be_read_is_refused_in_words(shop: Shop, query: Any, detail: str) -> None:
    answer = await shop.client.get(OVERVIEW, headers=ADMIN, params=query)
    assert (answer.status_code, answer.json()["code"]) == (422, "field_invalid")
    assert answer.json()["detail"].startswith(detail)


async def test_without_a_period_it_is_the_last_seven_days(shop: Shop) -> None:
    report = await read(shop, OVERVIEW)
    assert report["period"]["days"] == 7
    assert datetime.now(UTC).date() - date.fromisoformat(report["period"]["to"]) in (timedelta(0), timedelta(-1))


@pytest.mark.parametrize("path", ["today", "overview"])
async def test_a_misspelt_parameter_is_refused_rather_than_left_out(shop: Shop, path: str) -> None:
    answer = await shop.client.get(f"/api/v1/reports/{path}", headers=ADMIN, params={"points": str(uuid4())})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "query.points")
