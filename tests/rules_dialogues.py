"""The labelled counter dialogues, and how a recogniser may write them down: clean, noisy, merged, bare."""

import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from domain.rules.engine import judge
from domain.rules.versions import NEWEST, Rules
from domain.status import Attempted, Kind, Reaction
from domain.transcript import Transcript, Utterance, Word
from domain.verdict import DEFAULT_CATALOGUE

DATA = Path(__file__).resolve().parent / "data"
MISHEARD = 0.15
"""Share of the longer words that lose a letter to another in `noisy`; Whisper base errs in 10 to 30 % of words."""


class Rendering(StrEnum):
    """clean: one sentence an utterance; noisy: misheard letters; merged: turns run together; bare: merged, without case
    and punctuation."""

    CLEAN = "clean"
    NOISY = "noisy"
    MERGED = "merged"
    BARE = "bare"


@dataclass(frozen=True)
class Labelled:
    """A dialogue with its labels; lines begin with `S: ` (staff) or `C: ` (customer)."""

    id: str
    split: str
    language: str
    shop: str
    kind: Kind
    attempted: Attempted
    reaction: Reaction
    quality: int
    category: str | None
    lines: tuple[str, ...]

    @classmethod
    def of(cls, row: dict[str, Any]) -> "Labelled":
        labels = {"kind": Kind(row["kind"]), "attempted": Attempted(row["attempted"]), "lines": tuple(row["lines"])}
        return cls(**(row | labels | {"reaction": Reaction(row["reaction"])}))


def labelled(split: str, language: str) -> list[Labelled]:
    """The dialogues of one half, `dev` or `held_out`, and language."""
    return [
        Labelled.of(row) for row in _read("rules_dialogues") if (row["split"], row["language"]) == (split, language)
    ]


def phrases(language: str, kind: str) -> list[str]:
    """What a cashier says after an order: kind `offers`, `serving` or `missed`."""
    found: list[str] = _read("rules_phrases")[language][kind] or []
    return found


@cache
def _read(name: str) -> Any:
    return yaml.safe_load((DATA / f"{name}.yaml").read_text(encoding="utf-8"))


def rendered(dialogue: Labelled, rendering: Rendering, take: int = 0) -> Transcript:
    """As a recogniser would write it, with word times; the same each time, and other chances in another take."""
    chance = random.Random(f"{dialogue.id}{rendering}{take or ''}")
    at_ms = 0
    utterances: list[list[Word]] = []
    for number, line in enumerate(dialogue.lines):
        is_joined = rendering in (Rendering.MERGED, Rendering.BARE) and number % 2 == 1
        for position, sentence in enumerate(_sentences(line[3:])):
            words = [_heard(word, rendering, dialogue.language, chance) for word in sentence.split()]
            timed = [Word(at_ms + 280 * i, at_ms + 280 * i + 250, f" {w}", 0.9) for i, w in enumerate(words) if w]
            if utterances and (is_joined or (rendering is Rendering.BARE and position)):
                utterances[-1] += timed
            else:
                utterances.append(timed)
            at_ms += 280 * len(words) + chance.choice((150, 250, 350))
        at_ms += chance.choice((350, 450, 550, 700))
    return Transcript(dialogue.language, tuple(_utterance(words) for words in utterances if words))


def _sentences(text: str) -> list[str]:
    return [s.strip() for s in re.findall(r"[^.?!…]+(?:[.?!…]+|$)", text) if s.strip()]


def _heard(word: str, rendering: Rendering, language: str, chance: random.Random) -> str:
    if rendering is Rendering.BARE:
        return re.sub(r"[.?!,…]", "", word.lower())
    if rendering is Rendering.NOISY and len(word) > 3 and chance.random() < MISHEARD:
        at = chance.randrange(1, len(word) - 1)
        return word[:at] + chance.choice("аеиотнслр" if language == "ru" else "eatoinsr") + word[at + 1 :]
    return word


def _utterance(words: list[Word]) -> Utterance:
    return Utterance(words[0].start_ms, words[-1].end_ms, "".join(w.word for w in words), tuple(words))


@dataclass
class Score:
    """How the rules did on some dialogues. Reactions and kinds as shares; misses by id, for the reader."""

    hits: int = 0
    false_alarms: int = 0
    misses: int = 0
    kinds: float = 0.0
    reactions: float = 0.0
    wrong: tuple[str, ...] = ()

    @property
    def precision(self) -> float:
        return self.hits / max(self.hits + self.false_alarms, 1)

    @property
    def recall(self) -> float:
        return self.hits / max(self.hits + self.misses, 1)

    @property
    def f1(self) -> float:
        return 2 * self.hits / max(2 * self.hits + self.false_alarms + self.misses, 1)


def score(cases: Iterable[tuple[Labelled, Transcript]], rules: Rules = NEWEST) -> Score:
    """Judges every transcript by the rules and compares with the labels."""
    total = Score()
    pairs = list(cases)
    kinds = reactions = 0
    for truth, transcript in pairs:
        verdict = judge(transcript, DEFAULT_CATALOGUE, rules)
        said, is_so = verdict.attempted is Attempted.YES, truth.attempted is Attempted.YES
        total.hits += said and is_so
        total.false_alarms += said and not is_so
        total.misses += is_so and not said
        kinds += verdict.kind is truth.kind
        reactions += said and is_so and verdict.customer_reaction is truth.reaction
        if said != is_so:
            total.wrong += (truth.id,)
    total.kinds = kinds / max(len(pairs), 1)
    total.reactions = reactions / max(total.hits, 1)
    return total


def renderings(
    dialogues: Iterable[Labelled], rendering: Rendering, takes: int = 1
) -> Iterator[tuple[Labelled, Transcript]]:
    """Each dialogue with its transcript, in so many takes."""
    return ((dialogue, rendered(dialogue, rendering, take)) for dialogue in dialogues for take in range(takes))
