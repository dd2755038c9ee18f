"""What 1,000 counter-hours cost: reckoned from speeds that were measured or published, and from list prices.

    python benchmarks/costs.py [--check | --write]

Reckons and measures nothing: each line says which figure it rests on. `--write` puts the table into docs/cluster.md,
`--check` says whether the one there is what comes out now. Speeds of GPUs were not measured here: the range is between
two published figures, of cards below and above the A10G of a g5.xlarge.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.markdown import Markdown

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.fleet_month.shops import Shops  # noqa: E402

DOC = ROOT / "docs" / "cluster.md"
BEGIN, END = "<!-- benchmarks/costs.py --write: begin -->", "<!-- benchmarks/costs.py --write: end -->"
REGIONS = {"us_east_1": "N. Virginia, $", "eu_central_1": "Frankfurt, $"}
HOURS = 1_000
GPU_SPEED = (46.0, 108.0)
"""× real time, published for faster-whisper: large-v2, batch 8, RTX 3070 Ti; large-v3-turbo, batch 8, RTX 3090."""
CPU_SPEED = (9.1, 22.0)
"""× real time on two cores, Whisper base int8, dialogues of 6 s: only batched; packed as well, as the product does it.
Measured in one run when packing was written; benchmarks/asr.py measures yours."""
BUSY = 0.6
"""Assumed: the share of its paid time that an autoscaled node works. The rest it starts, or waits to be let go."""
BYTES_PER_S = 24_000 / 8
S3_GB_MONTH = {"us_east_1": 0.023, "eu_central_1": 0.0245}
S3_PUT, S3_GET = {"us_east_1": 5.0e-6, "eu_central_1": 5.4e-6}, {"us_east_1": 4.0e-7, "eu_central_1": 4.3e-7}
GETS_PER_CHUNK = 2
"""Speech detection, and Whisper for what was said in it."""
CHARS_PER_TOKEN = 3.0
"""Between English, four, and Russian, somewhat under three."""
ANSWER_TOKENS = 200
MONTH_H = 730


@dataclass(frozen=True, slots=True)
class Line:
    """One row: `dollars` by region, (least, most)."""

    what: str
    needs: str
    dollars: dict[str, tuple[float, float]]
    rests_on: str


def main() -> int:
    """Prints the table; exit 1 where --check finds another one in the docs."""
    return tell(__doc__ or "", table(), DOC, (BEGIN, END))


def tell(description: str, text: str, doc_path: Path, marks: tuple[str, str]) -> int:
    """Of a script that reckons a table of `doc_path`, between `marks`: prints it, compares or writes it where asked."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true")
    what.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    doc, (begin, end) = doc_path.read_text(encoding="utf-8"), marks
    Console(width=160).print(Markdown(text))
    if arguments.write:
        before, _, rest = doc.partition(begin)
        doc_path.write_text(f"{before}{begin}\n{text}\n{end}{rest.partition(end)[2]}", encoding="utf-8")
    if arguments.check and f"{begin}\n{text}\n{end}" not in doc:
        print(f"{doc_path.relative_to(ROOT)} says something else: run with --write")
        return 1
    return 0


def table() -> str:
    """The lines as a table in Markdown."""
    rows = [
        f"| {HOURS:,} counter-hours | needs | {' | '.join(REGIONS.values())} | rests on |",
        "| --- | --- | --: | --: | --- |",
    ]
    for line in lines():
        prices = (_dollars(*line.dollars[region]) if region in line.dollars else "–" for region in REGIONS)
        rows.append(f"| {line.what} | {line.needs} | {' | '.join(prices)} | {line.rests_on} |")
    return "\n".join(rows)


