import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.evaluation import (
    Hits,
    Offer,
    Predicted,
    Quote,
    Said,
    Share,
    TrueSpan,
    evaluate,
    is_in_its_words,
    is_verbatim,
    paired,
)
from domain.status import Attempted, Kind, Reaction
from domain.wer import WordErrors

COFFEE = TrueSpan(
    0,
    10_000,
    (Said(0, 4_000, "Здравствуйте, капучино", "ru"), Said(5_000, 9_000, "Хотите круассан к кофе", "ru")),
    (Offer(5_000, 9_000, True),),
    frozenset({Kind.SALE}),
)
CHAT = TrueSpan(30_000, 40_000, (Said(30_000, 40_000, "did you see the match", "en"),), (), frozenset({Kind.STAFF}))


def as_predicted(span: TrueSpan) -> Predicted:
    words = tuple(
        Said(u.start_ms + i, u.start_ms + i + 1, f" {word}")
        for u in span.utterances
        for i, word in enumerate(u.text.split())
    )
    quotes = tuple(Quote("Хотите круассан", 5_000, 5_002) for _ in span.offers)
    return Predicted(
        span.start_ms,
        span.end_ms,
        span.language,
        "\n".join(u.text for u in span.utterances),
        words,
        Attempted.YES if span.offers else Attempted.NO,
        span.kind,
        span.reaction,
        quotes,
    )


def test_the_truth_itself_scores_full_marks() -> None:
    result = evaluate([COFFEE, CHAT], [as_predicted(COFFEE), as_predicted(CHAT)])
    assert result.dialogues.f1 == 1
    assert result.boundary_error_ms == 0
    assert {language: errors.rate for language, errors in result.wer.items()} == {"en": 0, "ru": 0}
    assert result.upsell.f1 == 1
    assert result.reaction == Share(1, 1)
    assert result.kind == Share(2, 2)
    assert result.quotes_verbatim == result.quotes_in_words == result.quotes_at_offer == Share(1, 1)


def test_nothing_found_misses_everything_and_divides_by_nothing() -> None:
    result = evaluate([COFFEE, CHAT], [])
    assert result.dialogues == Hits(0, 0, 2)
    assert result.dialogues.f1 == 0
    assert result.dialogues.precision is None
    assert result.boundary_error_ms is None
    assert result.wer["ru"] == WordErrors(deletions=6, reference_words=6)
    assert result.upsell == Hits(0, 0, 1)
    assert result.quotes_verbatim.rate is None


def test_a_dialogue_out_of_noise_costs_precision_and_its_words() -> None:
    ghost = Predicted(60_000, 70_000, "ru", "телефонный звонок", attempted=Attempted.YES)
    result = evaluate([COFFEE], [as_predicted(COFFEE), ghost])
    assert result.dialogues == Hits(1, 2, 1)
    assert result.wer["ru"].insertions == 2
    assert result.upsell == Hits(1, 2, 1)


def test_a_dialogue_split_in_two_loses_a_pair_but_no_words() -> None:
    whole = as_predicted(COFFEE)
    halves = [
        Predicted(0, 7_000, "ru", "Здравствуйте, капучино Хотите"),
        Predicted(7_100, 10_000, "ru", "круассан к кофе"),
    ]
    result = evaluate([COFFEE], halves)
    assert result.dialogues == Hits(1, 2, 1)
    assert result.wer["ru"].errors == 0 == evaluate([COFFEE], [whole]).wer["ru"].errors


def test_two_dialogues_merged_into_one_lose_a_pair_but_no_words() -> None:
    merged = Predicted(0, 40_000, "ru", f"{as_predicted(COFFEE).text} {as_predicted(CHAT).text}")
    result = evaluate([COFFEE, CHAT], [merged])
    assert result.dialogues == Hits(0, 1, 2)
    assert sum(errors.errors for errors in result.wer.values()) == 0


def test_uncertain_is_not_an_attempt() -> None:
    unsure = Predicted(0, 10_000, "ru", attempted=Attempted.UNCERTAIN, reaction=Reaction.ACCEPTED)
    result = evaluate([COFFEE], [unsure])
    assert result.upsell == Hits(0, 0, 1)
    assert result.reaction == Share(0, 0)


def test_a_span_with_one_accepted_offer_of_two_is_accepted() -> None:
    span = TrueSpan(0, 9, (), (Offer(0, 1, False), Offer(2, 3, True)))
    assert span.reaction is Reaction.ACCEPTED
    assert TrueSpan(0, 9, (), (Offer(0, 1, None),)).reaction is Reaction.UNCLEAR
    assert TrueSpan(0, 9, (), (Offer(0, 1, False), Offer(2, 3, None))).reaction is Reaction.REJECTED


def test_a_pair_needs_half_of_the_union() -> None:
    assert len(paired([TrueSpan(0, 100)], [Predicted(0, 50)])) == 1
    assert paired([TrueSpan(0, 100)], [Predicted(0, 49)]) == []


@pytest.mark.parametrize(
    ("quote", "text", "expected"),
    [
        ("ещё чай?", "Хотите\nещё  чай?", True),
        ("Ещё чай?", "Хотите ещё чай?", False),
        ("чай да", "чай, да", False),
        (" ", "anything", False),
    ],
)
def test_verbatim_means_every_character_but_blanks(quote: str, text: str, expected: bool) -> None:
    assert is_verbatim(quote, text) is expected


def test_a_quote_must_lie_inside_the_times_of_its_own_words() -> None:
    words = [Said(0, 400, " ice"), Said(400, 700, "-cream"), Said(700, 900, " today?")]
    assert is_in_its_words(Quote("ice-cream", 0, 700), words)
    assert not is_in_its_words(Quote("ice-cream", 0, 600), words)
    assert not is_in_its_words(Quote("today?", 0, 700), words)


spans = st.lists(st.tuples(st.integers(0, 1000), st.integers(1, 200)), max_size=6)


@given(spans, spans)
def test_pairs_are_one_to_one_and_the_order_of_the_input_does_not_matter(
    true: list[tuple[int, int]], said: list[tuple[int, int]]
) -> None:
    truth = [TrueSpan(start, start + length) for start, length in true]
    predicted = [Predicted(start, start + length) for start, length in said]
    result = evaluate(truth, predicted)
    assert result.dialogues.correct <= min(len(truth), len(predicted))
    assert result.dialogues == evaluate(truth[::-1], predicted[::-1]).dialogues


@given(spans)
def test_a_prediction_that_is_the_truth_always_scores_one(true: list[tuple[int, int]]) -> None:
    truth = [TrueSpan(start, start + length) for start, length in true]
    result = evaluate(truth, [Predicted(span.start_ms, span.end_ms) for span in truth])
    assert result.dialogues.correct == len(truth)
    assert not result.boundary_error_ms
