"""What could have been offered: of the point's catalogue, what goes with what was bought, and was not spoken of.

An idea, not a judgement: it stands beside the verdict, so that a cashier can be shown what there was to say. The words
for what was bought are those of the rules engine (`domain/rules`), so it knows the languages that the engine knows.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from re import Pattern

from domain.rules.engine import lexicon_of
from domain.rules.lexicon import Lexicon, any_of
from domain.rules.sentences import Sentence, normalise, sentences
from domain.status import Attempted, Kind
from domain.transcript import Transcript
from domain.verdict import DEFAULT_CATALOGUE

SPECIFIC_QUALITY = 2
HOT_DRINKS: Mapping[str, Pattern[str]] = {
    "ru": any_of([r"кофе|капучин\w*|латте|американо|эспрессо|раф\w*|флэт ?уайт|мокко|какао|матч[ауие]|ча(?:й|ю|я|ем)"]),
    "en": any_of([r"coffees?|cappuccinos?|lattes?|americanos?|espressos?|flat whites?|mochas?|cocoa|matcha|teas?"]),
}
DRINK, SWEET, PASTRY = "drink", "dessert", "pastry"
GOES_WITH: Mapping[str, Collection[str]] = {
    "coffee_size": (DRINK,),
    "dessert": (DRINK,),
    "pastry": (DRINK,),
    "syrup": (DRINK,),
    "add_ons": (DRINK, SWEET, PASTRY),
    "combo": (DRINK, SWEET, PASTRY),
    "takeaway": (DRINK, SWEET, PASTRY),
}
"""The default catalogue: what each is offered with. An entry of the point's own goes with anything."""
ENOUGH: Mapping[str, Collection[str]] = {"dessert": (SWEET, PASTRY), "pastry": (SWEET, PASTRY)}
"""Who has one of these wants no other of the kind."""


@dataclass(frozen=True, slots=True)
class Idea:
    """category: of the catalogue; because: what it goes with, in the words that were said; empty: anything."""

    category: str
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Missed:
    """bought: things that were asked for, as said; ideas: the surest first.

    is_missed: a sale in which nothing specific was offered though there was something to offer.
    """

    is_missed: bool
    bought: tuple[str, ...]
    ideas: tuple[Idea, ...]


def missed(
    transcript: Transcript,
    catalogue: Sequence[str],
    kind: Kind,
    attempted: Attempted,
    quality_score: int,
    offered: Collection[str],
    offers: Collection[int] = (),
) -> Missed | None:
    """None unless it is a sale in a language that is known here. `offered`: categories of the verdict; `offers`:
    utterances in which something was offered: what is named there was not bought by itself."""
    lexicon = lexicon_of(transcript.language)
    if lexicon is None or kind is not Kind.SALE:
        return None
    said = [line for line in sentences(transcript) if line.utterance not in offers]
    bought = _bought(transcript, said, lexicon, is_offered=bool(offers))
    named = {c for c in catalogue if c in offered or any(_names(c, line.norm, lexicon) for line in said)}
    ideas = [_idea(category, bought) for category in catalogue if category not in named and category != "other"]
    found = tuple(sorted((idea for idea in ideas if idea is not None), key=lambda idea: not idea.because))
    is_specific = attempted is Attempted.YES and quality_score >= SPECIFIC_QUALITY
    things = tuple(dict.fromkeys(word for words in bought.values() for word in words))
    return Missed(bool(found) and not is_specific and attempted is not Attempted.UNCERTAIN, things, found)


def _bought(
    transcript: Transcript, said: Sequence[Sentence], lexicon: Lexicon, *, is_offered: bool
) -> dict[str, list[str]]:
    """What was spoken of, as said, by what other things go with. A refusal names what was not bought; where nothing
    was offered there is nothing to refuse, and “just a coffee” is an order."""
    patterns = {
        DRINK: HOT_DRINKS[lexicon.language],
        SWEET: lexicon.categories["dessert"],
        PASTRY: lexicon.categories["pastry"],
        "": lexicon.goods,
    }
    found: dict[str, list[str]] = {key: [] for key in patterns}
    for line in said:
        if is_offered and lexicon.talk.rejects.match(line.norm):
            continue
        taken: set[int] = set()
        for key, pattern in patterns.items():
            for match in pattern.finditer(line.norm):
                first, last = line.words_of(match)
                if first not in taken:
                    taken.update(range(first, last + 1))
                    found[key].append(_as_said(transcript, line, first, last))
    return {key: list(dict.fromkeys(words)) for key, words in found.items()}


def _as_said(transcript: Transcript, line: Sentence, first: int, last: int) -> str:
    text = transcript.utterances[line.utterance].text[line.spans[first][0] : line.spans[last][1]]
    return re.sub(r"^\W+|\W+$", "", text).lower()


def _idea(category: str, bought: Mapping[str, Sequence[str]]) -> Idea | None:
    if category not in DEFAULT_CATALOGUE:
        return Idea(category, ())
    if any(bought[key] for key in ENOUGH.get(category, ())):
        return None
    because = tuple(dict.fromkeys(word for key in GOES_WITH[category] for word in bought[key]))
    return Idea(category, because) if because else None


def _names(category: str, text: str, lexicon: Lexicon) -> bool:
    """Was this category spoken of, by the lexicon's words or its own?"""
    pattern = lexicon.categories.get(category)
    if pattern is not None:
        return pattern.search(text) is not None
    words = [word for word in normalise(category.replace("_", " ")).split() if len(word) > 2]
    return bool(words) and all(f" {word[:5]}" in f" {text}" for word in words)
