"""What the api says of people, in the words of a page. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from httpx import QueryParams

from dashboard.wording import Wording

ROLES = ("admin", "manager", "reviewer", "viewer", "machine")
UUID_CHARS = 36
NOTHING: tuple[Any, ...] = (None, "", [], {})
DEFAULT_ZONE = "Europe/Belgrade"


@dataclass(frozen=True, slots=True)
class UserLine:
    """A row of the list. tone: of the state's chip."""

    user: Mapping[str, Any]
    role: str
    points: str
    state: str
    tone: str
    seen: str


@dataclass(frozen=True, slots=True)
class TokenLine:
    """A session or a machine's token. `is_live`: it can be ended."""

    token_id: str
    what: str
    used: str
    end: str
    is_live: bool


@dataclass(frozen=True, slots=True)
class Change:
    """A line of the log. href: of what was changed, where a page shows it."""

    at: str
    actor: str
    what: str
    subject: str
    href: str
    details: str


def user_line(w: Wording, user: Mapping[str, Any], points: Mapping[str, str]) -> UserLine:
    """points: id → name."""
    sees_all = user["all_points"] or user["role"] == "admin"
    names = sorted(points.get(one, one) for one in user["points"])
    state, tone = ("enabled", "good") if user["is_enabled"] else ("disabled", "bad")
    return UserLine(
        user=user,
        role=w.s(f"users.role.{user['role']}"),
        points=w.s("users.every_point") if sees_all else ", ".join(names) or w.s("users.no_point"),
        state=w.s(f"users.state.{state}"),
        tone=tone,
        seen=w.ago(user["last_seen_at"]) if user["last_seen_at"] else w.s("users.never_seen"),
    )


def token_line(w: Wording, token: Mapping[str, Any], now: datetime, zone: str) -> TokenLine:
    """now: to tell whether it has expired; zone: of the times that are shown."""
    expires_at = token["expires_at"]
    is_over = token["revoked_at"] is not None or (expires_at is not None and datetime.fromisoformat(expires_at) <= now)
    end = w.s("users.ends", when=w.moment(expires_at, zone)) if expires_at else w.s("users.ends_never")
    used = w.ago(token["last_used_at"]) if token["last_used_at"] else w.s("users.never_used")
    return TokenLine(
        token_id=token["token_id"],
        what=token["name"] or token["client"] or w.s("users.unknown_client"),
        used=used,
        end=w.s("users.ended") if is_over else end,
        is_live=not is_over,
    )


def change_line(w: Wording, entry: Mapping[str, Any], names: Mapping[str, str], zone: str) -> Change:
    """names: subject → what it is called; what has none is shown as it is stored."""
    kind, _, number = entry["subject"].partition("/")
    hrefs = {"user": f"?page=users&user={number}", "point": f"?page=places&point={number}"}
    action = f"users.action.{entry['action'].replace('.', '_')}"
    return Change(
        at=w.moment(entry["at"], zone),
        actor=entry["actor"],
        what=w.s(action) if w.s.has(action) else entry["action"],
        subject=names.get(entry["subject"], number[:8] if len(number) == UUID_CHARS else entry["subject"]),
        href=hrefs.get(kind, ""),
        details="; ".join(
            f"{name}: {_shown(value, names)}" for name, value in entry["details"].items() if value not in NOTHING
        ),
    )


def zone_of(points: Sequence[Mapping[str, Any]]) -> str:
    """In which zone a page without a point of its own shows times."""
    zones = {str(point["zone"]) for point in points}
    return zones.pop() if len(zones) == 1 else DEFAULT_ZONE


def user_of(form: QueryParams) -> dict[str, Any]:
    """What the forms of a user have in common, as the api takes it."""
    return {
        "name": form.get("name", "").strip(),
        "all_points": form.get("all_points") == "on",
        "points": form.get_list("points"),
        "language": form.get("language") or None,
        **({"role": form["role"]} if form.get("role") else {}),
    }


def subjects(users: Sequence[Mapping[str, Any]], points: Mapping[str, str]) -> dict[str, str]:
    """Subject of the log → its name."""
    return {f"user/{user['user_id']}": user["login"] for user in users} | {
        f"point/{point_id}": name for point_id, name in points.items()
    }


def _shown(value: Any, names: Mapping[str, str]) -> str:
    if isinstance(value, list):
        return ", ".join(_shown(one, names) for one in value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return names.get(f"point/{text}", text)
