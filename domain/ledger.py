"""What the server makes of a recorder's ledger: which report counts, and what it has to be asked for again."""

from dataclasses import dataclass
from uuid import UUID

from domain.timeline import Span

DAY_MS = 24 * 3600 * 1000
HORIZON_MS = 31 * DAY_MS
"""A report changes nothing older than this: a recorder whose clock is wrong must not rewrite the past."""
ASKED_MS = 30 * DAY_MS
"""A server that knows nothing of a device asks for this much."""


@dataclass(frozen=True, slots=True)
class Known:
    """What was accepted of a device's ledger. Up to `until_ms` there is no hole in it."""

    ledger_id: UUID
    revision: int
    until_ms: int


@dataclass(frozen=True, slots=True)
class Report:
    """A recorder's account of `span`, read from one revision of its ledger."""

    ledger_id: UUID
    revision: int
    span: Span


@dataclass(frozen=True, slots=True)
class Judgement:
    """`takes`: the time whose account is to be replaced, None where nothing is. `asks_from_ms`: the recorder shall tell
    again from there on; None: nothing is missing."""

    known: Known
    takes: Span | None
    asks_from_ms: int | None


def judge(known: Known | None, report: Report, created_ms: int, now_ms: int) -> Judgement:
    """A report of a smaller revision than before is an old one that was long on its way.

    A hole before the report (the server lost its newest data, the answer to an earlier report was lost) and a ledger
    that the server has never heard of (another memory card, a server set up anew) are asked for: from where the
    known account ends. `created_ms`: the device did not exist before.
    """
    if known is not None and known.ledger_id == report.ledger_id and report.revision < known.revision:
        return Judgement(known, None, None)
    whole_until_ms = max(created_ms, now_ms - ASKED_MS) if known is None else known.until_ms
    takes = Span(max(report.span.start_ms, now_ms - HORIZON_MS), min(report.span.end_ms, now_ms))
    has_hole = report.span.start_ms > whole_until_ms
    until_ms = whole_until_ms if has_hole else max(whole_until_ms, takes.end_ms)
    return Judgement(
        Known(report.ledger_id, report.revision, until_ms),
        takes if takes.start_ms < takes.end_ms else None,
        whole_until_ms if has_hole else None,
    )
