"""Cursors of the list of dialogues: opaque to whoever gets them, and good for the very list that they came from."""

import base64
import binascii
import hashlib
import json
import math
from datetime import UTC, datetime
from uuid import UUID

from db.dialogues.listing import Position
from domain.chunks import YEARS
from domain.dialogue_filter import DialogueFilter, Sort
from serve_apps.problems import Code, FieldError, Problem, fields_problem


def write_cursor(position: Position, wanted: DialogueFilter, sort: Sort) -> str:
    """URL-safe."""
    start = position.start_ts.astimezone(UTC).isoformat()
    parts = [start, str(position.dialogue_id), position.value, _name_of(wanted, sort)]
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def read_cursor(cursor: str, wanted: DialogueFilter, sort: Sort) -> Position:
    """Raises Problem where it is no cursor, or one of another list."""
    try:
        decoded = base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))
        start, dialogue_id, value, name = json.loads(decoded)
        position = Position(datetime.fromisoformat(start), UUID(dialogue_id), None if value is None else float(value))
        if position.start_ts.tzinfo is None or position.start_ts.year not in YEARS:
            raise ValueError("made by nobody here")
        if (value is None) != sort.is_by_time or (value is not None and not math.isfinite(position.value or 0)):
            raise ValueError("made for another order")
    except (binascii.Error, ValueError, TypeError, AttributeError, RecursionError):
        raise _refused("is not the `next` of a page; leave it out to begin anew") from None
    if name != _name_of(wanted, sort):
        raise _refused("belongs to other filters or another order; leave it out to begin anew")
    return position


def _name_of(wanted: DialogueFilter, sort: Sort) -> str:
    return hashlib.sha256(repr((wanted, sort.value)).encode()).hexdigest()[:16]


def _refused(message: str) -> Problem:
    return fields_problem([FieldError(field="query.after", message=message)], Code.FIELD_INVALID)
