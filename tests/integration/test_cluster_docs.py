"""docs/cluster.md says what is so: its costs are what the script reckons, and the files that it names exist."""

import re

from benchmarks import costs
from cluster.release import ROOT


def test_the_table_of_costs_is_what_the_script_prints() -> None:
    assert f"{costs.BEGIN}\n{costs.table()}\n{costs.END}" in costs.DOC.read_text(encoding="utf-8")


def test_a_figure_of_the_readme_changes_the_costs() -> None:
    assert costs.stated("Finding speech, decoding included") > 100


def test_every_file_that_it_names_exists() -> None:
    text = costs.DOC.read_text(encoding="utf-8")
    links = {link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link}
    named = set(re.findall(r"`((?:configs|benchmarks|samples)/[\w./-]+)`", text))

    assert links
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []
    assert [name for name in named if not (ROOT / name).exists()] == []
