"""`whisper` as a Serve application: the front `Transcriber`, and one deployment per model, `Fast` and `Accurate`.

Where both passes name the same model there is only `Fast`, which then listens in both ways.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from ray import serve
from ray.exceptions import RayActorError
from ray.serve import Application
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError, ReplicaUnavailableError
from ray.serve.handle import DeploymentHandle
from starlette.types import ASGIApp

from configs import logs, meters
from configs.settings import AsrPassSettings, AsrSettings, Settings, load
from domain import metrics as m
from domain.asr import Failure, FailureKind, Heard, Outcome, TranscribeItem
from serve_apps.whisper.asks import LONGEST_ITEM_S, Ask, HeardRecording, Recording
from serve_apps.whisper.openai_api import Served, create_app
from serve_apps.whisper.options import decoding_of, suspicion_rules
from serve_apps.whisper.passes import Listen, Pass, Passes

BUSY = (BackPressureError, DeploymentUnavailableError, ReplicaUnavailableError)


class WhisperArgs(BaseModel):
    """The application's arguments in `configs/serve.yaml`: none. Models and how they listen are settings (`asr`)."""

    model_config = ConfigDict(extra="forbid")


class BatchArgs(BaseModel):
    """`user_config` of a model's deployment: how much speech is heard at once, and how long a batch waits for more.

    Serve hands a change to the running replicas, which take it up between two batches. Default: the settings `asr`.
    """

    model_config = ConfigDict(extra="forbid")

    batch_audio_s: float = Field(gt=0)
    batch_wait_s: float = Field(ge=0)


def build(args: WhisperArgs) -> Application:
    """Numbers of replicas and their resources are those of `configs/serve.yaml`, by deployment name."""
    asr = load().asr
    on_gpu = {"num_cpus": 1, "num_gpus": 1} if asr.device == "cuda" else {"num_cpus": 0.5}
    model = serve.deployment(
        ray_actor_options=on_gpu,
        user_config={"batch_audio_s": asr.batch_audio_s, "batch_wait_s": asr.batch_wait_s},
        max_ongoing_requests=max(256, round(asr.batch_audio_s)),
        graceful_shutdown_timeout_s=60,
        health_check_period_s=10,
        health_check_timeout_s=60,
    )(WhisperReplica)
    fast = model.options(name="Fast").bind(asr.fast.model, asr.fast.compute_type)
    accurate = fast if _same_model(asr) else model.options(name="Accurate").bind(*_model_of(asr.accurate))
    front = serve.deployment(name="Transcriber", ray_actor_options={"num_cpus": 0.1}, max_ongoing_requests=1024)(
        serve.ingress()(Transcriber)
    )
    return front.bind(fast, accurate)


def _model_of(asr_pass: AsrPassSettings) -> tuple[str, str]:
    return asr_pass.model, asr_pass.compute_type


def _same_model(asr: AsrSettings) -> bool:
    return _model_of(asr.fast) == _model_of(asr.accurate)


class WhisperReplica:
    """Holds one model. Reads audio by reference, batches across dialogues, never touches the database."""

    def __init__(self, model: str, compute_type: str) -> None:
        # Imported here: the controller and the front import this module too, and must not load CTranslate2.
        from serve_apps.whisper.assembly import build_listener

        settings = load()
        logs.setup(settings.log.level)
        self._listener = build_listener(settings, model, compute_type)
        meters.tell(m.MODEL, 1, model=self._listener.identity(), device=settings.asr.device)

    def reconfigure(self, user_config: dict[str, float]) -> None:
        """Called by Serve at the start and at each change, while batches run."""
        batch = BatchArgs.model_validate(user_config)
        batcher: Any = self._batched
        batcher.set_max_batch_size(max(round(batch.batch_audio_s), LONGEST_ITEM_S))
        batcher.set_batch_wait_timeout_s(batch.batch_wait_s)
        self._listener.hear_at_once(batch.batch_audio_s)

    async def transcribe(self, ask: Ask) -> Heard | Failure:
        """One dialogue, in a batch with those that come at the same time unless it must be alone."""
        if ask.item.alone:
            return (await self._listener.transcribe([ask]))[0]
        answer: Heard | Failure = await self._batched(ask)
        return answer

    async def transcribe_recording(self, recording: Recording) -> HeardRecording | Failure:
        return await self._listener.transcribe_recording(recording)

    @serve.batch(batch_size_fn=lambda asks: sum(ask.weight_s for ask in asks))
    async def _batched(self, asks: list[Ask]) -> list[Heard | Failure]:
        return await self._listener.transcribe(asks)

    async def check_health(self) -> None:
        """The engine's thread answers, or is busy; databases and stores are not its health."""
        self._listener.check()


class Transcriber:
    """The front: our own `transcribe`, and OpenAI's routes over HTTP. Loads no model."""

    def __init__(self, fast: DeploymentHandle[Any], accurate: DeploymentHandle[Any]) -> None:
        settings = load()
        logs.setup(settings.log.level)
        self._settings = settings
        self._handles = {"fast": fast, "accurate": accurate}
        self._passes = Passes(
            Pass(_listen_by(fast), decoding_of(settings.asr.fast)),
            Pass(_listen_by(accurate), decoding_of(settings.asr.accurate)),
            suspicion_rules(settings.asr),
            round(settings.asr.accurate_min_s * 1000),
        )

    async def transcribe(self, item: TranscribeItem) -> Outcome | Failure:
        """What the asr stage calls."""
        with logs.about(dialogue_id=item.item_id):
            return await self._passes.transcribe(item)

    def __serve_build_asgi_app__(self) -> ASGIApp:
        return create_app(served_models(self._settings), self._recording, self._settings)

    async def _recording(self, served: Served, recording: Recording) -> HeardRecording | Failure:
        call = self._handles[served.handle].transcribe_recording.remote(recording)
        return await _answer(call)  # type: ignore[no-any-return]


def served_models(settings: Settings) -> Sequence[Served]:
    """The models by the names that clients may ask for; `whisper-1` is OpenAI's name for the best there is."""
    fast, accurate = settings.asr.fast, settings.asr.accurate
    named = {fast.model: ("fast", fast), accurate.model: ("accurate", accurate), "whisper-1": ("accurate", accurate)}
    return [Served(name, handle, decoding_of(how)) for name, (handle, how) in named.items()]


def _listen_by(handle: DeploymentHandle[Any]) -> Listen:
    async def listen(ask: Ask) -> Heard | Failure:
        return await _answer(handle.transcribe.remote(ask))  # type: ignore[no-any-return]

    return listen


async def _answer(call: Any) -> Any:
    """The answer, or the failure that stands for a replica that is not there."""
    try:
        return await call
    except BUSY as error:
        return Failure(FailureKind.UNAVAILABLE, f"whisper: {type(error).__name__}: {error}")
    except RayActorError as error:
        return Failure(FailureKind.TRANSIENT, f"a whisper replica died with this dialogue in hand: {error}")
    except asyncio.CancelledError:
        call.cancel()
        raise
