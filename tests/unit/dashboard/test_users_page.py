"""The page of people shows what the api says, escapes it, and sends what a person typed in the api's own form."""

from datetime import UTC, datetime
from typing import Any

import pytest
from httpx import QueryParams

from dashboard.pages.users import USERS, Users
from dashboard.people.lines import change_line, token_line, user_line, user_of, zone_of
from dashboard.strings import Strings
from dashboard.wording import Wording
from tests.unit.dashboard.answers import POINTS, SCRIPT
from tests.unit.dashboard.desk import Desk, pressed

W = Wording(Strings("en"))
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ADA = str(POINTS["Ада"])
USER: dict[str, Any] = {
    "user_id": "u1", "login": "mila", "name": SCRIPT, "role": "manager", "all_points": False, "points": [ADA],
    "is_enabled": True, "language": None, "has_password": True, "last_seen_at": None,
    "created_at": "2026-03-01T09:00:00Z",
}  # fmt: skip
SESSION: dict[str, Any] = {
    "token_id": "t1", "name": "", "client": "10.0.0.7", "created_at": "2026-03-02T09:00:00Z", "last_used_at": None,
    "expires_at": "2026-03-09T09:00:00Z", "revoked_at": None,
}  # fmt: skip
ENTRY: dict[str, Any] = {
    "audit_id": 7, "at": "2026-03-02T09:00:00Z", "actor": SCRIPT, "actor_id": None, "action": "user.update",
    "subject": "user/u1", "details": {"points": [ADA], "name": SCRIPT, "is_enabled": False}, "request_id": "r",
}  # fmt: skip
ANSWERS = {
    USERS: {"items": [USER], "next": None},
    f"{USERS}/u1": USER,
    f"{USERS}/u1/sessions": [SESSION],
    "/api/v1/audit": {"items": [ENTRY], "next": "7"},
}


async def opened(language: str = "en", **params: str) -> Users:
    page = Users(Desk(ANSWERS, language))
    await page.load(QueryParams(params))
    return page


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("params", [{}, {"user": "u1"}], ids=["all", "one"])
async def test_nothing_that_somebody_typed_is_markup(language: str, params: dict[str, str]) -> None:
    html = "".join((await opened(language, **params)).regions().values())
    assert SCRIPT not in html
    assert "&lt;script&gt;" in html


def test_a_user_is_said_with_the_names_of_their_points() -> None:
    names = {point_id: name for name, point_id in ((n, str(i)) for n, i in POINTS.items())}
    line = user_line(W, USER, names)
    assert (line.role, line.points, line.seen, line.state) == ("Manager", "Ада", "never yet", "open")
    assert user_line(W, {**USER, "role": "admin"}, names).points == "every shop"
    assert user_line(W, {**USER, "points": []}, names).points == "no shop"


@pytest.mark.parametrize(
    ("change", "is_live", "end"),
    [
        ({}, True, "until 9\xa0Mar, 10:00"),
        ({"expires_at": None}, True, "until it is ended"),
        ({"expires_at": "2026-03-02T11:00:00Z"}, False, "ended"),
        ({"revoked_at": "2026-03-02T10:00:00Z"}, False, "ended"),
    ],
)
def test_a_token_is_live_until_it_is_revoked_or_expires(change: dict[str, Any], is_live: bool, end: str) -> None:
    line = token_line(W, {**SESSION, **change}, NOW, "Europe/Belgrade")
    assert (line.is_live, line.end, line.what) == (is_live, end, "10.0.0.7")


def test_a_change_is_said_in_words_with_a_link_to_what_it_was_about() -> None:
    line = change_line(W, ENTRY, {"user/u1": "mila", f"point/{ADA}": "Ада"}, "Europe/Belgrade")
    assert (line.what, line.subject, line.href) == ("changed a person", "mila", "?page=users&user=u1")
    assert line.details == f"points: Ада; name: {SCRIPT}; is_enabled: false"
    unknown = change_line(W, {**ENTRY, "action": "till.melt", "subject": "till/7"}, {}, "UTC")
    assert (unknown.what, unknown.subject, unknown.href) == ("till.melt", "till/7", "")


def test_a_form_becomes_what_the_api_takes() -> None:
    form = QueryParams([("name", " Mila "), ("points", "a"), ("points", "b"), ("all_points", "on"), ("language", "")])
    said = {"name": "Mila", "all_points": True, "points": ["a", "b"], "language": None}
    assert user_of(form) == said
    assert user_of(form.set("role", "viewer")) == {**said, "role": "viewer"}


async def test_a_password_is_shown_once() -> None:
    desk = Desk({**ANSWERS, USERS: {**USER, "items": [USER], "next": None, "password": "abcd-efgh"}})
    page = Users(desk)
    await page.load(QueryParams())
    await page.on("user_add", pressed("user_add", login="mila", name="Mila", role="manager", points=[ADA]))
    assert desk.went[-1] == QueryParams({"page": "users", "user": "u1"})
    assert "abcd-efgh" in page.regions()["head"]
    await page.on("secret_seen", pressed("secret_seen"))
    assert "abcd-efgh" not in page.regions()["head"]


def test_times_are_in_the_zone_of_the_points_or_in_the_default_one() -> None:
    tokyo = {"zone": "Asia/Tokyo"}
    assert zone_of([tokyo, tokyo]) == "Asia/Tokyo"
    assert zone_of([tokyo, {"zone": "Europe/Paris"}]) == zone_of([]) == "Europe/Belgrade"
