"""What the forms of a point say, as the api takes it. Pure."""

from typing import Any
from zoneinfo import ZoneInfo

from httpx import QueryParams

from dashboard.places.moments import instant


class FormError(ValueError):
    """`key`: the text that says what to mend."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def settings_of(form: QueryParams, *, is_admin: bool) -> dict[str, Any]:
    """A PATCH of the point. Raises FormError."""
    changes: dict[str, Any] = {
        "name": form.get("name", "").strip(),
        "country": form.get("country", "").strip().upper() or None,
        "zone": form.get("zone", "").strip(),
        "language": form.get("language", "").strip(),
        "goal": _goal(form.get("goal", "")),
        "catalogue": [line.strip() for line in form.get("catalogue", "").splitlines() if line.strip()] or None,
        "audio_days": _days(form.get("audio_days", "")),
        "text_days": _days(form.get("text_days", "")),
    }
    if is_admin:
        changes["shows_registers"] = form.get("shows_registers") == "on"
    return changes


def interval_of(form: QueryParams, point_id: str, zone: str) -> dict[str, Any]:
    """An erasure's body from local times of the point. Raises FormError."""
    try:
        start, end = instant(form.get("from", ""), ZoneInfo(zone)), instant(form.get("to", ""), ZoneInfo(zone))
    except ValueError:
        raise FormError("erasing.times") from None
    if end <= start:
        raise FormError("erasing.order")
    body = {"kind": "interval", "point_id": point_id, "from": start.isoformat(), "to": end.isoformat()}
    device_id = form.get("device_id")
    return {**body, "device_id": device_id} if device_id else body


def _goal(text: str) -> float | None:
    text = text.strip().removesuffix("%").replace(",", ".").strip()
    if not text:
        return None
    try:
        percent = float(text)
    except ValueError:
        raise FormError("places.goal_wrong") from None
    if not 0 <= percent <= 100:
        raise FormError("places.goal_wrong")
    return round(percent / 100, 4)


def _days(text: str) -> int | None:
    if not text.strip():
        return None
    if not text.strip().isdigit() or not 1 <= int(text) <= 3650:
        raise FormError("places.days_wrong")
    return int(text)
