"""docs/cluster.md and docs/one-server.md say what is so: their tables are what the scripts reckon, and the files that
they name exist."""

import re
from types import ModuleType

import pytest

from benchmarks import costs, sizing
from cluster.release import ROOT

BOTH = pytest.mark.parametrize("script", [costs, sizing], ids=["costs", "sizing"])


@BOTH
def test_the_table_is_what_the_script_prints(script: ModuleType) -> None:
    assert f"{script.BEGIN}\n{script.table()}\n{script.END}" in script.DOC.read_text(encoding="utf-8")


def test_a_figure_of_the_readme_changes_the_costs() -> None:
    assert costs.stated("Finding speech, decoding included") > 100


@BOTH
def test_every_file_that_it_names_exists(script: ModuleType) -> None:
    text = script.DOC.read_text(encoding="utf-8")
    links = {link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link}
    named = set(re.findall(r"`((?:configs|benchmarks|samples)/[\w./-]+)`", text))

    assert links
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []
    assert [name for name in named if not (ROOT / name).exists()] == []
