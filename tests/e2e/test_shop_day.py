"""The sample shop day through the whole system, and what the README promises of it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import openai
import pytest

from domain.metrics import CATALOGUE
from tests.e2e.system import INTERNAL_TOKEN, ROOT, System, wait_until
from tests.e2e.watched import log_lines, scrape
from tests.metric_names import expressions, named

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

SAMPLES = ROOT / "samples" / "shop_day"
SPEECH = SAMPLES / "chunks" / "dev_en_20260302T091500Z.ogg"
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


def test_one_scrape_tells_of_every_step_of_the_day(judged: System) -> None:
    """Ray's processes report every ten seconds."""
    always = {metric.name for metric in CATALOGUE if not metric.only_after}
    wait_until(lambda: always <= scrape(judged).names, f"{always - scrape(judged).names}", 60)
    told = scrape(judged)
    ours = {name for name in told.names if name.startswith("salescontrol_")}
    assert ours <= {metric.name for metric in CATALOGUE}
    asked = {name for expression in expressions() for name, _ in named(expression) if name.startswith("ray_")}
    assert asked <= told.names
    assert told.total("salescontrol_uploads_total", outcome="new") == 25
    assert told.total("salescontrol_jobs_total", stage="vad", outcome="done") == 25
    assert told.total("salescontrol_job_audio_seconds_total", stage="vad") == pytest.approx(1500, abs=1)
    dialogues = [d for d in judged.export() if d["analysis"]]
    assert told.total("salescontrol_verdicts_total") >= len(dialogues) > 0
    used, room = (told.total(f"salescontrol_whisper_{what}_total") for what in ("windows", "window_slots"))
    assert 0 < used <= room
    assert (
        told.total("salescontrol_whisper_audio_seconds_total")
        > told.total("salescontrol_whisper_busy_seconds_total")
        > 0
    )
    assert told.total("salescontrol_node_up") == 1


def test_a_chunk_can_be_followed_from_its_receipt_to_its_verdict_by_trace_and_by_the_log(judged: System) -> None:
    dialogue = next(d for d in judged.export() if d["analysis"])
    [spoken] = [s for s in trace(judged, dialogue["dialogue_id"])["steps"] if s["what"] == "spoken"]
    chunk_id = spoken["facts"]["chunks"][0]
    way = trace(judged, chunk_id)
    assert [step["what"] for step in way["steps"]] == ["recorded", "received", "vad"]
    [part] = [part for part in way["parts"] if part["id"] == dialogue["dialogue_id"]]
    assert {"cut", "closed", "asr", "analysis", "counted"} <= {step["what"] for step in part["steps"]}
    assert (way["waits_for"], part["waits_for"]) == (None, None)
    events = {(line["event"], line.get("stage")) for line in log_lines(judged, chunk_id)}
    assert {("chunk_received", None), ("stage_done", "vad")} <= events
    events = {(line["event"], line.get("stage")) for line in log_lines(judged, dialogue["dialogue_id"])}
    assert {("stage_done", "asr"), ("stage_done", "analysis")} <= events


def trace(system: System, asked: str) -> dict[str, Any]:
    way: dict[str, Any] = json.loads(system.cli("trace", asked, "--json").stdout)
    return way


def test_the_day_is_judged_anew_as_a_ray_job_though_its_worker_is_killed_and_a_rollback_brings_it_back(
    judged: System,
) -> None:
    """By the rules of before: the same verdicts under another name, so every byte that moves is the promotion's."""
    before = judged.cli("export").stdout
    (judged.pause_dir / "analysis.before_commit").touch()
    planned = ("reanalyze", "--stage", "analysis", "--model", "rules-1", "--name", "then", "--yes", "--detach")
    submit_to_ray(judged, "salescontrol", *planned)
    stopped = judged.pause_dir / "analysis.before_commit.stopped"
    wait_until(stopped.exists, "a worker in the middle of the run")
    os.kill(int(stopped.read_text()), signal.SIGKILL)
    stopped.unlink()
    judged.cli("runs", "follow", "then")
    assert {d["analysis"]["model"] for d in judged.export() if d["analysis"]} == {"rules-1"}
    run = json.loads(judged.cli("runs", "show", "then", "--json").stdout)
    assert (run["state"], run["error"], run["progress"]["judged"]) == ("promoted", None, run["planned"])
    judged.cli("runs", "rollback", "then", "--yes")
    assert judged.cli("export").stdout == before


def submit_to_ray(system: System, *command: str) -> None:
    """As `ray job submit` of a machine that has the token, until the job has ended."""
    address = f"http://127.0.0.1:{system.env['SALESCONTROL_SERVER__RAY_DASHBOARD_PORT']}"
    ray = str(Path(sys.executable).with_name("ray"))
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(system.home / "run" / "ray_token")}
    submitted = (ray, "job", "submit", "--address", address, "--", *command)
    done = subprocess.run(submitted, env=system.env | token, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_official_client_transcribes_through_serve(judged: System) -> None:
    with openai.OpenAI(base_url=f"{judged.api_url}/v1", api_key=INTERNAL_TOKEN, max_retries=0) as client:
        assert "base" in [model.id for model in client.models.list().data]
        answer = client.audio.transcriptions.create(
            model="base", file=SPEECH, response_format="verbose_json", timestamp_granularities=["word"], timeout=120
        )
        assert answer.text.startswith("Good morning")
        assert answer.words
        assert 9 < answer.words[0].start < 11
        with pytest.raises(openai.BadRequestError, match="not audio"):
            client.audio.transcriptions.create(model="base", file=("a.ogg", b"no audio"))


def test_a_stranger_is_told_to_bring_the_token(judged: System) -> None:
    with (
        openai.OpenAI(base_url=f"{judged.api_url}/v1", api_key="a-guess", max_retries=0) as client,
        pytest.raises(openai.AuthenticationError, match="INTERNAL_TOKEN"),
    ):
        client.models.list()


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
