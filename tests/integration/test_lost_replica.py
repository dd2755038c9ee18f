"""What the loss of a Whisper replica means for the dialogue in its hands."""

from pathlib import Path

import pytest

from cluster.whisper import Whisper, running
from domain.asr import FailureKind, TranscribeItem
from domain.errors import Unavailable

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Ray's own, at its import

NODE = "The actor died because its node has died. Node Id: 7c9, the actor's node was terminated unexpectedly"
MADE_TO = "The actor is dead because it was killed by `ray.kill`."
BY_ITSELF = "The actor is dead because its worker process has died. Worker exit type: SYSTEM_ERROR"


@pytest.mark.parametrize(
    ("why", "kind"),
    [(NODE, FailureKind.UNAVAILABLE), (MADE_TO, FailureKind.UNAVAILABLE), (BY_ITSELF, FailureKind.TRANSIENT)],
)
def test_only_a_replica_that_dies_by_itself_costs_an_attempt(why: str, kind: FailureKind) -> None:
    from ray.core.generated.common_pb2 import ActorDiedErrorContext
    from ray.exceptions import ActorDiedError

    from serve_apps.whisper.deployment import lost_replica

    failure = lost_replica(ActorDiedError(ActorDiedErrorContext(error_message=why, actor_id=b"a" * 16)))
    assert failure.kind is kind
    if kind is FailureKind.UNAVAILABLE:
        assert failure.retry_after_s == 0


def test_a_replica_that_cannot_be_reached_costs_none() -> None:
    from ray.exceptions import ActorUnavailableError

    from serve_apps.whisper.deployment import lost_replica

    assert lost_replica(ActorUnavailableError("connection lost", b"a" * 16)).kind is FailureKind.UNAVAILABLE


def test_ray_still_says_it_in_these_words() -> None:
    import ray

    from serve_apps.whisper.deployment import INNOCENT

    said = (Path(ray.__file__).parent / "core" / "src" / "ray" / "gcs" / "gcs_server").read_bytes()
    assert [sign for sign in INNOCENT if sign.encode() not in said] == []


async def test_where_no_replica_runs_a_dialogue_is_given_back_and_does_not_wait_until_its_time_is_up() -> None:
    whisper = Whisper()
    whisper.replicas, whisper._looked_at_s = 0, float("inf")
    with pytest.raises(Unavailable, match="no replica"):
        await whisper.transcribe(TranscribeItem("d", "en", ()))


def test_only_replicas_that_run_are_counted() -> None:
    from ray.serve._private.common import ReplicaState

    states = {ReplicaState.RUNNING: 2, ReplicaState.STARTING: 5, ReplicaState.STOPPING: 1}
    assert running(states) == running({state.value: count for state, count in states.items()}) == 2
    assert running({}) == 0
