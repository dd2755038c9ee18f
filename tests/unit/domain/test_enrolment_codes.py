"""How enrolment codes are spelled and read, and how counters are numbered."""

from hypothesis import given
from hypothesis import strategies as st

from domain.enrolment import CODE_BITS, canonical, next_tills, spelled


@given(bits=st.integers(0, 2**CODE_BITS - 1))
def test_a_code_is_read_as_it_was_spelled_however_it_is_typed(bits: int) -> None:
    code = spelled(bits)
    signs = code.replace("-", "")
    assert len(code) == 14
    assert canonical(code) == signs
    assert canonical(f" {signs.lower()} ") == signs
    assert canonical(code.replace("0", "o").replace("1", "l").replace("-", "–")) == signs


@given(one=st.integers(0, 2**CODE_BITS - 1), other=st.integers(0, 2**CODE_BITS - 1))
def test_different_numbers_are_different_codes(one: int, other: int) -> None:
    assert (spelled(one) == spelled(other)) == (one == other)


def test_what_is_no_code_is_none() -> None:
    for typed in ("", "ABCD-EFGH-JKM", "ABCD-EFGH-JKMNP", "ABCD-EFGH-JKMU", "ABCD-EFGH-JKМN", "ABCD_EFGH_JKMN"):
        assert canonical(typed) is None


def test_tills_go_on_behind_the_highest_in_use() -> None:
    assert next_tills([], 2) == ["Till 1", "Till 2"]
    assert next_tills(["Till 9", "Till 2", "Till 010", "Bar", "Till x"], 2) == ["Till 10", "Till 11"]
