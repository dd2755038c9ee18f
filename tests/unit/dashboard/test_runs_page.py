"""What the page Runs says of a run, and who sees it."""

from typing import Any

import pytest

from dashboard import nav
from dashboard.kit.page import Me
from dashboard.runs.said import about, after, bears_out, counted, difference, flips, may, stands
from dashboard.strings import Strings
from dashboard.wording import Wording
from domain.access import ALLOWED, Role

EN = Wording(Strings("en"))
CALLS = ["yes", "no", "none"]


def a_run(**changes: Any) -> dict[str, Any]:
    judging = {"engine": "openai", "model": "gpt-4o", "prompt": "v3"}
    run = {"state": "done", "is_moving": False, "current": 0, "sample": None}
    filters = {"start_from": "2026-03-02T00:00:00", "start_before": "2026-03-09T00:00:00", "points": ["a"]}
    return {**run, "filters": filters, "settings": {"judging": judging, "listening": None}, **changes}


def a_table(*counts: list[int], labels: list[str] = CALLS) -> dict[str, Any]:
    return {"labels": labels, "counts": list(counts)}


def against(n: int, only_old: int, only_new: int, p: float | None) -> dict[str, Any]:
    return {"n": n, "hits": {"only_old": only_old, "only_new": only_new, "p_value": p}}


def test_only_who_may_move_every_figure_sees_the_page() -> None:
    seen = {
        role for role in Role if "runs" in [e.name for e in nav.menu(Me("x", role, frozenset(ALLOWED[role]), ()), "")]
    }
    assert seen == {Role.ADMIN}


@pytest.mark.parametrize(
    ("changes", "able"),
    [
        ({"state": "running"}, ["cancel"]),
        ({"state": "running", "current": 5}, ["rollback", "cancel"]),
        ({"state": "done"}, ["promote"]),
        ({"state": "promoted", "current": 5}, ["promote", "rollback"]),
        ({"state": "promoted", "current": 5, "is_moving": True}, []),
        ({"state": "cancelled"}, []),
        ({"state": "rolled_back"}, ["promote"]),
    ],
)
def test_there_is_a_button_for_all_that_is_possible_and_nothing_else(changes: dict[str, Any], able: list[str]) -> None:
    assert may(a_run(**changes)) == able


def test_what_was_asked_for_is_said_with_its_last_day() -> None:
    assert about(EN, a_run(sample=200), {"a": "Coffee"}) == [
        "2–8\xa0Mar\xa02026",
        "Coffee",
        "200 drawn by lot",
        "judged by gpt-4o, v3",
    ]
    everything = a_run(filters={"points": []}, settings={**a_run()["settings"], "listening": {"model": "small"}})
    assert about(EN, everything, {})[:3] == ["of all days", "all shops", "heard by small"]


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (against(0, 0, 0, None), "Nobody has reviewed"),
        (against(5, 0, 0, None), "same dialogues"),
        (against(9, 1, 3, 0.6), "may be chance"),
        (against(99, 1, 20, 0.001), "more often, and not by chance"),
        (against(99, 20, 1, 0.001), "Better leave it"),
    ],
)
def test_whom_the_reviewers_bear_out_is_said_no_surer_than_it_is(found: dict[str, Any], says: str) -> None:
    assert says in bears_out(EN, found).text


def test_the_difference_has_its_sign_and_limits() -> None:
    found = {"hits": {"difference": {"difference": -0.33, "low": -0.55, "high": -0.06}}}
    assert "−33" in difference(EN, found)
    assert "−55" in difference(EN, found)
    assert difference(EN, {"hits": {"difference": {"difference": None, "low": None, "high": None}}}) == ""


def test_tables_and_bars_show_what_is_used_and_count_the_same() -> None:
    places = a_table([3, 2, 0], [1, 4, 0], [0, 0, 0], labels=["yes", "no", "skipped"])
    empty = a_table([0], labels=["none"])
    diff = {"places": places, **dict.fromkeys(("attempted", "kinds", "quality", "reactions"), empty)}
    (table,) = flips(EN, diff)
    assert table.columns == ("offered", "not offered")
    assert [[(cell.n, cell.is_same) for cell in cells] for _, cells in table.rows] == [
        [(3, True), (2, False)],
        [(1, False), (4, True)],
    ]
    chart = counted(EN, diff)
    assert [[mark.label for mark in row] for row in chart.rows] == [["offered", "5", "4"], ["not offered", "5", "6"]]


def test_what_stays_as_it_is_is_named_with_its_reason_and_what_was_done_with_its_count() -> None:
    left = {"ready": 5, "moved": 0, "changed": 1, "busy": 0, "gone": 2, "without_result": 0}
    assert [line[:12] for line in stands(EN, {"standing": left})] == ["1 dialogue h", "2 dialogues "]
    assert after(EN, {"moved": 4, "changed": 1}) == (
        "Done: 4 more dialogues have their verdicts by the run. 1 has changed and is judged once more."
    )
    assert after(EN, {"restored": 1, "left": 0}) == "1 dialogue is again as it was."
    assert "takes a while" in after(EN, {"state": "done", "is_moving": True})
