"""Where audio files live."""

from typing import Protocol


class AudioStore(Protocol):
    """Durable storage of whole files under relative paths."""
