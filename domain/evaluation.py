"""How good a day's result is, measured against its truth. Pure; times in ms since the epoch.

The measures, one definition each:

- *True spans*: the 12 s rule applied to the true speech. Two true dialogues 8 s apart are one span; a long one is cut.
- *Dialogue F1*: predicted dialogues and true spans paired one to one, greatest overlap first, where intersection over
  union is at least 0.5; F1 of precision (paired / predicted) and recall (paired / true).
- *Boundary error*: over the pairs, the median distance of both ends, in ms.
- *WER* per language: predicted dialogues and true spans that overlap, directly or through one another, are read in
  order of time as one text on either side, so a split or merge costs no words; text where nothing was said counts as
  insertions, a span that nothing overlaps as deletions. Every word weighs alike.
- *Upsell* precision, recall, F1: over the pairs and what is left over; a true span holds an attempt if any true offer
  lies in it, a predicted one if its verdict is `yes` (`uncertain` is not).
- *Reaction* and *kind* accuracy: over the pairs; reaction where both sides see an attempt and the truth knows its end.
- *Quotes*: the share that is verbatim in the dialogue's text, inside the times of the words that it quotes, and
  at the time of a true offer.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from domain.status import Attempted, Kind, Reaction
from domain.wer import WordErrors, word_errors

MIN_IOU = 0.5
WORD_SLACK_MS = 1
"""Instants travel in whole milliseconds, so a word may begin one earlier than its quote."""


@dataclass(frozen=True, slots=True)
class Said:
    """Something said: an utterance of the truth, or a word of a prediction."""

    start_ms: int
    end_ms: int
    text: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """A true upsell attempt. accepted: None where the truth does not say."""

    start_ms: int
    end_ms: int
    accepted: bool | None


@dataclass(frozen=True, slots=True)
class TrueSpan:
    """What should come out as one dialogue, and what truly happened in it."""

    start_ms: int
    end_ms: int
    utterances: tuple[Said, ...] = ()
    offers: tuple[Offer, ...] = ()
    kinds: frozenset[Kind] = frozenset()

    @property
    def language(self) -> str:
        """That of most of its words."""
        words: dict[str, int] = defaultdict(int)
        for said in self.utterances:
            words[said.language] += len(said.text.split())
        return max(words, key=lambda language: (words[language], language), default="")

    @property
    def kind(self) -> Kind:
        """A span with a sale in it is a sale, then an enquiry, then staff."""
        return next((kind for kind in (Kind.SALE, Kind.ENQUIRY, Kind.STAFF) if kind in self.kinds), Kind.UNCLEAR)

    @property
    def reaction(self) -> Reaction:
        """Accepted where any offer was, rejected where all known ones were."""
        known = {offer.accepted for offer in self.offers} - {None}
        return Reaction.UNCLEAR if not known else Reaction.ACCEPTED if True in known else Reaction.REJECTED


@dataclass(frozen=True, slots=True)
class Quote:
    quote: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Predicted:
    """One dialogue as the system reports it. attempted, kind and reaction are None without a verdict."""

    start_ms: int
    end_ms: int
    language: str = ""
    text: str = ""
    words: tuple[Said, ...] = ()
    attempted: Attempted | None = None
    kind: Kind | None = None
    reaction: Reaction | None = None
    quotes: tuple[Quote, ...] = ()


Span = TrueSpan | Predicted


@dataclass(frozen=True, slots=True)
class Hits:
    """correct of `said` predictions and of `true` ones. A figure is None where nothing could be counted."""

    correct: int = 0
    said: int = 0
    true: int = 0

    def __add__(self, other: "Hits") -> "Hits":
        return Hits(self.correct + other.correct, self.said + other.said, self.true + other.true)

    @property
    def precision(self) -> float | None:
        return self.correct / self.said if self.said else None

    @property
    def recall(self) -> float | None:
        return self.correct / self.true if self.true else None

    @property
    def f1(self) -> float | None:
        return 2 * self.correct / (self.said + self.true) if self.said + self.true else None


@dataclass(frozen=True, slots=True)
class Share:
    """`right` of `of`."""

    right: int = 0
    of: int = 0

    @property
    def rate(self) -> float | None:
        return self.right / self.of if self.of else None


@dataclass(frozen=True, slots=True)
class Evaluation:
    dialogues: Hits
    boundary_error_ms: float | None
    wer: Mapping[str, WordErrors] = field(default_factory=dict)
    upsell: Hits = Hits()
    upsell_by_language: Mapping[str, Hits] = field(default_factory=dict)
    reaction: Share = Share()
    kind: Share = Share()
    quotes_verbatim: Share = Share()
    quotes_in_words: Share = Share()
    quotes_at_offer: Share = Share()


def evaluate(truth: Sequence[TrueSpan], predicted: Sequence[Predicted]) -> Evaluation:
    """Every measure of this module's docstring."""
    pairs = paired(truth, predicted)
    both_attempted = [(t, p) for t, p in pairs if t.offers and p.attempted is Attempted.YES]
    reactions = [t.reaction is p.reaction for t, p in both_attempted if t.reaction is not Reaction.UNCLEAR]
    kinds = [t.kind is p.kind for t, p in pairs if p.kind is not None and t.kinds]
    quotes = [(p, quote) for p in predicted for quote in p.quotes]
    offers = [offer for span in truth for offer in span.offers]
    by_language = _upsell(truth, predicted, pairs)
    return Evaluation(
        dialogues=Hits(len(pairs), len(predicted), len(truth)),
        boundary_error_ms=_boundary_error(pairs),
        wer=transcription(truth, predicted),
        upsell=sum(by_language.values(), Hits()),
        upsell_by_language=by_language,
        reaction=Share(sum(reactions), len(reactions)),
        kind=Share(sum(kinds), len(kinds)),
        quotes_verbatim=_share(is_verbatim(quote.quote, p.text) for p, quote in quotes),
        quotes_in_words=_share(is_in_its_words(quote, p.words) for p, quote in quotes),
        quotes_at_offer=_share(any(overlap_ms(quote, offer) > 0 for offer in offers) for _, quote in quotes),
    )


