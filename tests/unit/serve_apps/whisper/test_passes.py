"""Two passes: when the accurate model is asked, and whose answer stands."""

from domain.asr import Decoding, Failure, FailureKind, Heard, Outcome, SpeechRef, TranscribeItem
from domain.status import AsrPass
from domain.suspicion import SuspicionRules
from domain.transcript import Transcript, Word
from domain.utterances import group
from serve_apps.whisper.asks import LONGEST_ITEM_S, Ask
from serve_apps.whisper.passes import Listen, Pass, Passes

TALK = "Добрый день, какая колонка? Четвёртая, до полного бака. Карта есть? Да, вот она. Спасибо, всего хорошего."
BROKEN = Failure(FailureKind.TRANSIENT, "out of memory")


def heard(text: str, probability: float, model: str) -> Heard:
    words = [Word(i * 900, i * 900 + 700, f" {word}", probability) for i, word in enumerate(text.split())]
    return Heard(Transcript("ru", group(words, 0.1)), model)


def item(seconds: int) -> TranscribeItem:
    return TranscribeItem("d", "ru", (SpeechRef("a.ogg", "0" * 64, 0, seconds * 1000, 0),))


class Models:
    """Two models that give fixed answers, and remember what they were asked."""

    def __init__(self, fast: Heard | Failure, accurate: Heard | Failure) -> None:
        self.asked: list[str] = []
        self.passes = Passes(
            Pass(self._model("fast", fast), Decoding(beam_size=1, pack=True)),
            Pass(self._model("accurate", accurate), Decoding(beam_size=5, pack=False)),
            SuspicionRules(),
            accurate_min_ms=15_000,
        )

    def _model(self, name: str, answer: Heard | Failure) -> Listen:
        async def listen(ask: Ask) -> Heard | Failure:
            self.asked.append(name)
            assert ask.decoding.pack == (name == "fast")
            return answer

        return listen


async def test_a_good_first_answer_is_enough() -> None:
    models = Models(heard(TALK, 0.9, "base"), heard(TALK, 0.99, "small"))
    outcome = await models.passes.transcribe(item(16))
    assert isinstance(outcome, Outcome)
    assert (models.asked, outcome.asr_pass, outcome.model, outcome.reasons) == (["fast"], AsrPass.FAST, "base", ())


async def test_a_doubtful_answer_about_enough_speech_is_asked_again() -> None:
    models = Models(heard(TALK, 0.3, "base"), heard(TALK, 0.9, "small"))
    outcome = await models.passes.transcribe(item(16))
    assert isinstance(outcome, Outcome)
    assert models.asked == ["fast", "accurate"]
    assert (outcome.asr_pass, outcome.model, outcome.reasons) == (AsrPass.ACCURATE, "small", ("low_logprob",))


async def test_a_short_dialogue_is_not_worth_a_second_pass_and_keeps_its_reasons() -> None:
    models = Models(heard(TALK, 0.3, "base"), heard(TALK, 0.9, "small"))
    outcome = await models.passes.transcribe(item(14))
    assert isinstance(outcome, Outcome)
    assert (models.asked, outcome.asr_pass, outcome.reasons) == (["fast"], AsrPass.FAST, ("low_logprob",))


async def test_a_second_answer_that_is_worse_does_not_count() -> None:
    models = Models(heard(TALK, 0.3, "base"), heard("да " * 60, 0.3, "small"))
    outcome = await models.passes.transcribe(item(16))
    assert isinstance(outcome, Outcome)
    assert (outcome.asr_pass, outcome.reasons) == (AsrPass.FAST, ("low_logprob", "accurate_pass_no_better"))


async def test_a_failed_second_pass_leaves_the_first_answer_standing() -> None:
    models = Models(heard(TALK, 0.3, "base"), BROKEN)
    outcome = await models.passes.transcribe(item(16))
    assert isinstance(outcome, Outcome)
    assert (outcome.model, outcome.reasons) == ("base", ("low_logprob", "accurate_pass_failed"))


async def test_a_failed_first_pass_is_the_answer() -> None:
    models = Models(BROKEN, heard(TALK, 0.9, "small"))
    assert await models.passes.transcribe(item(16)) == BROKEN
    assert models.asked == ["fast"]


async def test_captions_alone_end_as_no_utterances_with_a_reason() -> None:
    captions = "Продолжение следует..."
    outcome = await Models(heard(captions, 0.9, "base"), heard(captions, 0.9, "small")).passes.transcribe(item(16))
    assert isinstance(outcome, Outcome)
    assert outcome.transcript.utterances == ()
    assert outcome.reasons == ("little_text", "only_captions")


def test_an_item_weighs_its_seconds_but_never_more_than_a_batch_takes() -> None:
    assert Ask(item(16), Decoding()).weight_s == 16
    assert Ask(item(100_000), Decoding()).weight_s == LONGEST_ITEM_S


async def test_a_rerun_asks_one_model_in_its_own_way_and_takes_what_it_says() -> None:
    models = Models(heard(TALK, 0.9, "base"), heard(TALK, 0.3, "small"))
    one = Pass(models.passes.accurate.listen, Decoding(beam_size=9, pack=False))
    outcome = await models.passes.once(item(16), one, AsrPass.ACCURATE)
    assert isinstance(outcome, Outcome)
    assert (models.asked, outcome.asr_pass, outcome.model) == (["accurate"], AsrPass.ACCURATE, "small")
    assert outcome.reasons == ("low_logprob",)
    broken = Models(BROKEN, BROKEN)
    assert await broken.passes.once(item(16), broken.passes.fast, AsrPass.FAST) is BROKEN