def lines() -> Iterator[Line]:
    """From the counter's audio to the verdict, and what runs whether somebody speaks or not."""
    shops, prices = Shops(), _yaml("configs/instance_types.yaml")
    dialogue_s = float(shops.lengths_ms.mean()) / 1000
    spoken_h = HOURS * shops.per_hour * dialogue_s / 3600
    said = f"{shops.per_hour:g} dialogues an hour of {dialogue_s:.0f} s (assumed; lengths of the sample day)"
    gpu = sorted(spoken_h / speed / BUSY for speed in GPU_SPEED)
    slow, fast = GPU_SPEED
    yield Line(
        "Whisper large-v3-turbo on `g5.xlarge`",
        f"{gpu[0]:.1f} to {gpu[1]:.1f} node-hours for {spoken_h:.0f} h of dialogues, {BUSY:.0%} busy",
        _priced(prices["g5.xlarge"], gpu[0], gpu[1]),
        f"{slow:g} to {fast:g} × real time, published for cards below and above an A10G, not measured here; {said}",
    )
    cpu = sorted(2 * spoken_h / speed / BUSY / prices["c6i.2xlarge"]["cpus"] for speed in CPU_SPEED)
    yield Line(
        "or: Whisper base on `c6i.2xlarge`",
        f"{cpu[0]:.1f} to {cpu[1]:.1f} node-hours, {BUSY:.0%} busy",
        _priced(prices["c6i.2xlarge"], cpu[0], cpu[1]),
        f"{CPU_SPEED[0]:g} to {CPU_SPEED[1]:g} × real time on two cores, measured; more cores in proportion",
    )
    vad_speed = stated("Finding speech, decoding included")
    vad_h = HOURS / vad_speed / BUSY / prices["c6i.2xlarge"]["cpus"]
    yield Line(
        "Finding speech on `c6i.2xlarge`",
        f"{HOURS / vad_speed:.1f} core-hours, {BUSY:.0%} busy",
        _priced(prices["c6i.2xlarge"], vad_h, vad_h),
        f"{vad_speed:g} × real time on one core, measured (`benchmarks/vad.py`)",
    )
    yield from _judging(HOURS * shops.per_hour)
    yield from _storage(shops.chunk_s)
    yield from _always_on(prices)


def _judging(dialogues: float) -> Iterator[Line]:
    analysis = _yaml("configs/default.yaml")["analysis"]
    prompt = _yaml(f"configs/prompts/{analysis['prompt']}.yaml")["system"]
    truth = json.loads((ROOT / "samples" / "shop_day" / "ground_truth.json").read_text(encoding="utf-8"))
    said = [sum(len(utterance["text"]) for utterance in d["utterances"]) for d in truth["dialogues"]]
    tokens = (len(prompt) + sum(said) / len(said)) / CHARS_PER_TOKEN
    dollars = dialogues * (
        tokens * analysis["price_per_million_in_usd"] + ANSWER_TOKENS * analysis["price_per_million_out_usd"]
    ) / 1e6  # fmt: skip
    yield Line(
        f"Judging by {analysis['openai_model']}",
        f"{dialogues:,.0f} dialogues, about {tokens:,.0f} tokens to read and {ANSWER_TOKENS} to write each",
        dict.fromkeys(REGIONS, (dollars, dollars)),
        "length of the prompt and of the sample day, 3 characters a token (estimated); the rules cost nothing",
    )


def _storage(chunk_s: float) -> Iterator[Line]:
    gigabytes, chunks = HOURS * 3600 * BYTES_PER_S / 1e9, HOURS * 3600 / chunk_s
    asked = {r: chunks * (S3_PUT[r] + GETS_PER_CHUNK * S3_GET[r]) for r in REGIONS}
    yield Line(
        "Audio in S3, a month of it, and requests",
        f"{gigabytes:.1f} GB, {chunks:,.0f} chunks",
        {r: (gigabytes * S3_GB_MONTH[r] + asked[r],) * 2 for r in REGIONS},
        "24 kbit/s in chunks of a minute; list prices",
    )


def _always_on(prices: dict[str, Any]) -> Iterator[Line]:
    """What the cluster file keeps running, per month: it does not grow with the hours."""
    types = _yaml("ray_cluster.yaml")["available_node_types"]
    counts = {name: node.get("min_workers", 0) for name, node in types.items()} | {"head": 1}
    kept = [(types[name]["node_config"]["InstanceType"], count) for name, count in counts.items() if count]
    sums = {r: sum(prices[kind][r] * count for kind, count in kept) * MONTH_H for r in REGIONS}
    yield Line(
        "Beside that, each month: what never sleeps",
        " + ".join(f"{count} `{kind}`" for kind, count in kept),
        {r: (dollars, dollars) for r, dollars in sums.items()},
        "`ray_cluster.yaml`: the head and the types' `min_workers`; the node-hours above run on them first",
    )


def stated(title: str) -> float:
    """The first number that the README's table states for this figure."""
    row = re.search(rf"^\| {re.escape(title)}[^|]*\| ([\d.]+)", (ROOT / "README.md").read_text("utf-8"), re.M)
    if row is None:
        raise SystemExit(f"README.md states no figure {title!r}")
    return float(row[1])


def _priced(facts: dict[str, Any], least: float, most: float) -> dict[str, tuple[float, float]]:
    return {region: (facts[region] * least, facts[region] * most) for region in REGIONS if region in facts}


def _dollars(least: float, most: float) -> str:
    return f"{least:,.2f}" if f"{least:.2f}" == f"{most:.2f}" else f"{least:,.2f} to {most:,.2f}"


def _yaml(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


if __name__ == "__main__":
    sys.exit(main())
