"""Prompt files: `configs/prompts/<name>-v<version>.yaml`, kept by version and hash.

A version once published stays as it was: verdicts name it, and are compared by it. What was published stands in
`SHA256SUMS` beside the prompts, as `sha256sum` writes and checks it.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from configs.layers import FOLDER
from domain.errors import ConfigError

PROMPTS = FOLDER / "prompts"
PUBLISHED = "SHA256SUMS"


class _PromptFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    version: int
    system: str
    repair: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """version: `upsell-v1`; sha256: hex, of the file's bytes; repair has one field, `{problem}`."""

    version: str
    sha256: str
    system: str
    repair: str


def load_prompt(version: str, folder: Path = PROMPTS) -> Prompt:
    """Reads a prompt.

    Raises ConfigError where it is missing, malformed, calls itself something else, or is not what was published.
    """
    path = folder / f"{version}.yaml"
    try:
        content = path.read_bytes()
    except OSError:
        known = ", ".join(sorted(p.stem for p in folder.glob("*.yaml"))) or "none"
        raise ConfigError(f"analysis.prompt: no prompt {version!r} in {folder}; there are: {known}") from None
    try:
        file = _PromptFile.model_validate(yaml.safe_load(content))
    except (yaml.YAMLError, ValidationError) as error:
        raise ConfigError(f"{path}: not a prompt file: {error}") from None
    if f"{file.name}-v{file.version}" != version:
        raise ConfigError(
            f"{path}: calls itself {file.name}-v{file.version}; name and version must match the file name"
        )
    if "{problem}" not in file.repair:
        raise ConfigError(f"{path}: `repair` must contain {{problem}}")
    _check(path, content)
    return Prompt(version, hashlib.sha256(content).hexdigest(), file.system, file.repair)


def check_prompts(folder: Path = PROMPTS) -> None:
    """Raises ConfigError where any prompt that was published is not what it was, in use or not."""
    for name in _published(folder):
        path = folder / name
        if path.is_file():
            _check(path, path.read_bytes())


def _check(path: Path, content: bytes) -> None:
    published = _published(path.parent).get(path.name)
    if published is None:
        raise ConfigError(
            f"{path}: not published yet, and unpublished words may change under their verdicts; "
            f"when they are final: cd {path.parent} && sha256sum {path.name} >> {PUBLISHED}"
        )
    if published != hashlib.sha256(content).hexdigest():
        raise ConfigError(
            f"{path}: changed since it was published, while verdicts name it by its old words; put the change into a "
            f"new version (copy the file, raise `version`, add it to {PUBLISHED}) and restore this one"
        )


def _published(folder: Path) -> dict[str, str]:
    """File name → hash."""
    try:
        lines = (folder / PUBLISHED).read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    pairs = (line.split(maxsplit=1) for line in lines if line.strip())
    return {name.lstrip("*"): sha256 for sha256, name in pairs}
