"""What somebody typed → terms, and where in a text their hits stand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.search_hits import find_hits, first_letter, snippet
from domain.search_query import MAX_TERMS, Pattern, Term, parse


def term(*words: str, prefix: bool = False, excluded: bool = False) -> Term:
    return Term((*map(Pattern, words[:-1]), Pattern(words[-1], prefix)), excluded)


@pytest.mark.parametrize(
    ("typed", "terms"),
    [
        ("кофе с собой", [term("кофе"), term("с"), term("собой")]),
        ('"кофе с собой" десерт', [term("кофе", "с", "собой"), term("десерт")]),
        ("«anything else» latte*", [term("anything", "else"), term("latte", prefix=True)]),
        ('"большой капуч*" -сахар', [term("большой", "капуч", prefix=True), term("сахар", excluded=True)]),
        ("что-нибудь", [term("что", "нибудь")]),
        ('кофе -"с собой"', [term("кофе"), term("с", "собой", excluded=True)]),
        ("кофе кофе", [term("кофе")]),
        ("it's & | ! <-> :* 'x'", [term("it", "s"), term("x")]),
    ],
)
def test_words_phrases_beginnings_and_exclusions(typed: str, terms: list[Term]) -> None:
    assert list(parse(typed)) == terms


@pytest.mark.parametrize("typed", ["", "   ", '"', "-", "***", "-кофе", "!!! :* & |", "'; DROP TABLE dialogues --"[:1]])
def test_nothing_to_look_for_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="names no word to look for"):
        parse(typed)


def test_too_much_at_once_is_refused() -> None:
    with pytest.raises(ValueError, match="too much at once"):
        parse(" ".join(f"w{i}" for i in range(MAX_TERMS + 1)))


@given(st.text(max_size=80))
def test_whatever_is_typed_becomes_letters_and_digits_or_is_refused(typed: str) -> None:
    try:
        terms = parse(typed)
    except ValueError:
        return
    assert all(pattern.word.isalnum() for one in terms for pattern in one.words)


def test_a_phrase_is_one_hit_and_only_where_its_words_follow_each_other() -> None:
    text = "Кофе, пожалуйста. С собой кофе: с собой!"
    coffee, with_, you = (Pattern(word) for word in ("кофе", "с", "собой"))
    meanings = {
        word: frozenset({pattern})
        for word, pattern in {"Кофе": coffee, "кофе": coffee, "С": with_, "с": with_, "собой": you}.items()
    }
    hits = find_hits(text, parse('"кофе с собой"'), meanings)
    assert [text[start:end] for start, end in hits] == ["кофе: с собой"]
    assert len(find_hits(text, parse("собой кофе"), meanings)) == 4


@given(
    st.text(max_size=300), st.lists(st.tuples(st.integers(0, 300), st.integers(1, 20)), max_size=5), st.integers(1, 80)
)
def test_a_snippet_shows_its_hits_where_it_says(text: str, given: list[tuple[int, int]], chars: int) -> None:
    hits = [(start, start + length) for start, length in sorted(given) if start + length <= len(text)]
    shown = snippet(text, hits, chars)
    assert "\n" not in shown.text
    for start, end in shown.hits:
        words = " ".join(shown.text[start:end].split())
        assert any(" ".join(text[a:b].split()) == words for a, b in hits)


def test_a_word_begins_with_the_same_letter_in_either_script() -> None:
    pairs = [
        ("Чај", "čaj"),
        ("чај", "caj"),
        ("Шоља", "šolja"),
        ("ђубре", "đubre"),
        ("Ёлка", "елка"),
        ("Љубав", "ljubav"),
    ]
    assert all(first_letter(one) == first_letter(other) for one, other in pairs)
