"""What makes another release: the code of every process, and every setting, secrets too."""

from pathlib import Path

import pytest

from cluster import release
from cluster.release import pages_hash, release_hash
from configs.settings import load

SECRETS = [
    *("ADMIN_TOKEN", "INTERNAL_TOKEN", "DATABASE_URL", "OPENAI_API_KEY"),
    *("SALESCONTROL_METRICS__SCRAPE_TOKEN", "SALESCONTROL_SERVER__RAY_REDIS_PASSWORD", "AWS_SECRET_ACCESS_KEY"),
]


@pytest.mark.parametrize("name", [*SECRETS, "SALESCONTROL_LOG__LEVEL"])
def test_another_setting_is_another_release(name: str) -> None:
    values = {"SALESCONTROL_LOG__LEVEL": ("DEBUG", "ERROR"), "DATABASE_URL": ("postgresql://a", "postgresql://b")}
    one, other = values.get(name, ("x" * 24, "y" * 24))
    assert release_hash(load({name: one})) != release_hash(load({name: other}))
    assert release_hash(load({name: one})) == release_hash(load({name: one}))


@pytest.mark.parametrize("package", ["domain", "cluster", "serve_apps", "dashboard"])
def test_other_code_is_another_release(package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release, "ROOT", tmp_path)
    code = tmp_path / package / "code.py"
    code.parent.mkdir()
    settings, hashes = load({}), set()
    for text in ("a = 1", "a = 2"):
        code.write_text(text)
        hashes.add(release_hash(settings) + pages_hash(["panel"], {}))
    assert len(hashes) == 2
