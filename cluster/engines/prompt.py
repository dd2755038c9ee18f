"""Prompt files: `configs/prompts/<name>-v<version>.yaml`, kept by version and hash."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from configs.layers import FOLDER
from domain.errors import ConfigError

PROMPTS = FOLDER / "prompts"


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
    """Reads a prompt. Raises ConfigError where it is missing, malformed, or calls itself something else."""
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
    return Prompt(version, hashlib.sha256(content).hexdigest(), file.system, file.repair)
