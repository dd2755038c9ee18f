"""The columns of an export: a dialogue as one line, and what was said in it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from db.dialogues.rows import DialogueLine
from domain.access import Principal
from serve_apps.api.dialogues.schemas import DialogueRow
from serve_apps.api.dialogues.views import row_of

COLUMNS = (
    *("dialogue_id", "point", "register", "start_ts", "end_ts", "duration_s", "place", "status", "kind", "attempted"),
    *("quality_score", "categories", "reaction", "confidence", "language", "engine", "review", "reviewer"),
    *("reviewed_at", "first_quote", "summary", "text", "point_id", "register_id", "revision"),
)


class ExportedRow(DialogueRow):
    """A line of the list with all that was said."""

    text: str


def exported(line: DialogueLine, caller: Principal) -> ExportedRow:
    """As the caller may see it."""
    return ExportedRow(**row_of(line, caller).model_dump(), text=line.text or "")


def cells(row: ExportedRow) -> Sequence[str | int | float | datetime | None]:
    """In the order of COLUMNS. Instants have the offset of the point."""
    values: dict[str, Any] = row.model_dump(by_alias=True)
    mark = row.review
    values |= {
        "categories": "; ".join(row.categories),
        "confidence": None if row.confidence is None else round(row.confidence, 4),
        "review": mark.state.value if mark else None,
        "reviewer": mark.reviewer if mark else None,
        "reviewed_at": mark.at if mark else None,
    }
    return [_plain(values[name]) for name in COLUMNS]


def _plain(value: Any) -> str | int | float | datetime | None:
    return value if value is None or isinstance(value, int | float | datetime) else str(value)
