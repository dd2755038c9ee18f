"""The rules of `domain.rules` as an engine: offline, free, always there."""

from collections.abc import Sequence

from domain.rules.engine import judge, sha256_of
from domain.rules.versions import NEWEST, Rules
from domain.transcript import Transcript
from domain.verdict import Provenance, RawVerdict


class RulesEngine:
    """`analysis_model` is the rules' version; the hash is that of their phrases."""

    def __init__(self, rules: Rules = NEWEST) -> None:
        self.rules = rules
        self._sha256 = sha256_of(rules)

    async def analyse(self, transcript: Transcript, catalogue: Sequence[str]) -> tuple[RawVerdict, Provenance]:
        """Never raises for a transcript; a language without rules is `uncertain`."""
        provenance = Provenance(
            model=self.rules.version,
            prompt_version=self.rules.version,
            prompt_sha256=self._sha256,
            transcript_sha256=transcript.sha256,
        )
        return judge(transcript, catalogue, self.rules), provenance

    async def close(self) -> None:
        """Nothing is open."""
