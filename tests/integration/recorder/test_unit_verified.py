"""The unit, as systemd's own checker sees it."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from recorder.service.install import Place, unit

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is missing (apt install systemd)"
)
HIGHEST_EXPOSURE = 2.5


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "recorder-agent.service"
    path.write_text(unit(Place(("/bin/true",), spool=tmp_path)), encoding="utf-8")
    return path


def _analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60, check=False)


def test_it_verifies_without_a_word(written: Path) -> None:
    done = _analyze("verify", str(written))
    assert (done.returncode, [line for line in done.stderr.splitlines() if written.name in line]) == (0, [])


def test_its_exposure_is_low(written: Path) -> None:
    done = _analyze("security", "--offline=yes", "--no-pager", str(written))
    exposure = re.search(r"Overall exposure level for recorder-agent\.service: (\d+\.\d)", done.stdout)
    assert exposure is not None, done.stdout + done.stderr
    assert float(exposure[1]) <= HIGHEST_EXPOSURE
