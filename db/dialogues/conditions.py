"""The filters of dialogues as conditions on `dialogue_facts`, by name of the filter."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import ColumnElement, Text, and_, cast, exists, extract, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from db import tables as t
from domain.dialogue_filter import DialogueFilter, Reviewed
from domain.status import Place

_f = t.dialogue_facts.c
_EARLIEST_ZONE, _LATEST_ZONE = timedelta(hours=14), timedelta(hours=12)
"""A day begins up to 14 hours before and up to 12 hours after it does in UTC."""
_REVIEWED: Mapping[Reviewed, ColumnElement[bool]] = {
    Reviewed.NONE: _f.review_id.is_(None),
    Reviewed.REVIEWED: and_(_f.review_id.is_not(None), ~_f.is_stale),
    Reviewed.STALE: and_(_f.review_id.is_not(None), _f.is_stale),
}


def conditions(wanted: DialogueFilter) -> dict[str, ColumnElement[bool]]:
    """All but period, points and text, by the name that the api gives a filter; without those that let all through."""
    of_lists: dict[str, ColumnElement[bool]] = {
        name: column.in_(values)
        for name, column, values in (
            ("register", _f.register_id, wanted.registers),
            ("device", _f.device_id, wanted.devices),
            ("kind", _f.kind, wanted.kinds),
            ("attempted", _f.attempted, wanted.attempted),
            ("quality", _f.quality_score, wanted.quality),
            ("reaction", _f.customer_reaction, wanted.reactions),
            ("reviewer", _f.reviewer, wanted.reviewers),
            ("language", _f.language, wanted.languages),
            ("engine", _f.engine, wanted.engines),
        )
        if values
    }
    return of_lists | _place(wanted) | _of_several(wanted) | _of_ranges(wanted)


def scope(wanted: DialogueFilter, point_id: ColumnElement[object]) -> list[ColumnElement[bool]]:
    """Whose dialogues. One point is an equality: that is what lets its index give them in order."""
    if wanted.points is None:
        return []
    return [point_id == wanted.points[0] if len(wanted.points) == 1 else point_id.in_(wanted.points)]


def period(wanted: DialogueFilter) -> list[ColumnElement[bool]]:
    """Days are the dialogue's point's; see `bounds` for what an index can use."""
    first, last = wanted.start_from, wanted.start_to
    found: list[ColumnElement[bool]] = []
    if isinstance(first, datetime):
        found.append(_f.start_ts >= first)
    elif first is not None:
        found.append(_f.day >= first)
    if isinstance(last, datetime):
        found.append(_f.start_ts < last)
    elif last is not None:
        found.append(_f.day <= last)
    return found


def bounds(wanted: DialogueFilter) -> tuple[datetime | None, datetime | None]:
    """Instants [from, to) outside which nothing of the period starts, whatever the zones of its points."""
    return _earliest(wanted.start_from), _latest(wanted.start_to)


def _earliest(moment: date | datetime | None) -> datetime | None:
    if moment is None or isinstance(moment, datetime):
        return moment
    return datetime.combine(moment, time(), UTC) - _EARLIEST_ZONE


def _latest(moment: date | datetime | None) -> datetime | None:
    if moment is None or isinstance(moment, datetime):
        return moment
    return datetime.combine(moment, time(), UTC) + timedelta(days=1) + _LATEST_ZONE


def _place(wanted: DialogueFilter) -> dict[str, ColumnElement[bool]]:
    return {"place": _f.place.in_(wanted.places) if wanted.places else _f.place != Place.SUPERSEDED}


def _of_several(wanted: DialogueFilter) -> dict[str, ColumnElement[bool]]:
    found: dict[str, ColumnElement[bool]] = {}
    if wanted.categories:
        found["category"] = _f.categories.overlap(cast(list(wanted.categories), ARRAY(Text)))
    if wanted.reviewed:
        found["reviewed"] = or_(*(_REVIEWED[state] for state in wanted.reviewed))
    if wanted.statuses:
        of_dialogue = t.dialogues.c.dialogue_id == _f.dialogue_id
        has_status = exists().where(of_dialogue, t.dialogues.c.analysis_status.in_(wanted.statuses))
        found["status"] = has_status.correlate(t.dialogue_facts)  # the counts join the dialogues themselves
    if wanted.weekdays:
        found["weekday"] = weekday().in_(wanted.weekdays)
    if wanted.hours:
        of_point = select(t.points.c.zone).where(t.points.c.point_id == _f.point_id)
        zone = of_point.correlate(t.dialogue_facts).scalar_subquery()  # the counts join the points themselves
        found["hour"] = hour(zone).in_(wanted.hours)
    return found


def weekday() -> ColumnElement[int]:
    """0 is Monday."""
    return extract("isodow", _f.day) - 1


def hour(zone: ColumnElement[str]) -> ColumnElement[int]:
    """0 to 23, by the point's clock."""
    return extract("hour", func.timezone(zone, _f.hour_ts))


def _of_ranges(wanted: DialogueFilter) -> dict[str, ColumnElement[bool]]:
    length = _f.end_ts - _f.start_ts
    given = (
        ("confidence_min", wanted.confidence_min, lambda v: _f.confidence >= v),
        ("confidence_max", wanted.confidence_max, lambda v: _f.confidence <= v),
        ("min_s", wanted.min_s, lambda v: length >= timedelta(seconds=v)),
        ("max_s", wanted.max_s, lambda v: length <= timedelta(seconds=v)),
    )
    return {name: condition(value) for name, value, condition in given if value is not None}
