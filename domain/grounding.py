"""Finds an engine's quotes in the transcript. What is not there is dropped, so no verdict rests on invented words.

A quote is looked for word by word: literally, then without case, `ё`, punctuation and spacing, then as the run of words
nearest in spelling, from FUZZY up. What is stored is the transcript's own text between the first and last word found.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from rapidfuzz import fuzz, utils

from domain.injection import addresses_the_judge
from domain.status import Attempted, Reaction
from domain.transcript import Transcript, Utterance
from domain.verdict import MAX_QUOTE_WORDS, MAX_QUOTES, Evidence, RawVerdict, Verdict

FUZZY = 0.85
"""Least spelling similarity (rapidfuzz's normalised indel ratio) of a quote with the words it is located at."""

SLACK_WORDS = 2
"""A fuzzy match may be this many words shorter or longer than the quote: models and ASR split words differently."""

_WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class _Token:
    """A word to compare (`что-нибудь` makes two), the characters of the utterance's text that it is, and its time."""

    norm: str
    utterance: int
    span: tuple[int, int]
    start_ms: int
    end_ms: int


def ground(raw: RawVerdict, transcript: Transcript, catalogue: Sequence[str]) -> Verdict:
    """The verdict with its quotes located. An attempt without one is `uncertain`, and whatever is no attempt claims
    neither quality nor reaction; a category outside the catalogue becomes `other`, where the catalogue has it."""
    tokens = list(_tokens(transcript))
    located = (_locate(quote, tokens, transcript) for quote in raw.quotes)
    evidence = tuple(dict.fromkeys(e for e in located if e is not None and not addresses_the_judge(e.quote)))
    attempted = Attempted.UNCERTAIN if raw.attempted is Attempted.YES and not evidence else raw.attempted
    is_attempt = attempted is Attempted.YES
    categories = dict.fromkeys(c if c in catalogue else "other" for c in raw.categories)
    return Verdict(
        kind=raw.kind,
        attempted=attempted,
        quality_score=min(max(raw.quality_score, 0), 3) if is_attempt else 0,
        categories=tuple(c for c in categories if c in catalogue) if is_attempt else (),
        closing_question=raw.closing_question and is_attempt,
        customer_reaction=raw.customer_reaction if is_attempt else Reaction.UNCLEAR,
        evidence=evidence[:MAX_QUOTES],
        summary=raw.summary.strip(),
        confidence=min(max(raw.confidence, 0.0), 1.0),
    )


def _locate(quote: str, tokens: Sequence[_Token], transcript: Transcript) -> Evidence | None:
    """Where a quote is, cut to MAX_QUOTE_WORDS words of the one utterance that holds most of it; None: not there."""
    wanted = _normalise(quote).split()
    runs = _runs(wanted, tokens)
    if runs:
        literal = (run for run in runs if _text(run, transcript).strip(".,!?… ") == quote.strip(".,!?… "))
        return _evidence(next(literal, runs[0]), 1.0, transcript)
    run, score = _nearest(wanted, tokens)
    return _evidence(run, score, transcript) if run else None


def _runs(wanted: Sequence[str], tokens: Sequence[_Token]) -> list[Sequence[_Token]]:
    """Every run of tokens with exactly these words."""
    n = len(wanted)
    starts = (i for i, token in enumerate(tokens[: len(tokens) - n + 1]) if wanted and token.norm == wanted[0])
    return [tokens[i : i + n] for i in starts if [t.norm for t in tokens[i : i + n]] == list(wanted)]


def _nearest(wanted: Sequence[str], tokens: Sequence[_Token]) -> tuple[Sequence[_Token], float]:
    """The run most like these words in spelling, the first of equals, and its ratio; an empty run below FUZZY."""
    target = " ".join(wanted)
    best: tuple[Sequence[_Token], float] = ((), 0.0)
    for size in range(max(len(wanted) - SLACK_WORDS, 1), len(wanted) + SLACK_WORDS + 1 if wanted else 0):
        for i in range(len(tokens) - size + 1):
            run = tokens[i : i + size]
            score = fuzz.ratio(" ".join(t.norm for t in run), target, score_cutoff=100 * FUZZY) / 100
            if score > best[1]:
                best = (run, score)
    return best


def _evidence(run: Sequence[_Token], score: float, transcript: Transcript) -> Evidence:
    parts = [list(group) for _, group in groupby(run, key=lambda t: t.utterance)]
    part = max(parts, key=len)
    spans = list(dict.fromkeys(t.span for t in part))[:MAX_QUOTE_WORDS]
    kept = [t for t in part if t.span in spans]
    return Evidence(
        quote=_text(kept, transcript),
        utterance=kept[0].utterance,
        start_ms=min(t.start_ms for t in kept),
        end_ms=max(t.end_ms for t in kept),
        score=score,
    )


def _text(run: Sequence[_Token], transcript: Transcript) -> str:
    """The transcript's own text of a run, as far as it lies in the run's first utterance."""
    index = run[0].utterance
    ends = [t.span[1] for t in run if t.utterance == index]
    return transcript.utterances[index].text[run[0].span[0] : ends[-1]]


def _tokens(transcript: Transcript) -> Iterator[_Token]:
    for index, utterance in enumerate(transcript.utterances):
        timed = _timed_spans(utterance)
        for match in _WORD.finditer(utterance.text):
            over = [(s, e) for at, to, s, e in timed if at < match.end() and match.start() < to]
            start_ms = min((s for s, _ in over), default=utterance.start_ms)
            end_ms = max((e for _, e in over), default=utterance.end_ms)
            for norm in _normalise(match.group()).split():
                yield _Token(norm, index, match.span(), start_ms, end_ms)


def _timed_spans(utterance: Utterance) -> list[tuple[int, int, int, int]]:
    """Where each timed word stands in the utterance's text: from, to (characters), start, end (ms)."""
    spans: list[tuple[int, int, int, int]] = []
    cursor = 0
    for word in utterance.words:
        bare = word.word.strip()
        at = utterance.text.find(bare, cursor) if bare else -1
        if at >= 0:
            cursor = at + len(bare)
            spans.append((at, cursor, word.start_ms, word.end_ms))
    return spans


def _normalise(text: str) -> str:
    """Lower-case letters and digits, one space between words, `ё` → `е`."""
    return " ".join(utils.default_process(text).replace("ё", "е").split())
