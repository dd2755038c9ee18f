"""What every engine offers to the analysis stage."""

from collections.abc import Sequence
from typing import Protocol

from domain.transcript import Transcript
from domain.verdict import Provenance, RawVerdict


class Engine(Protocol):
    """Judges dialogues. Built in the process that uses it: clients do not pickle."""

    async def analyse(self, transcript: Transcript, catalogue: Sequence[str]) -> tuple[RawVerdict, Provenance]:
        """The verdict, its quotes not yet located, and where it comes from.

        Raises Transient, Rejected or Unavailable (domain.errors).
        """
        ...

    async def close(self) -> None:
        """Closes connections."""
        ...
