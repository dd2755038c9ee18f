"""When a dialogue can change no more. Pure: gives an instant, leaves the clock to the caller."""

from collections.abc import Iterable, Iterator

from domain.timeline import Arrival, Dialogue, Fate, Rules, Span

ALREADY = 0
"""The instant for a dialogue that waits for nothing: all the time that it depends on is known."""


def window(dialogue: Dialogue, rules: Rules) -> Span:
    """The time that decides about the dialogue: [end − reach, start + reach], cut short on either side where the first
    silence longer than `silence_ms` is complete."""
    start_ms, end_ms = dialogue.span
    speech = dialogue.chain.speech
    left_ms, right_ms = start_ms, end_ms
    for s in reversed(speech[: dialogue.first]):
        if left_ms - s.end_ms > rules.silence_ms or left_ms <= end_ms - rules.reach_ms:
            break
        left_ms = min(left_ms, s.start_ms)
    for s in speech[dialogue.last :]:
        if s.start_ms - right_ms > rules.silence_ms or right_ms >= start_ms + rules.reach_ms:
            break
        right_ms = max(right_ms, s.end_ms)
    return Span(
        max(left_ms - rules.silence_ms, end_ms - rules.reach_ms),
        min(right_ms + rules.silence_ms, start_ms + rules.reach_ms),
    )


def close_at(dialogue: Dialogue, arrivals: Iterable[Arrival], rules: Rules, owed_from_ms: int = 0) -> int | None:
    """The instant, ms since the epoch, at which the dialogue closes; ALREADY where its window is known; None while a
    received chunk that may touch the window is neither decoded nor dead.

    `arrivals` are the received chunks around the window, those of the dialogue's own chain included. A hole in the
    chain's audio closes `lateness_ms` after the recorder was known to have gone on; dead audio is no hole. The device
    owes nothing from before `owed_from_ms`.
    """
    needed = window(dialogue, rules)
    reach = needed.widened(rules.contiguity_ms)
    near = [a for a in arrivals if reach.touches(Span(a.start_ms, a.end_ms))]
    if any(a.fate is Fate.PENDING for a in near):
        return None
    own = {c.chunk_id for c in dialogue.chain.audio}
    known = [a for a in near if a.chunk_id in own or a.fate is Fate.DEAD]
    owed = Span(max(needed.start_ms, owed_from_ms), needed.end_ms)
    return max((since_ms + rules.lateness_ms for since_ms in _holes(owed, known, rules)), default=ALREADY)


def rested_at(close_ms: int | None, revision: int, changed_ms: int, rules: Rules) -> int | None:
    """A revised dialogue also rests `revise_wait_ms` after its last change: stragglers seldom come alone."""
    if close_ms is None or revision == 1:
        return close_ms
    return max(close_ms, changed_ms + rules.revise_wait_ms)


def _holes(owed: Span, known: list[Arrival], rules: Rules) -> Iterator[int]:
    """For each stretch of `owed` without audio: when the server saw that the recorder had gone on after it."""
    at_ms = owed.start_ms
    before: Arrival | None = None
    for arrival in sorted(known, key=lambda a: (a.start_ms, a.end_ms)):
        gap_ms = min(arrival.start_ms, owed.end_ms) - at_ms
        if before is None and gap_ms > 0:
            yield arrival.received_ms
        elif before is not None and gap_ms > rules.contiguity_ms:
            yield before.followed_ms
        if before is None or arrival.end_ms >= before.end_ms:
            before = arrival
        at_ms = max(at_ms, arrival.end_ms)
    if before is not None and owed.end_ms > at_ms:
        yield before.followed_ms
