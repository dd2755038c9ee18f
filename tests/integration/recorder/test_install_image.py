"""`install --root`: into an image that isn't running. Needs root, as the command does."""

import os
import shutil
from pathlib import Path

import pytest

from recorder.cli import main

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can make users in an image"),
    pytest.mark.skipif(shutil.which("systemd-sysusers") is None, reason="systemd-sysusers is missing (systemd)"),
]


@pytest.fixture
def image(tmp_path: Path) -> Path:
    (tmp_path / "etc").mkdir()
    for name in ("passwd", "group", "shadow", "gshadow"):
        shutil.copy(Path("/etc") / name, tmp_path / "etc")
    return tmp_path


def test_an_image_gets_user_folders_and_an_enabled_unit_and_keeps_what_is_not_ours(
    image: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--lang", "en", "install", "--root", str(image)]) == 0
    assert (image / "etc/systemd/system/multi-user.target.wants/recorder-agent.service").is_symlink()
    assert "recorder-agent:x:" in (image / "etc/passwd").read_text()
    assert (image / "var/lib/recorder-agent/spool").stat().st_mode & 0o777 == 0o750
    capsys.readouterr()
    assert main(["--lang", "en", "install", "--root", str(image)]) == 0
    assert "in place already" in capsys.readouterr().out


def test_purge_removes_only_what_is_the_recorders(image: Path) -> None:
    config, spool = image / "etc" / "till.yaml", image / "mnt" / "ssd"
    (spool / "outbox").mkdir(parents=True)
    (spool / "photos").mkdir()
    config.write_text(
        "".join(f"{name}: 00000000-0000-0000-0000-00000000000{n}\n" for n, name in enumerate(_IDS))
        + "ingest_base_url: https://a.example\ningest_token: t0ken\nspool_dir: /mnt/ssd\n"
    )
    where = ["-c", "/etc/till.yaml", "--root", str(image)]
    assert main(["install", *where]) == 0
    unit = (image / "etc/systemd/system/recorder-agent.service").read_text()
    assert "run -c /etc/till.yaml" in unit
    assert "ReadWritePaths=-/mnt/ssd" in unit
    assert main(["uninstall", *where, "--purge", "--yes"]) == 0
    assert (config.exists(), (spool / "outbox").exists(), (spool / "photos").exists()) == (False, False, True)
    assert (image / "etc/passwd").is_file()
    assert "recorder-agent:x:" not in (image / "etc/passwd").read_text()


_IDS = ("point_id", "register_id", "device_id")
