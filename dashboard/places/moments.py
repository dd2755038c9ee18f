"""Local times as a browser's field has them (2026-03-02T09:00), and instants. Pure."""

from datetime import datetime, timedelta, tzinfo


def instant(local: str, zone: tzinfo) -> datetime:
    """Of a time that the clocks show twice: the first. Raises ValueError."""
    there = datetime.fromisoformat(local)
    if there.tzinfo is not None:
        raise ValueError("the field gives times without a zone")
    return there.replace(tzinfo=zone)


def shifted(day: str, by: int) -> str:
    """The date so many days later."""
    return (datetime.fromisoformat(day) + timedelta(days=by)).date().isoformat()
