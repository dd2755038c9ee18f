"""The rules of `domain.rules` as an engine: offline, free, always there."""

from collections.abc import Sequence

from domain.rules.engine import RULES_SHA256, RULES_VERSION, judge
from domain.transcript import Transcript
from domain.verdict import Provenance, RawVerdict


class RulesEngine:
    """`analysis_model` is the rules' version; the hash is that of their phrases."""

    async def analyse(self, transcript: Transcript, catalogue: Sequence[str]) -> tuple[RawVerdict, Provenance]:
        """Never raises for a transcript; a language without rules is `uncertain`."""
        provenance = Provenance(
            model=RULES_VERSION,
            prompt_version=RULES_VERSION,
            prompt_sha256=RULES_SHA256,
            transcript_sha256=transcript.sha256,
        )
        return judge(transcript, catalogue), provenance

    async def close(self) -> None:
        """Nothing is open."""
