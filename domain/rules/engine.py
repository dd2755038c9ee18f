"""The rules engine: a verdict from phrases, word stems and turn order, for the languages it knows."""

import hashlib
from collections.abc import Mapping, Sequence

from domain.rules.answers import reaction_to
from domain.rules.cues import Talk
from domain.rules.english import ENGLISH
from domain.rules.kinds import kind_of
from domain.rules.lexicon import Lexicon
from domain.rules.mending import Mending
from domain.rules.offers import THRESHOLD, Offer, find_offers
from domain.rules.russian import RUSSIAN
from domain.rules.sentences import Sentence, normalise, sentences
from domain.rules.speakers import speakers
from domain.rules.versions import NEWEST, Rules
from domain.status import Attempted, Kind, Reaction
from domain.transcript import Transcript
from domain.verdict import MAX_QUOTE_WORDS, MAX_QUOTES, RawVerdict

LEXICONS: Mapping[str, Lexicon] = {lexicon.language: lexicon for lexicon in (RUSSIAN, ENGLISH)}
_MENDINGS: Mapping[str, Mending] = {lexicon.language: Mending.of(lexicon) for lexicon in LEXICONS.values()}


def sha256_of(rules: Rules) -> str:
    """Names the exact phrases a verdict came from and what was done with them, as a prompt's hash does for a model."""
    parts = [lexicon.fingerprint() for lexicon in LEXICONS.values()] + ["mends"] * rules.mends
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def lexicon_of(language: str) -> Lexicon | None:
    """language: ISO 639-1, with or without a region."""
    return LEXICONS.get(language.lower().split("-")[0])


def judge(transcript: Transcript, catalogue: Sequence[str], rules: Rules = NEWEST) -> RawVerdict:
    """The verdict on one dialogue. A language without a lexicon is `uncertain`; without words nothing was attempted."""
    lexicon = lexicon_of(transcript.language)
    if lexicon is None:
        summary = f"No rules for the language “{transcript.language}”."
        return RawVerdict(Kind.UNCLEAR, Attempted.UNCERTAIN, 0, summary=summary)
    lines = sentences(transcript)
    if rules.mends:
        lines = [_MENDINGS[lexicon.language].mend(line) for line in lines]
    kind = kind_of(lines, lexicon)
    if not lines or kind is Kind.STAFF:
        return _no_attempt(kind, lexicon)
    talk = Talk(lines, speakers(lines, lexicon), lexicon)
    offers = find_offers(talk)
    sure = [offer for offer in offers if offer.score >= THRESHOLD]
    if sure:
        who = speakers(lines, lexicon, staff=[offer.sentence for offer in sure])  # now the answers can be told better
        return _attempt(transcript, Talk(lines, who, lexicon), sure, kind, catalogue)
    if offers:
        quote = _quote(offers[0], lines, transcript)
        summary = lexicon.summaries["uncertain"].format(quote=quote)
        return RawVerdict(kind, Attempted.UNCERTAIN, 0, quotes=(quote,), summary=summary, confidence=0.4)
    return _no_attempt(kind, lexicon)


def _no_attempt(kind: Kind, lexicon: Lexicon) -> RawVerdict:
    key = kind.value if kind.value in lexicon.summaries else "none"
    confidence = 0.3 if kind is Kind.UNCLEAR else 0.6
    return RawVerdict(kind, Attempted.NO, 0, summary=lexicon.summaries[key], confidence=confidence)


def _attempt(
    transcript: Transcript, talk: Talk, offers: Sequence[Offer], kind: Kind, catalogue: Sequence[str]
) -> RawVerdict:
    specific = [offer for offer in offers if not offer.is_closing]
    shown = specific or list(offers)
    quotes = tuple(_quote(offer, talk.lines, transcript) for offer in shown[:MAX_QUOTES])
    reactions = {reaction_to(offer, talk) for offer in shown}
    reaction = next((r for r in (Reaction.ACCEPTED, Reaction.REJECTED) if r in reactions), Reaction.UNCLEAR)
    summaries = talk.lexicon.summaries
    said = summaries["offer" if specific else "closing"].format(quote=quotes[0])
    return RawVerdict(
        kind=Kind.SALE if kind is Kind.UNCLEAR or reaction is Reaction.ACCEPTED else kind,
        attempted=Attempted.YES,
        quality_score=_quality(specific),
        categories=_categories(specific, talk, catalogue),
        closing_question=any(offer.is_closing for offer in offers),
        customer_reaction=reaction,
        quotes=quotes,
        summary=f"{said} {summaries[reaction.value]}",
        confidence=min(0.5 + 0.15 * max(offer.score for offer in offers), 0.9),
    )


def _quality(specific: Sequence[Offer]) -> int:
    if not specific:
        return 1
    return 3 if any(offer.is_reasoned and offer.score >= 2 * THRESHOLD for offer in specific) else 2


def _quote(offer: Offer, lines: Sequence[Sentence], transcript: Transcript) -> str:
    """At most MAX_QUOTE_WORDS words of the sentence around the cue, as they stand in the transcript."""
    line = lines[offer.sentence]
    first = max(min(offer.first, len(line.spans) - MAX_QUOTE_WORDS), 0)
    last = min(first + MAX_QUOTE_WORDS, len(line.spans)) - 1
    return transcript.utterances[line.utterance].text[line.spans[first][0] : line.spans[last][1]]


def _categories(offers: Sequence[Offer], talk: Talk, catalogue: Sequence[str]) -> tuple[str, ...]:
    """Catalogue entries named, by the lexicon or the entry's own words, in the offer or else just before it."""
    found: list[str] = []
    for offer in offers:
        near = talk.lines[max(offer.sentence - 2, 0) : offer.sentence + 1]
        for text in (line.norm for line in reversed(near)):
            named = [c for c in catalogue if _names(c, text, offer, talk.lexicon)]
            if named:
                found += [c for c in named if c not in found]
                break
    if not found and offers and "other" in catalogue:
        found.append("other")
    return tuple(found)


def _names(category: str, text: str, offer: Offer, lexicon: Lexicon) -> bool:
    if category == "coffee_size" and not offer.is_upsize:
        return False
    pattern = lexicon.categories.get(category)
    if pattern is not None:
        return pattern.search(text) is not None
    words = [word for word in normalise(category.replace("_", " ")).split() if len(word) > 2 and word != "other"]
    return bool(words) and all(f" {word[:5]}" in f" {text}" for word in words)
