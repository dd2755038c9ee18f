"""What a recorder delivered and said, against what its microphone heard."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from tests.e2e.recorder.rig import Rig, key_of
from tests.e2e.recorder.signal import Source

FRAME_S = 0.02
"""Of Opus: the most by which two chunks that follow each other may gape or overlap."""
START_WITHIN_S, LENGTH_WITHIN_S = 0.3, 0.1


@dataclass
class Findings:
    """`problems`: what must not be; empty where all is well. Seconds."""

    delivered: int = 0
    heard_s: float = 0.0
    recorded_s: float = 0.0
    waiting_s: float = 0.0
    paused_s: float = 0.0
    lost_s: dict[str, float] = field(default_factory=dict)
    scheduled_s: float = 0.0
    worst_start_s: float = 0.0
    missed_s: float = 0.0
    """Of what was recorded, the microphone had to drop so much: the machine was too slow for it."""
    problems: list[str] = field(default_factory=list)
    first_problems: list[str] = field(default_factory=list)


def examine(rig: Rig, source: Source, kept: Iterable[str] = (), made_up: Collection[str] = ()) -> Findings:
    """`kept`: keys of chunks that were said to exist at some time: each must be on the server. `made_up`: keys of
    those that no microphone heard."""
    found = Findings()
    rows = rig.delivered()
    found.delivered = len(rows)
    if missing := set(kept) - {key_of(row) for row in rows}:
        found.problems.append(f"{len(missing)} kept chunks never came: {sorted(missing)}")
    real = [row for row in rows if key_of(row) not in made_up]
    _listen(rig, source, real, found)
    _account(rig.ledger(), real, found)
    return found


def _listen(rig: Rig, source: Source, rows: list[dict[str, Any]], found: Findings) -> None:
    places = []
    for row in rows:
        place = source.place_of(rig.server.file_of(row))
        if place is None:
            continue
        start_s, end_s = place
        places.append((start_s, end_s, key_of(row)))
        off_s = abs(row["start_ts"].timestamp() - rig.wall_s_of(start_s))
        found.worst_start_s = max(found.worst_start_s, off_s)
        if off_s > START_WITHIN_S:
            found.problems.append(f"{key_of(row)} starts {off_s:.2f} s off the truth")
        said_s = (row["end_ts"] - row["start_ts"]).total_seconds()
        if abs(said_s - (end_s - start_s)) > LENGTH_WITHIN_S:
            found.problems.append(f"{key_of(row)} says {said_s:.2f} s and has {end_s - start_s:.2f} s")
    places.sort()
    found.missed_s = rig.missed_s(places)
    found.heard_s = sum(end_s - start_s for start_s, end_s, _ in places)
    for (_, end_s, one), (start_s, _, other) in pairwise(places):
        if end_s - start_s > FRAME_S:
            found.problems.append(f"{end_s - start_s:.2f} s delivered twice, in {one} and {other}")
        follow = one.rpartition("-")[0] == other.rpartition("-")[0] and int(other[-6:]) == int(one[-6:]) + 1
        if follow and start_s - end_s > FRAME_S:
            found.problems.append(f"{start_s - end_s:.2f} s missing between {one} and {other}")


def _account(ledger: dict[str, Any], rows: list[dict[str, Any]], found: Findings) -> None:
    """The ledger's intervals are the schedule without hole or overlap; what it calls recorded was delivered."""
    found.recorded_s, found.waiting_s = ledger["recorded_s"], ledger["waiting_s"]
    found.paused_s, found.lost_s, found.scheduled_s = ledger["paused_s"], ledger["lost_s"], ledger["accounted_s"]
    spans = [(_instant(i["start"]), _instant(i["end"])) for i in ledger["intervals"]]
    for (_, end_ms), (start_ms, _) in pairwise(spans):
        if start_ms != end_ms:
            found.problems.append(f"the ledger says nothing of {start_ms - end_ms} ms")
    sum_s = found.recorded_s + found.waiting_s + found.paused_s + sum(found.lost_s.values())
    if abs(sum_s - (spans[-1][1] - spans[0][0]) / 1000) > 0.001:
        found.problems.append(f"the ledger's sum is {sum_s:.3f} s of {(spans[-1][1] - spans[0][0]) / 1000:.3f} s")
    sent_s = sum((row["end_ts"] - row["start_ts"]).total_seconds() for row in rows)
    if abs(sent_s - found.recorded_s) > LENGTH_WITHIN_S * max(1, len(rows)):
        found.problems.append(f"the ledger says {found.recorded_s:.2f} s recorded, delivered are {sent_s:.2f} s")


def _instant(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)
