"""What could have been offered, given what was bought; who seems to speak; why a verdict is what it is."""

from domain.missed import Missed, missed
from domain.reasons import Why, why
from domain.rules.speakers import Speaker
from domain.speaking import who_speaks
from domain.status import Attempted, Kind
from domain.transcript import Transcript, Utterance
from domain.verdict import DEFAULT_CATALOGUE, Evidence, Verdict


def said(language: str, *utterances: str) -> Transcript:
    return Transcript(language, tuple(Utterance(i * 3000, i * 3000 + 2000, u) for i, u in enumerate(utterances)))


CAPPUCCINO = said("ru", "Здравствуйте!", "Можно капучино, пожалуйста?", "С вас двести рублей.", "Вот, картой.")


def of(transcript: Transcript, attempted: Attempted = Attempted.NO, quality: int = 0, **more: object) -> Missed | None:
    given = {"kind": Kind.SALE, "offered": (), "catalogue": DEFAULT_CATALOGUE, **more}
    return missed(transcript, attempted=attempted, quality_score=quality, **given)  # type: ignore[arg-type]


def ideas(found: Missed | None) -> list[str]:
    assert found is not None
    return [idea.category for idea in found.ideas]


def test_a_drink_alone_leaves_room_for_what_goes_with_it() -> None:
    found = of(CAPPUCCINO)
    assert found is not None
    assert found.is_missed
    assert found.bought == ("капучино",)
    assert {"coffee_size", "dessert", "pastry", "syrup"} <= set(ideas(found))
    assert "other" not in ideas(found)
    assert all(idea.because == ("капучино",) for idea in found.ideas)


def test_just_a_coffee_is_an_order_where_nothing_was_offered() -> None:
    order = said("en", "Hello, what would you like?", "Just a black filter coffee, please.", "Three dollars ten.")
    found = of(order)
    assert found is not None
    assert (found.is_missed, found.bought) == (True, ("coffee",))


def test_who_has_a_croissant_is_not_told_of_pastry_or_dessert() -> None:
    found = of(said("en", "Hi, a latte and a croissant please.", "That is seven fifty.", "Here you are."))
    assert not {"dessert", "pastry"} & set(ideas(found))
    assert "syrup" in ideas(found)


def test_what_was_offered_is_no_idea_and_a_specific_offer_misses_nothing() -> None:
    found = of(CAPPUCCINO, Attempted.YES, 2, offered=("dessert",))
    assert found is not None
    assert not found.is_missed
    assert "dessert" not in ideas(found)


def test_a_mere_closing_question_is_still_missed_and_an_uncertain_verdict_is_not_held_against_anybody() -> None:
    weakest, unsure = of(CAPPUCCINO, Attempted.YES, 1), of(CAPPUCCINO, Attempted.UNCERTAIN)
    assert weakest is not None
    assert weakest.is_missed
    assert unsure is not None
    assert not unsure.is_missed


def test_an_entry_of_the_point_s_own_goes_with_anything_and_stands_last() -> None:
    found = of(CAPPUCCINO, catalogue=("фирменная кружка", "dessert"))
    assert ideas(found) == ["dessert", "фирменная кружка"]


def test_nothing_is_said_of_enquiries_or_of_languages_without_rules() -> None:
    assert of(CAPPUCCINO, kind=Kind.ENQUIRY) is None
    assert of(said("sr", "Jedan kapućino, molim.")) is None


def test_speakers_are_told_by_their_words_and_never_where_nothing_tells() -> None:
    assert who_speaks(CAPPUCCINO)[1:3] == [Speaker.CUSTOMER, Speaker.STAFF]
    assert who_speaks(said("sr", "Dobar dan.", "Izvolite.")) == [None, None]
    assert who_speaks(said("ru", "Да.")) == [None]


def test_reasons_name_the_offer_first_and_then_what_speaks_against_it() -> None:
    quote = Evidence("Хотите десерт?", 1, 0, 900, 0.9)
    sure = Verdict(Kind.SALE, Attempted.YES, 2, closing_question=True, evidence=(quote,), confidence=0.9)
    assert why(sure) == [Why.QUOTED, Why.CLOSING_QUESTION, Why.SPECIFIC, Why.FUZZY_QUOTE]
    assert why(Verdict(Kind.SALE, Attempted.UNCERTAIN, 0, confidence=0.4)) == [
        Why.UNCERTAIN,
        Why.NO_QUOTE,
        Why.LOW_CONFIDENCE,
    ]
    assert why(Verdict(Kind.STAFF, Attempted.NO, 0, confidence=0.9)) == [Why.NOT_A_SALE, Why.NOTHING_OFFERED]
