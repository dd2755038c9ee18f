"""The health document and the problems it names."""

from dataclasses import replace
from string import Formatter
from typing import get_args

import pytest

from recorder.fate import Condition
from recorder.health.health import ClockHealth, HealthState, Level, Problem, health_document
from recorder.health.problems import problems_of
from recorder.phrases import PHRASES, PROBLEMS
from recorder.wording import Language, as_language, language_of, say
from tests.unit.recorder.health_states import HEALTHY

ORIGINAL_SAMPLE = {
    "status": "ok",
    "recording": True,
    "in_schedule": True,
    "queue_size": 2,
    "uploaded_total": 147,
    "upload_errors_total": 3,
    "last_upload_ts": 1705312345.6,
    "spool_files": 42,
    "spool_bytes": 8372224,
    "point_id": "00000000-0000-0000-0000-000000000001",
}
"""Word for word from the original's README."""


def test_the_documents_first_fields_are_the_originals_sample_by_name_type_and_order() -> None:
    document = health_document(HEALTHY)
    assert dict(list(document.items())[:10]) == ORIGINAL_SAMPLE
    assert {key: type(document[key]) for key in ORIGINAL_SAMPLE} == {k: type(v) for k, v in ORIGINAL_SAMPLE.items()}


def test_the_document_has_all_that_the_original_lacked() -> None:
    document = health_document(HEALTHY)
    new = {"microphone", "level", "last_chunk_age_s", "clock", "ledger", "pause", "disk", "version", "condition"}
    assert new | {"problems", "register_id", "device_id"} <= document.keys()
    assert document["now"] == "2024-01-15T09:53:20.000Z"


def test_a_pause_is_shown_with_its_end() -> None:
    state = replace(HEALTHY, condition=Condition.PAUSED, paused_until_ms=HEALTHY.now_ms + 900_000)
    document = health_document(state)
    assert (document["recording"], document["pause"]) == (False, {"until": "2024-01-15T10:08:20.000Z"})


def test_a_recorder_that_never_uploaded_has_no_last_upload() -> None:
    state = replace(HEALTHY, uploads=replace(HEALTHY.uploads, last_upload_ts=None))
    assert health_document(state)["last_upload_ts"] is None


@pytest.mark.parametrize(
    ("condition", "problems", "status"),
    [
        (Condition.RECORDING, (), "ok"),
        (Condition.OUT_OF_HOURS, (), "ok"),
        (Condition.PAUSED, (), "ok"),
        (Condition.RECORDING, (Problem("backlog", "…"),), "degraded"),
        (Condition.NO_MICROPHONE, (Problem("no_microphone", "…"),), "failing"),
        (Condition.DISK_FULL, (), "failing"),
    ],
)
def test_the_status_says_whether_anything_is_lost(
    condition: Condition, problems: tuple[Problem, ...], status: str
) -> None:
    assert health_document(replace(HEALTHY, condition=condition), problems)["status"] == status


def test_a_healthy_recorder_has_no_problem() -> None:
    assert problems_of(HEALTHY, "en") == ()


@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("no_microphone", replace(HEALTHY, condition=Condition.NO_MICROPHONE)),
        ("microphone_busy", replace(HEALTHY, condition=Condition.MICROPHONE_BUSY, condition_detail="arecord, 417")),
        ("microphone_dead", replace(HEALTHY, condition=Condition.MICROPHONE_DEAD)),
        ("capture_failed", replace(HEALTHY, condition=Condition.CAPTURE_FAILED)),
        ("disk_full", replace(HEALTHY, condition=Condition.DISK_FULL)),
        ("spool_unwritable", replace(HEALTHY, condition=Condition.SPOOL_UNWRITABLE)),
        ("silent", replace(HEALTHY, level=Level(None, None, zero_s=75.0))),
        ("clipping", replace(HEALTHY, level=Level(-3.0, 0.0))),
        ("token_refused", replace(HEALTHY, uploads=replace(HEALTHY.uploads, paused_by=401))),
        ("not_a_server", replace(HEALTHY, uploads=replace(HEALTHY.uploads, paused_by=404))),
        ("backlog", replace(HEALTHY, uploads=replace(HEALTHY.uploads, oldest_waiting_s=901.0))),
        ("evicted_unsent", replace(HEALTHY, uploads=replace(HEALTHY.uploads, evicted_unsent_total=1))),
        ("quarantined", replace(HEALTHY, disk=replace(HEALTHY.disk, quarantined_files=1))),
        ("ledger_unwritable", replace(HEALTHY, ledger_trouble="database or disk is full")),
        ("ledger_replaced", replace(HEALTHY, ledger_replaced="/spool/ledger-corrupt.db")),
        ("disk_low", replace(HEALTHY, disk=replace(HEALTHY.disk, free_bytes=1_000))),
        ("clock_wrong", replace(HEALTHY, clock=ClockHealth("wrong", "server", 3600.0))),
        ("clock_doubtful", replace(HEALTHY, clock=ClockHealth("doubtful", "system"))),
    ],
)
def test_each_fault_is_named_in_both_languages(code: str, state: HealthState) -> None:
    english, russian = problems_of(state, "en"), problems_of(state, "ru")
    assert [problem.code for problem in english] == [code]
    assert english[0].message.isascii() or "–" in english[0].message
    assert any("а" <= letter <= "я" for letter in russian[0].message)


def test_every_problem_can_be_said() -> None:
    tested = {case[0] for mark in test_each_fault_is_named_in_both_languages.pytestmark for case in mark.args[1]}
    assert {f"problem.{code}" for code in tested} == PROBLEMS.keys()


@pytest.mark.parametrize("key", sorted(PHRASES))
def test_both_languages_of_a_phrase_name_the_same_values(key: str) -> None:
    names = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in PHRASES[key]]
    assert names[0] == names[1]


def test_the_language_is_the_environments() -> None:
    assert language_of({"LANG": "ru_RU.UTF-8"}) == "ru"
    assert language_of({"LANG": "ru_RU.UTF-8", "LC_ALL": "C"}) == "en"
    assert language_of({}) == "en"


def test_an_unknown_language_is_refused_by_name() -> None:
    assert {as_language(name) for name in get_args(Language)} == {"en", "ru"}
    with pytest.raises(ValueError, match="'de'"):
        as_language("de")


def test_a_phrase_without_its_value_is_an_error_of_ours() -> None:
    with pytest.raises(KeyError):
        say("problem.silent", "en")
