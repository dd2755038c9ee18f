"""A month of 2,000 shop counters on a GPU fleet: what each way of scaling costs, and how late its verdicts are.

    python benchmarks/fleet.py [--check | --write]

A simulation with a seed: opening hours, lunch peaks, weekends, Poisson dialogues, nodes that take time to start, spot
losses, a day's outage that is delivered later, and three days of history analysed anew. It runs `domain/scaling.py`
itself, beside a fixed fleet sized for the peak and a model of Ray Serve's own scaling by requests in flight. Each
assumption is a field with its source in benchmarks/fleet_month/; the doubtful ones are swept. `--write` puts tables and
plot into docs/autoscaling.md and docs/images/fleet.svg, `--check` says whether they are what comes out now.

Aim: of live verdicts 95 % within 10 minutes, at most 60 % of the GPU-hours of the fixed fleet.
"""

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from rich.console import Console
from rich.markdown import Markdown
from rich.progress import track

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.fleet_month import plot, tables  # noqa: E402
from benchmarks.fleet_month.figures import TARGET_S, Figures, figures  # noqa: E402
from benchmarks.fleet_month.scenes import COMPARED, SWEPT, TUNED, Scene  # noqa: E402
from benchmarks.fleet_month.shops import month  # noqa: E402
from benchmarks.fleet_month.simulate import Month, simulate  # noqa: E402

DOC, IMAGE = ROOT / "docs" / "autoscaling.md", ROOT / "docs" / "images" / "fleet.svg"
AIM = 0.6


def main() -> int:
    """Prints the tables; exit 1 where the aim is missed, or with --check where the docs say something else."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true")
    what.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    started = time.perf_counter()
    scenes = [*COMPARED, *TUNED, *SWEPT]
    with ProcessPoolExecutor() as pool:
        months = track(pool.map(run, scenes), "simulating months", total=len(scenes), console=Console(stderr=True))
        results = dict(zip(scenes, months, strict=True))
    found = {scene: of for scene, (of, _) in results.items()}
    text = tables.text(found)
    image = plot.svg({scene: results[scene][1] for scene in COMPARED})
    Console(width=140).print(Markdown(text))
    print(f"{len(scenes)} months in {time.perf_counter() - started:.0f} s")
    if arguments.write:
        DOC.write_text(tables.put(DOC.read_text(encoding="utf-8"), text), encoding="utf-8")
        IMAGE.write_text(image, encoding="utf-8")
    stale = arguments.check and not (text in DOC.read_text(encoding="utf-8") and image == IMAGE.read_text("utf-8"))
    if stale:
        print("docs/autoscaling.md or its plot says something else: run with --write")
    return 1 if stale or not reaches_aim(found) else 0


def run(scene: Scene) -> tuple[Figures, Month]:
    """One month of one scene."""
    demand = month(scene.shops)
    result = simulate(demand, scene.gpus, scene.policy(), window=scene.window, start=scene.start)
    return figures(demand, result), result


def reaches_aim(found: dict[Scene, Figures]) -> bool:
    """Fresh enough and cheap enough."""
    fixed, *_, ours = (found[scene] for scene in COMPARED)
    return ours.p95_s <= TARGET_S and ours.gpu_hours <= AIM * fixed.gpu_hours


if __name__ == "__main__":
    sys.exit(main())
