"""`python -m serve_apps.whisper.warm [NAME…]`: puts models where they are looked for, before a replica needs them."""

import sys

from configs.settings import load
from domain.errors import SalesControlError
from serve_apps.whisper.models import resolve


def warm(names: list[str]) -> None:
    """Fetches or joins each model, by default those of the settings, and says where it is.

    Raises ConfigError for an unknown name, Unavailable where the hub cannot be reached.
    """
    settings = load()
    for name in dict.fromkeys(names or [settings.asr.fast.model, settings.asr.accurate.model]):
        files = resolve(name, settings.home)
        sys.stdout.write(f"{name}: {files.identity} in {files.folder}\n")


if __name__ == "__main__":
    try:
        warm(sys.argv[1:])
    except SalesControlError as error:
        sys.exit(f"error: {error}")
