"""`demo`: the sample shop day through the whole pipeline, and what came of it on the screen."""

import os
import signal
import threading

import typer
from rich.console import Console

from cluster import lifecycle
from cluster.cli.cluster_commands import Steps, addresses
from cluster.cli.day import print_day
from cluster.cli.evaluate import print_evaluation
from cluster.cli.import_ import ImportOptions, import_paths
from cluster.release import ROOT
from cluster.truth import read_truth
from configs.settings import load
from db.dialogues.exports import Selection
from domain.errors import ConfigError

SAMPLES = ROOT / "samples" / "shop_day"
TRUTH = SAMPLES / "ground_truth.json"
console = Console()


def demo() -> None:
    """Bring everything up, upload the sample day as a recorder would, judge it, show the result.

    Stays up till Ctrl-C and then stops everything; DEMO_EXIT=1 stops right after showing.
    """
    if not SAMPLES.is_dir():
        raise ConfigError(f"the sample day is not at {SAMPLES}; run the demo from a checkout")
    settings = load()
    try:
        with Steps() as steps:
            running = lifecycle.up(settings, steps.report)
        import_paths(settings, [], ImportOptions(manifest=SAMPLES / "manifest.csv", wait=True))
        period = read_truth(TRUTH).period
        print_day(settings, console, Selection(*period))
        print_evaluation(settings, TRUTH, console)
        console.print(addresses(settings, running, period[0].date()))
        if os.environ.get("DEMO_EXIT") != "1":
            console.print("\nCtrl-C stops everything.")
            _wait_for_stop()
    except KeyboardInterrupt:
        console.print("\nInterrupted: stopping everything. What was uploaded is kept for the next demo.")
        raise typer.Exit(130) from None
    finally:
        with Steps() as steps:
            lifecycle.down(settings, steps.report)
        console.print("Stopped. Nothing of it is left running.")


def _wait_for_stop() -> None:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    while not stop.wait(1.0):
        continue
