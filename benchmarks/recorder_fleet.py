"""A fleet of recorders comes back after an outage of the server.

    python benchmarks/recorder_fleet.py [--recorders 500] [--real 60] [--save]

Two runs. The first is simulated, with the recorder's tempo and, beside it, with nothing but full jitter: 500 recorders
that cut at the same second, an hour's outage, a virtual clock, the very classes by which a recorder decides
(recorder/upload/retry.py, upload_policy.py), and a model of the ingest with the rate that Ray Serve gave on two cores
(111 uploads a second, 64 at once, then 503 with Retry-After: 2). The second is real: fewer recorders as threads, each
with the real client and policy and chunks of five seconds, against the real ingest under uvicorn on a real PostgreSQL,
which is ended and started again; what the database holds in the end is compared with what was recorded.

Aims: the busiest second has at most three times the mean of the requests; live audio of each device arrives within the
time of two chunks; nothing is lost, nothing doubled.
"""

import argparse
import json
import sys
from math import inf
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.recorder_outage.model import Scene, simulate  # noqa: E402
from benchmarks.recorder_outage.trial import Trial, run_trial  # noqa: E402
from recorder.upload.upload_policy import Tempo  # noqa: E402

AIM, LIVE_AIM_CHUNKS = 3.0, 2.0
FULL_JITTER_ALONE = Tempo(spread=0.0, fresh_after=inf, gap=0.0)
RATIO, LIVE = "busiest second / mean (aim 3)", "slowest live chunk, chunks (aim 2)"


def main() -> int:
    """Prints the table; exit 1 where the simulation misses an aim, or anything is lost or doubled."""
    options = _options()
    table = Table("", "simulated", "simulated, full jitter alone", "real", title="A fleet after an outage")
    simulated, plain = _simulated(options.recorders), _simulated(options.recorders, FULL_JITTER_ALONE)
    real = _real(options.real)
    for name in simulated:
        table.add_row(name, str(simulated[name]), str(plain[name]), str(real[name]))
    Console(width=110).print(table)
    if options.save:
        target = ROOT / "benchmarks" / "results" / "recorder_fleet.json"
        target.parent.mkdir(exist_ok=True)
        with target.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"simulated": simulated, "full_jitter_alone": plain, "real": real}) + "\n")
    spoiled = any(run[name] for run in (simulated, real) for name in ("lost", "stored twice"))
    late = simulated[LIVE] > LIVE_AIM_CHUNKS or simulated[RATIO] > AIM
    return 1 if spoiled or late else 0


def _simulated(recorders: int, tempo: Tempo | None = None) -> dict[str, Any]:
    scene = Scene(recorders=recorders, tempo=tempo or Tempo())
    figures = simulate(scene)
    ratio, peak, mean = figures.peak_to_mean(scene)
    needed_s = scene.down_s / scene.chunk_s * recorders / (scene.rate_per_s - recorders / scene.chunk_s)
    drained_s = figures.drained_s(scene) - scene.back_s
    return {
        "recorders": recorders,
        "chunk, s": scene.chunk_s,
        "outage, s": scene.down_s,
        "chunks recorded": len(figures.cut_s),
        "lost": figures.lost,
        "stored twice": figures.doubled,
        RATIO: round(ratio, 2),
        "busiest second, requests": peak,
        "mean, requests a second": round(mean, 1),
        "answered 503": sum(figures.busy.values()),
        "last device heard again, chunks": round(figures.latest_device_s(scene) / scene.chunk_s, 2),
        LIVE: round(figures.latest_live_s(scene) / scene.chunk_s, 2),
        "backlog drained after, s": round(drained_s),
        "of that needed by the server": f"{needed_s / drained_s:.0%}",
    }


def _real(recorders: int) -> dict[str, Any]:
    trial = Trial(recorders=recorders)
    figures = run_trial(trial)
    ratio, peak, mean = figures.peak_to_mean()
    return {
        "recorders": recorders,
        "chunk, s": trial.chunk_s,
        "outage, s": trial.down_s,
        "chunks recorded": figures.recorded,
        "lost": figures.lost,
        "stored twice": figures.doubled,
        RATIO: round(ratio, 2),
        "busiest second, requests": peak,
        "mean, requests a second": round(mean, 1),
        "answered 503": figures.busy,
        "last device heard again, chunks": round(figures.latest_device_s / trial.chunk_s, 2),
        LIVE: round(figures.latest_live_s / trial.chunk_s, 2),
        "backlog drained after, s": round(figures.drained_s),
        "of that needed by the server": "",
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recorders", type=int, default=500, help="of the simulation")
    parser.add_argument("--real", type=int, default=60, help="recorders of the real run")
    parser.add_argument("--save", action="store_true", help="append to benchmarks/results/recorder_fleet.json")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
