"""Times as people type them on the command line."""

from datetime import date, datetime, time, timedelta

import typer


def parse_start(text: str | None) -> datetime | None:
    """`2026-03-02`, `2026-03-02T09:10` or with Z or an offset. A date is its first instant; without a zone: naive."""
    return _parse(text, 0)


def parse_end(text: str | None) -> datetime | None:
    """Like `parse_start`, but a date includes that day: it is the first instant of the next one."""
    return _parse(text, 1)


def _parse(text: str | None, further_days: int) -> datetime | None:
    if text is None:
        return None
    try:
        if len(text) == len("2026-03-02"):
            return datetime.combine(date.fromisoformat(text) + timedelta(days=further_days), time())
        return datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        example = "2026-03-02, 2026-03-02T09:10 or 2026-03-02T09:10:00Z"
        raise typer.BadParameter(f"'{text}' is no date or time; write it as {example}") from None
