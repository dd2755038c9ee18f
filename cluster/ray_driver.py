"""This process as a Ray driver: the supervisor started, replaced and stopped. Import it with Ray's environment set."""

import contextlib
import logging
import signal
import threading
from collections.abc import Iterator
from typing import Any

import ray

from cluster.actors import DRAIN_S, PING_S, SupervisorActor, answer
from cluster.names import NAMESPACE, SUPERVISOR

log = logging.getLogger(__name__)

START_S = 60.0


@contextlib.contextmanager
def connected(address: str) -> Iterator[None]:
    """Joins the cluster at `address` and leaves it at the end."""
    with _own_signals():
        ray.init(
            address=address,
            namespace=NAMESPACE,
            log_to_driver=False,
            logging_level=logging.ERROR,
            configure_logging=False,
        )
    try:
        yield
    finally:
        with _own_signals():
            ray.shutdown()


@contextlib.contextmanager
def _own_signals() -> Iterator[None]:
    """Ray puts its own handler in place of ours when it joins, and none when it leaves; a signal waits meanwhile."""
    if threading.current_thread() is not threading.main_thread():
        yield  # Ray leaves them alone here
        return
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, handlers)
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def start_supervisor(release: str) -> None:
    """The one supervisor, on the head. One of another release is drained and replaced. Waits until it answers."""
    old = _supervisor()
    if old is not None:
        try:
            if answer(old.ping.remote(), START_S)["release"] == release:
                return
        except (ray.exceptions.RayActorError, ray.exceptions.GetTimeoutError):
            log.warning("supervisor_does_not_answer")
        stop_supervisor()
    remote = ray.remote(SupervisorActor).options(
        name=SUPERVISOR,
        namespace=NAMESPACE,
        lifetime="detached",
        get_if_exists=True,
        num_cpus=0,
        resources={"node:__internal_head__": 0.001},
        max_restarts=-1,
        max_concurrency=4,
    )
    actor: Any = remote.remote(release)
    answer(actor.ping.remote(), START_S)


def stop_supervisor() -> None:
    """Drains every worker, then ends them and the supervisor. Nothing to do where there is none."""
    actor = _supervisor()
    if actor is None:
        return
    try:
        answer(actor.ping.remote(), PING_S)
        answer(actor.stop.remote(), DRAIN_S * 4)
    except (ray.exceptions.RayError, TimeoutError):
        log.warning("supervisor_did_not_drain")
    ray.kill(actor, no_restart=True)


def _supervisor() -> Any | None:
    try:
        return ray.get_actor(SUPERVISOR, NAMESPACE)
    except ValueError:
        return None
