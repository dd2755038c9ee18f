"""The page about curl and pandas: what it says is run, and gives the figures that were counted by hand."""

import asyncio
import os
import re
import sys
from datetime import date
from pathlib import Path

import pytest
from forty_dialogues import DAYS, B, seed
from people import a_person
from shop import Shop

from domain.access import Role
from domain.figures import wilson

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reports-with-curl-and-pandas.md"
DAY = "2026-03-29"


def blocks(language: str) -> str:
    """All blocks of the page in that language, as one script."""
    return "\n".join(re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE))


async def output(shop: Shop, folder: Path, *command: str) -> str:
    """What the script prints. Fails where it fails or warns."""
    machine = await a_person(shop.deps.db, Role.MACHINE)
    env = {**os.environ, "API": str(shop.client.base_url).rstrip("/"), "TOKEN": machine.token, "DAY": DAY}
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    printed, errors = await process.communicate()
    assert (process.returncode, errors.decode()) == (0, ""), errors.decode()
    return printed.decode()


@pytest.fixture
async def forty(shop: Shop) -> Shop:
    await seed(shop.deps.db)
    return shop


async def test_the_commands_with_curl_print_the_days_figures(forty: Shop, tmp_path: Path) -> None:
    printed = await output(forty, tmp_path, "bash", "-euo", "pipefail", "-c", blocks("bash"))
    shares = re.search(r"offers made: 8 of 11 sales, 95 % between ([\d.]+) and ([\d.]+)", printed)
    assert shares is not None, printed
    rate = wilson(8, 11)
    assert [float(share) for share in shares.groups()] == pytest.approx([rate.low, rate.high])
    assert "specific offers: 6\naccepted: 5 of 7\nrecorded: not known\n" in printed
    assert printed.endswith("304\n")


async def test_the_script_with_pandas_makes_the_same_figures_from_the_dialogues(forty: Shop, tmp_path: Path) -> None:
    printed = await output(forty, tmp_path, sys.executable, "-c", blocks("python"))
    counts = DAYS[B, date.fromisoformat(DAY)]
    assert f"'failed': {counts.failed}" in printed
    assert "offers made: 8 of 11 sales, 72.7%\nspecific offers: 6\naverage quality: 2.00\naccepted: 5 of 7\n" in printed
    rate = wilson(8, 11)
    assert f"{rate.value:.3f}  {rate.low:.3f}  {rate.high:.3f}" in printed
    assert "2026-03-28" in printed
