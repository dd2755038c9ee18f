"""Replicas and workers follow the waiting audio; what changes, drains or dies meanwhile costs no work."""

import asyncio
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import yaml

from cluster import ray_head
from cluster.serving import ServeApi, read_config
from configs.settings import load
from tests.e2e.backlog import Backlog, disturbed
from tests.e2e.raylets import Raylets
from tests.e2e.system import INTERNAL_TOKEN, ROOT, System, wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

SETTINGS = {"SALESCONTROL_PROFILE": str(ROOT / "tests" / "e2e" / "scaling.yaml"), "SALESCONTROL_JOBS__LEASE_S": "600"}


def whisper(system: System) -> dict[str, list[str]]:
    """Deployment → the states of its replicas, as Serve tells them."""
    head = ray_head.running(system.home)
    assert head is not None
    token = (system.home / "run" / "ray_token").read_text().strip()
    found = ServeApi(head.dashboard_url, token).applications().get("whisper", {}).get("deployments", {})
    return {name: [replica["state"] for replica in deployment["replicas"]] for name, deployment in found.items()}


def running(system: System, deployment: str = "Fast") -> int:
    return whisper(system).get(deployment, []).count("RUNNING")


def workers(system: System, group: str) -> list[str]:
    """Names of a group's living workers, as Ray tells them."""
    with Raylets(system) as ray:
        return [name for name in ray.names() if name.startswith(f"{group}-")]


def done(backlog: Backlog, stage: str) -> list[dict[str, Any]]:
    """The backlog's jobs, once all have ended."""

    def ended() -> list[dict[str, Any]]:
        jobs = asyncio.run(backlog.jobs(stage))
        return jobs if all(job["state"] in ("done", "dead", "superseded") for job in jobs) else []

    jobs: list[dict[str, Any]] = wait_until(ended, f"the {stage} jobs to end")
    return jobs


def test_a_backlog_adds_replicas_and_workers_and_when_it_is_gone_they_go(system: System) -> None:
    speech, chunks = Backlog(system), Backlog(system)
    assert (running(system), len(workers(system, "vad"))) == (1, 1)
    asyncio.run(chunks.add(chunks=20))
    asyncio.run(speech.add(dialogues=80))
    wait_until(lambda: running(system) == 3, "three replicas of Whisper")
    wait_until(lambda: len(workers(system, "vad")) == 2, "a second worker for vad")
    for backlog, stage in ((speech, "asr"), (chunks, "vad")):
        assert not disturbed(done(backlog, stage))
    wait_until(lambda: whisper(system)["Fast"] == ["RUNNING"], "the replicas to go")
    wait_until(lambda: len(workers(system, "vad")) == 1, "the second worker to go")


def test_replicas_and_batches_change_in_place_while_requests_come_and_none_is_dropped(system: System) -> None:
    speech = Backlog(system)
    asyncio.run(speech.add(dialogues=60))
    fast_before = _processes(system, "Fast")
    with _asking(system) as answers:
        config = read_config(load(system.env))
        front, fast = config["applications"][-1]["deployments"]
        front["num_replicas"] = 2
        fast["user_config"]["batch_audio_s"] = 300
        fast["autoscaling_config"] |= {"min_replicas": 2}
        _serve_deploy(system, config)
        wait_until(lambda: running(system, "Transcriber") == 2, "a second front")
        wait_until(lambda: running(system) >= 2, "a second replica")
        assert fast_before <= _processes(system, "Fast"), "the first replica was started anew"
        system.cli("up")
        wait_until(lambda: whisper(system)["Transcriber"] == ["RUNNING"], "the second front to go")
        jobs = done(speech, "asr")
        wait_until(lambda: whisper(system)["Fast"] == ["RUNNING"], "the second replica to go")
    assert not disturbed(jobs)
    assert set(answers) == {200}, answers
    assert answers[200] > 20


def test_what_a_killed_worker_held_goes_on_at_once_and_not_when_its_lease_ends(system: System) -> None:
    chunks = Backlog(system)
    (system.pause_dir / "vad.mid_work").touch()
    asyncio.run(chunks.add(chunks=1))
    stopped = system.pause_dir / "vad.mid_work.stopped"
    pid = int(wait_until(lambda: stopped.exists() and stopped.read_text(), "the worker to be amid its work"))
    (held,) = asyncio.run(chunks.jobs("vad"))
    assert held["worker"].startswith("vad-")
    psutil.Process(pid).kill()
    begun = time.monotonic()
    (job,) = done(chunks, "vad")
    assert (job["state"], job["attempts"]) == ("done", 2)
    assert time.monotonic() - begun < float(SETTINGS["SALESCONTROL_JOBS__LEASE_S"]) / 5


@contextmanager
def _asking(system: System) -> Iterator[Counter[object]]:
    """Somebody who asks the API and Whisper's front over and over; counts the answers by status, or error."""
    answers: Counter[object] = Counter()
    stop = threading.Event()

    def ask() -> None:
        token = {"Authorization": f"Bearer {INTERNAL_TOKEN}"}
        with httpx.Client(base_url=system.api_url, headers=token, timeout=30) as http:
            while not stop.wait(0.05):
                for path in ("/readyz", "/v1/models"):
                    try:
                        answers[http.get(path).status_code] += 1
                    except httpx.HTTPError as error:
                        answers[repr(error)] += 1

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield answers
    finally:
        stop.set()
        asking.join()


def _serve_deploy(system: System, config: dict[str, Any]) -> None:
    """As an administrator does it, with Ray's own command."""
    head = ray_head.running(system.home)
    assert head is not None
    file = system.home / "serve.changed.yaml"
    file.write_text(yaml.safe_dump(config))
    command = [str(Path(sys.executable).with_name("serve")), "deploy", str(file), "-a", head.dashboard_url]
    env = system.env | ray_head.environment(system.home)
    subprocess.run(command, env=env, cwd=ROOT, check=True, capture_output=True, timeout=240)


def _processes(system: System, deployment: str) -> set[int]:
    head = ray_head.running(system.home)
    assert head is not None
    token = (system.home / "run" / "ray_token").read_text().strip()
    found = ServeApi(head.dashboard_url, token).applications()["whisper"]["deployments"][deployment]
    return {replica["pid"] for replica in found["replicas"] if replica["state"] == "RUNNING"}