def overlap_ms(one: Span | Quote | Offer, other: Span | Quote | Offer) -> int:
    """How long the two last at once; 0 or less where they do not."""
    return min(one.end_ms, other.end_ms) - max(one.start_ms, other.start_ms)


def paired(truth: Sequence[TrueSpan], predicted: Sequence[Predicted]) -> list[tuple[TrueSpan, Predicted]]:
    """Pairs of at least MIN_IOU, one to one, the greatest first; equal ones in order of time."""
    candidates = []
    for i, t in enumerate(truth):
        for j, p in enumerate(predicted):
            common = overlap_ms(t, p)
            union = (t.end_ms - t.start_ms) + (p.end_ms - p.start_ms) - common
            if common > 0 and common >= MIN_IOU * union:
                candidates.append((-common / union, t.start_ms, p.start_ms, t.end_ms, p.end_ms, i, j))
    chosen: dict[int, int] = {}
    for *_, i, j in sorted(candidates):
        if i not in chosen and j not in chosen.values():
            chosen[i] = j
    pairs = [(truth[i], predicted[j]) for i, j in chosen.items()]
    return sorted(pairs, key=lambda pair: pair[0].start_ms)


def transcription(truth: Sequence[TrueSpan], predicted: Sequence[Predicted]) -> dict[str, WordErrors]:
    """Word errors per true language; of text where nothing was said, per predicted language."""
    errors: dict[str, WordErrors] = defaultdict(WordErrors)
    for spans, guesses in _overlapping(truth, predicted):
        said = sorted((u for span in spans for u in span.utterances), key=lambda u: u.start_ms)
        longest = max(spans, key=lambda span: span.end_ms - span.start_ms, default=None)
        language = longest.language if longest else guesses[0].language
        heard = " ".join(p.text for p in sorted(guesses, key=lambda p: p.start_ms))
        errors[language] += word_errors(" ".join(u.text for u in said), heard)
    return dict(sorted(errors.items()))


def is_verbatim(quote: str, text: str) -> bool:
    """Is `quote` in `text`, character for character, line ends and runs of blanks apart?"""
    return bool(quote.strip()) and " ".join(quote.split()) in " ".join(text.split())


def is_in_its_words(quote: Quote, words: Iterable[Said]) -> bool:
    """Do the words that lie inside the quote's times say it? Blanks do not count: Whisper's words carry their own."""
    first, last = quote.start_ms - WORD_SLACK_MS, quote.end_ms + WORD_SLACK_MS
    inside = "".join(word.text for word in words if first <= word.start_ms and word.end_ms <= last)
    return bool(quote.quote.strip()) and "".join(quote.quote.split()) in "".join(inside.split())


def _overlapping(
    truth: Sequence[TrueSpan], predicted: Sequence[Predicted]
) -> list[tuple[list[TrueSpan], list[Predicted]]]:
    """Groups whose members overlap a member of the other side, directly or through one another."""
    groups: list[tuple[list[TrueSpan], list[Predicted]]] = [([span], []) for span in truth]
    for guess in predicted:
        touched = [group for group in groups if any(overlap_ms(guess, span) > 0 for span in group[0])]
        merged = ([s for spans, _ in touched for s in spans], [*(p for _, ps in touched for p in ps), guess])
        groups = [group for group in groups if not any(group is other for other in touched)]
        groups.append(merged)
    return groups


def _boundary_error(pairs: Iterable[tuple[TrueSpan, Predicted]]) -> float | None:
    errors = [abs(e) for t, p in pairs for e in (t.start_ms - p.start_ms, t.end_ms - p.end_ms)]
    return median(errors) if errors else None


def _upsell(
    truth: Sequence[TrueSpan], predicted: Sequence[Predicted], pairs: Sequence[tuple[TrueSpan, Predicted]]
) -> dict[str, Hits]:
    """Per language: that of the paired span, else the prediction's own."""
    language = {id(p): t.language for t, p in pairs}
    hits: dict[str, Hits] = defaultdict(Hits)
    for span in truth:
        hits[span.language] += Hits(true=bool(span.offers))
    for guess in predicted:
        hits[language.get(id(guess), guess.language)] += Hits(said=guess.attempted is Attempted.YES)
    for span, guess in pairs:
        hits[span.language] += Hits(correct=bool(span.offers) and guess.attempted is Attempted.YES)
    return dict(sorted(hits.items()))


def _share(answers: Iterable[bool]) -> Share:
    listed = list(answers)
    return Share(sum(listed), len(listed))
