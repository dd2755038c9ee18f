"""`whisper` as a Serve application: the front `Transcriber`, and one deployment per model, `Fast` and `Accurate`.

Where both passes name the same model there is only `Fast`, which then listens in both ways. `Rerun` is there where the
settings name one more model (`asr.rerun`), for re-analyses.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from ray import serve
from ray.exceptions import ActorUnavailableError, RayActorError
from ray.serve import Application
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError, ReplicaUnavailableError
from ray.serve.handle import DeploymentHandle
from starlette.types import ASGIApp

from configs import logs, meters
from configs.sections import AsrPassSettings
from configs.settings import Settings, load
from domain import metrics as m
from domain.asr import Failure, FailureKind, Heard, Outcome, TranscribeItem, Wanted
from domain.status import AsrPass
from serve_apps.whisper.asks import LONGEST_ITEM_S, Ask, HeardRecording, Recording
from serve_apps.whisper.openai_api import Served, create_app
from serve_apps.whisper.options import decoding_of, suspicion_rules
from serve_apps.whisper.passes import Listen, Pass, Passes

BUSY = (BackPressureError, DeploymentUnavailableError, ReplicaUnavailableError)
INNOCENT = ("its node has died", "killed by `ray.kill`")
"""How Ray says that an actor did not die by itself; its errors carry no code."""


NOT_SERVED_S = 60.0
UNUSED_MOSTLY: dict[str, Any] = {
    "autoscaling_config": {"min_replicas": 0, "max_replicas": 1, "target_ongoing_requests": 32}
}
"""Numbers of `Rerun` where the Serve file has none: no replica while no re-analysis asks for it."""


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
    return application_of(WhisperReplica)


def application_of(replica: type["WhisperReplica"]) -> Application:
    """The front over deployments of this class."""
    asr = load().asr
    on_gpu = {"num_cpus": 1, "num_gpus": 1} if asr.device == "cuda" else {"num_cpus": 0.5}
    model = serve.deployment(
        ray_actor_options=on_gpu,
        user_config={"batch_audio_s": asr.batch_audio_s, "batch_wait_s": asr.batch_wait_s},
        max_ongoing_requests=max(256, round(asr.batch_audio_s)),
        graceful_shutdown_timeout_s=60,
        health_check_period_s=10,
        health_check_timeout_s=60,
    )(replica)
    by_model: dict[tuple[str, str], Application] = {}
    for name, how in asr.served.items():
        if _model_of(how) not in by_model:
            own = model.options(name=name.capitalize(), **(UNUSED_MOSTLY if name == "rerun" else {}))
            by_model[_model_of(how)] = own.bind(*_model_of(how))
    front = serve.deployment(name="Transcriber", ray_actor_options={"num_cpus": 0.1}, max_ongoing_requests=1024)(
        serve.ingress()(Transcriber)
    )
    return front.bind(*(by_model[_model_of(how)] for how in asr.served.values()))


def _model_of(asr_pass: AsrPassSettings) -> tuple[str, str]:
    return asr_pass.model, asr_pass.compute_type


class WhisperReplica:
    """Holds one model. Reads audio by reference, batches across dialogues, never touches the database."""

    def __init__(self, model: str, compute_type: str) -> None:
        # Imported here: the controller and the front import this module too, and must not load CTranslate2.
        from serve_apps.whisper.assembly import build_listener

        settings = load()
        logs.setup(settings.log.level)
        self._listener = build_listener(settings, model, compute_type)
        self._device = settings.asr.device

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
        # Told again each time: Ray forgets a gauge that nobody repeats.
        meters.tell(m.MODEL, 1, model=self._listener.identity(), device=self._device)


class Transcriber:
    """The front: our own `transcribe`, and OpenAI's routes over HTTP. Loads no model."""

    def __init__(
        self, fast: DeploymentHandle[Any], accurate: DeploymentHandle[Any], rerun: DeploymentHandle[Any] | None = None
    ) -> None:
        settings = load()
        logs.setup(settings.log.level)
        self._settings = settings
        self._handles = {"fast": fast, "accurate": accurate} | ({"rerun": rerun} if rerun else {})
        self._passes = Passes(
            Pass(_listen_by(fast), decoding_of(settings.asr.fast)),
            Pass(_listen_by(accurate), decoding_of(settings.asr.accurate)),
            suspicion_rules(settings.asr),
            round(settings.asr.accurate_min_s * 1000),
        )

    async def transcribe(self, item: TranscribeItem) -> Outcome | Failure:
        """What the asr stage calls."""
        with logs.about(dialogue_id=item.item_id):
            return await (self._passes.transcribe(item) if item.wanted is None else self._once(item, item.wanted))

    async def _once(self, item: TranscribeItem, wanted: Wanted) -> Outcome | Failure:
        """For a re-analysis. One that was planned under other settings waits until they are back."""
        served = self._settings.asr.served.get(wanted.asr_pass)
        if served is None or _model_of(served) != (wanted.model, wanted.compute_type):
            name = f"{wanted.model} ({wanted.compute_type})"
            return Failure(FailureKind.UNAVAILABLE, f"whisper serves no {name} as {wanted.asr_pass} now", NOT_SERVED_S)
        one = Pass(_listen_by(self._handles[wanted.asr_pass]), wanted.decoding)
        return await self._passes.once(item, one, AsrPass.FAST if wanted.asr_pass == "fast" else AsrPass.ACCURATE)

    def __serve_build_asgi_app__(self) -> ASGIApp:
        return create_app(served_models(self._settings), self._recording, self._settings)

    async def _recording(self, served: Served, recording: Recording) -> HeardRecording | Failure:
        call = self._handles[served.handle].transcribe_recording.remote(recording)
        return await _answer(call)  # type: ignore[no-any-return]


def served_models(settings: Settings) -> Sequence[Served]:
    """The models by the names that clients may ask for; `whisper-1` is OpenAI's name for the best there is."""
    named = {how.model: (name, how) for name, how in settings.asr.served.items()}
    named["whisper-1"] = ("accurate", settings.asr.accurate)
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
        return lost_replica(error)
    except asyncio.CancelledError:
        call.cancel()
        raise


def lost_replica(error: RayActorError) -> Failure:
    """What it means for a dialogue that its replica went.

    With its node, cut off from us, or made to end before it was done: not the dialogue's fault, so that the attempt is
    given back, and at once. By itself: the dialogue may be what killed it, so that the attempt counts.
    """
    if isinstance(error, ActorUnavailableError) or any(sign in str(error) for sign in INNOCENT):
        return Failure(FailureKind.UNAVAILABLE, f"a whisper replica went with this dialogue in hand: {error}", 0.0)
    return Failure(FailureKind.TRANSIENT, f"a whisper replica died with this dialogue in hand: {error}")
