"""The sample shop day through the whole system, and what the README promises of it."""

import json
from pathlib import Path

import pytest

from tests.e2e.system import ROOT, System

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

SAMPLES = ROOT / "samples" / "shop_day"
RAW_WHISPER_BASE_WER = {"ru": 0.285, "en": 0.098}
"""Whisper base, beam 5, on each true dialogue cut out by hand (benchmarks/asr.py)."""


@pytest.fixture(scope="module")
def judged(system: System) -> System:
    """The system once the day is imported and judged."""
    system.cli("import", "--manifest", str(SAMPLES / "manifest.csv"), "--wait", timeout_s=480)
    return system


def test_the_day_is_cut_transcribed_and_judged_as_promised(judged: System) -> None:
    result = json.loads(judged.cli("eval", str(SAMPLES / "ground_truth.json"), "--json").stdout)
    assert result["dialogues"]["f1"] >= 0.97
    assert result["boundary_error_s"] <= 0.7
    for language, raw in RAW_WHISPER_BASE_WER.items():
        assert result["wer"][language]["rate"] <= raw + 0.02
    assert result["upsell"]["f1"] >= 0.80
    assert result["quotes"]["verbatim"]["rate"] == 1.0
    assert result["quotes"]["in_words"]["rate"] == 1.0


def test_the_export_follows_its_schema(judged: System) -> None:
    exported = json.loads(judged.cli("export", "--format", "json").stdout)
    assert exported["schema"] == 1
    dialogues = exported["dialogues"]
    assert [d["start_ts"] for d in dialogues] == sorted(d["start_ts"] for d in dialogues)
    for dialogue in dialogues:
        assert set(dialogue) == {
            *("dialogue_id", "point", "register", "device_id", "start_ts", "end_ts", "revision", "language"),
            *("asr_status", "asr_pass", "asr_model", "text", "segments", "analysis_status", "analysis"),
        }
        for segment in dialogue["segments"]:
            assert set(segment) == {"start_ts", "end_ts", "text", "words"}
            for word in segment["words"]:
                assert segment["start_ts"] <= word["start_ts"] <= word["end_ts"] <= segment["end_ts"]
    verdicts = [d["analysis"] for d in dialogues if d["analysis"]]
    assert all(verdict["model"].startswith("rules-") for verdict in verdicts)


def test_noise_alone_reaches_no_verdict(judged: System) -> None:
    truth = json.loads((SAMPLES / "ground_truth.json").read_text())
    noisy = [chunk["start_time"][:16] for chunk in truth["chunks"] if chunk["noise_only"]]
    assert len(noisy) == 8
    starts = [d["start_ts"][:16] for d in judged.export() if d["analysis"]]
    assert not set(noisy) & set(starts)


def test_importing_the_day_again_doubles_nothing(judged: System) -> None:
    before = judged.export()
    again = judged.cli("import", "--manifest", str(SAMPLES / "manifest.csv"), "--wait", "--json")
    summary = json.loads(again.stdout)
    assert (summary["accepted"], summary["duplicate"], summary["refused"]) == (0, 25, [])
    assert judged.export() == before


def test_status_and_doctor_find_all_well(judged: System) -> None:
    state = json.loads(judged.cli("status", "--json").stdout)
    stages = {stage["stage"]: stage for stage in state["stages"]}
    pipeline = ["vad", "dialogues", "asr", "analysis"]
    assert [name for name in stages if name in pipeline] == pipeline
    assert stages["vad"]["done_1h"] >= 25
    assert not any(stages[name]["queued"] for name in pipeline)
    assert not any(stage["dead"] for stage in stages.values())
    assert set(state["applications"].values()) == {"RUNNING"}
    findings = json.loads(judged.cli("doctor", "--json").stdout)
    assert not [finding for finding in findings if finding["level"] == "fail"]


def test_up_again_on_a_running_system_changes_nothing(judged: System) -> None:
    before = judged.export()
    judged.cli("up")
    assert judged.export() == before


def test_a_wrong_option_is_a_usage_error_and_a_missing_file_names_itself(judged: System, tmp_path: Path) -> None:
    assert judged.cli("status", "--nope", check=False).returncode == 2
    missing = judged.cli("import", str(tmp_path / "nowhere"), check=False)
    assert missing.returncode != 0
    assert "nowhere" in missing.stderr
    assert "Traceback" not in missing.stderr
