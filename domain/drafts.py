"""How one rebuilt dialogue shall be written: as what revision, open or closed. Pure; `now_ms` is an argument."""

from collections.abc import Iterable
from dataclasses import dataclass

from domain.closing import close_at, rested_at
from domain.ids import DialogueId
from domain.revisions import Stored, is_same
from domain.status import DialogueState
from domain.timeline import Arrival, Dialogue, Rules


@dataclass(frozen=True, slots=True)
class Draft:
    """One dialogue as it shall stand."""

    dialogue_id: DialogueId
    dialogue: Dialogue
    revision: int
    state: DialogueState
    close_ms: int | None
    """While it is open: when to look again; None: once the received audio that it waits for is settled."""
    is_new: bool
    is_changed: bool
    """Its segments differ from what is stored, or nothing is stored."""

    @property
    def speech_ms(self) -> int:
        return sum(s.end_ms - s.start_ms for s in self.dialogue.segments)


@dataclass(frozen=True, slots=True)
class Moment:
    """When dialogues are drafted: the server's clock, and up to when the device has delivered everything."""

    now_ms: int
    owed_from_ms: int = 0


def draft(
    dialogue_id: DialogueId,
    dialogue: Dialogue,
    stored: Stored | None,
    arrivals: Iterable[Arrival],
    moment: Moment,
    rules: Rules,
) -> Draft | None:
    """None where what is stored may stay as it is.

    A closed dialogue never opens unless its content changes, which makes a new revision. An open one has been seen by
    nobody, so it changes under the revision that it has.
    """
    is_changed = stored is None or not is_same(stored, dialogue)
    was_closed = stored is not None and stored.state is DialogueState.CLOSED
    if was_closed and not is_changed:
        return None
    revision = 1 if stored is None else stored.revision + (1 if was_closed else 0)
    changed_ms = moment.now_ms if stored is None or is_changed else stored.changed_ms
    close_ms = rested_at(close_at(dialogue, arrivals, rules, moment.owed_from_ms), revision, changed_ms, rules)
    is_closed = close_ms is not None and close_ms <= moment.now_ms
    state = DialogueState.CLOSED if is_closed else DialogueState.OPEN
    return Draft(dialogue_id, dialogue, revision, state, close_ms, is_new=stored is None, is_changed=is_changed)
