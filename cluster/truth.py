"""Reading what `eval` compares: a truth file of the sample's format, and an export."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from pydantic import AwareDatetime, BaseModel, ValidationError

from domain.errors import ConfigError
from domain.evaluation import Offer, Predicted, Quote, Said, TrueSpan
from domain.export import Export, ExportedDialogue
from domain.sessionize import split_speech
from domain.status import Kind
from domain.timeline import Rules

_KINDS = {"sale": Kind.SALE, "enquiry": Kind.ENQUIRY, "staff_chatter": Kind.STAFF, "staff": Kind.STAFF}
M = TypeVar("M", bound=BaseModel)


class _Timed(BaseModel):
    """Seconds from the timeline's start."""

    start_s: float
    end_s: float


class _Utterance(_Timed):
    text: str
    language: str | None = None


class _Offer(_Timed):
    accepted: bool | None = None


class _Dialogue(_Timed):
    language: str
    kind: str
    utterances: list[_Utterance]
    upsells: list[_Offer] = []


class Truth(BaseModel):
    """A labelled recording. start_time is UTC; everything else is seconds from it. Further keys are left unread."""

    start_time: AwareDatetime
    total_seconds: float
    speech_segments: list[tuple[float, float]] = []
    dialogues: list[_Dialogue]

    @property
    def start_ms(self) -> int:
        return round(self.start_time.timestamp() * 1000)

    @property
    def period(self) -> tuple[datetime, datetime]:
        """First instant of the timeline, and the first one after it."""
        return self.start_time, self.start_time + timedelta(seconds=self.total_seconds)

    def spans(self, rules: Rules) -> list[TrueSpan]:
        """The rule applied to the true speech (the utterances where speech is not given), with what lies in each."""
        said = [
            Said(self._ms(u.start_s), self._ms(u.end_s), u.text, u.language or dialogue.language)
            for dialogue in self.dialogues
            for u in dialogue.utterances
        ]
        speech = [(self._ms(start), self._ms(end)) for start, end in self.speech_segments]
        spans = split_speech(speech or [(u.start_ms, u.end_ms) for u in said], rules)
        edges = [(span.start_ms, span.end_ms) for span in spans]
        home = {id(u): _home(u.start_ms, u.end_ms, edges) for u in said}
        offers = [
            Offer(self._ms(o.start_s), self._ms(o.end_s), o.accepted)
            for dialogue in self.dialogues
            for o in dialogue.upsells
        ]
        return [
            TrueSpan(
                start,
                end,
                tuple(u for u in said if home[id(u)] == number),
                tuple(o for o in offers if _home(o.start_ms, o.end_ms, edges) == number),
                frozenset(_KINDS[d.kind] for d in self.dialogues if self._touches(d, start, end) and d.kind in _KINDS),
            )
            for number, (start, end) in enumerate(edges)
        ]

    def _ms(self, seconds: float) -> int:
        return self.start_ms + round(seconds * 1000)

    def _touches(self, timed: _Timed, start_ms: int, end_ms: int) -> bool:
        return self._ms(timed.start_s) < end_ms and start_ms < self._ms(timed.end_s)


def read_truth(path: Path) -> Truth:
    """Raises ConfigError that names the file and what is wrong in it."""
    return _read(path, Truth)


def read_export(path: Path) -> list[ExportedDialogue]:
    """The dialogues of a JSON export. Raises ConfigError that names the file and what is wrong in it."""
    return _read(path, Export).dialogues


def as_predicted(dialogues: Iterable[ExportedDialogue]) -> list[Predicted]:
    """An export as the measures take it."""
    return [
        Predicted(
            _epoch_ms(d.start_ts.timestamp()),
            _epoch_ms(d.end_ts.timestamp()),
            d.language or "",
            d.text,
            tuple(
                Said(_epoch_ms(word.start_ts.timestamp()), _epoch_ms(word.end_ts.timestamp()), word.word)
                for segment in d.segments
                for word in segment.words
            ),
            d.analysis.attempted if d.analysis else None,
            d.analysis.kind if d.analysis else None,
            d.analysis.customer_reaction if d.analysis else None,
            tuple(
                Quote(e.quote, _epoch_ms(e.start_ts.timestamp()), _epoch_ms(e.end_ts.timestamp()))
                for e in (d.analysis.evidence if d.analysis else ())
            ),
        )
        for d in dialogues
    ]


def _home(start_ms: int, end_ms: int, edges: Sequence[tuple[int, int]]) -> int:
    """The number of the span that holds most of it; the nearest where none does."""
    return max(range(len(edges)), key=lambda n: min(end_ms, edges[n][1]) - max(start_ms, edges[n][0]), default=-1)


def _epoch_ms(seconds: float) -> int:
    return round(seconds * 1000)


def _read(path: Path, model: type[M]) -> M:
    try:
        return model.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ConfigError(f"{path}: not a {model.__name__.lower()} file: {where}: {first['msg']}") from None
