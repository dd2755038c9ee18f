"""Bringing the whole system up and down: database, Ray head, Serve applications, supervisor, dashboard."""

import importlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fasteners

from audio.open import open_store
from cluster import dashboard_process, head_state, ray_head
from cluster.engines.choice import build_engine
from cluster.engines.prompt import check_prompts
from cluster.release import ROOT, release_hash
from cluster.serving import READY_TIMEOUT_S, ServeApi, read_config
from cluster.stages import discover
from cluster.supervisor import hosted_stages
from configs.secrets import check_secrets
from configs.settings import Settings
from db import embedded, migrate
from domain.errors import ConfigError

NODES_TIMEOUT_S = 1800.0
"""On a fleet the first nodes are rented, started and given their image before an application can run."""
Report = Callable[[str, str], None]
"""(step, state) for the screen."""


@dataclass(frozen=True, slots=True)
class Running:
    """What `up` brought up."""

    database_url: str
    ray_dashboard_url: str
    api_url: str
    dashboard_url: str | None


def up(settings: Settings, report: Report, *, dashboard: bool = True) -> Running:
    """Starts what does not run yet and waits until all is ready. Safe to call again, and from two terminals.
    Without `dashboard` its pages are somebody else's to serve.

    Raises SalesControlError where a part does not start, naming it.
    """
    with only_one(settings.home):
        _check(settings)
        report("database", "starting")
        url = prepare_database(settings)
        report("database", "ready")
        release = release_hash(settings)
        address, dashboard_url = _ensure_ray(settings, url, release, report)
        api = ServeApi(dashboard_url, token(settings.home))
        config = read_config(settings)
        api.deploy(config)
        report("workers", "starting")
        with as_driver(settings.home, address) as driver:
            driver.start_supervisor(release)
        report("workers", "ready")
        names = [application["name"] for application in config["applications"]]
        api.wait_until_running(names, report, NODES_TIMEOUT_S if os.environ.get("RAY_ADDRESS") else READY_TIMEOUT_S)
        api.wait_until_listening()
        page = dashboard_process.start(settings) if dashboard else None
        return Running(url, dashboard_url, f"http://127.0.0.1:{settings.server.port}", page)


def _check(settings: Settings) -> None:
    """A wrong setting is named now, not by a worker later, when what ran before has been stopped for it."""
    check_secrets(settings)
    check_prompts()
    build_engine(settings.analysis)
    hosted_stages(settings, list(discover()))
    if not os.environ.get("RAY_ADDRESS"):  # else the disk is another machine's
        open_store(settings)


def down(settings: Settings, report: Report) -> None:
    """Drains and stops everything that `up` started. What is in flight goes back to the queue."""
    with only_one(settings.home):
        report("dashboard", "stopping")
        dashboard_process.stop(settings.home)
        report("dashboard", "stopped")
        stop_ray(settings, report)
        if settings.database.url is None:
            report("database", "stopping")
            embedded.stop(settings.home)
            report("database", "stopped")


def is_up(settings: Settings) -> bool:
    """Does Ray's head that `up` started, or joined, still live? Of a shared cluster nobody here can tell."""
    return bool(os.environ.get("RAY_ADDRESS")) or ray_head.running(settings.home) is not None


def stop_ray(settings: Settings, report: Report) -> None:
    """Drains the workers and ends this home's Ray head, or leaves a shared cluster without our parts."""
    shared = os.environ.get("RAY_ADDRESS")
    head = None if shared else ray_head.running(settings.home)
    address = shared or (head.address if head else None)
    if address:
        report("workers", "draining")
        with as_driver(settings.home, address) as driver:
            driver.stop_supervisor()
        report("workers", "stopped")
    if shared:
        ServeApi(_dashboard_url(), token(settings.home)).shut_down()
    else:
        report("ray", "stopping")
        ray_head.stop(settings.home)
        head_state.forget(settings)
        report("ray", "stopped")


def prepare_database(settings: Settings) -> str:
    """The database's URL, started if it is the embedded one, and migrated to the newest schema."""
    if settings.database.url is None and os.environ.get("RAY_ADDRESS"):
        raise ConfigError("RAY_ADDRESS names a cluster, whose nodes can't reach an embedded database: set DATABASE_URL")
    url = settings.database.url.get_secret_value() if settings.database.url else embedded.start(settings.home)
    migrate.upgrade(url)
    return url


def cluster_environment(settings: Settings, url: str) -> dict[str, str]:
    """What every process of the cluster inherits."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    commands = os.pathsep.join(filter(None, (str(Path(sys.executable).parent), os.environ.get("PATH"))))
    return {
        **ray_head.environment(settings.home),
        "DATABASE_URL": url,
        "SALESCONTROL_HOME": str(settings.home),
        "SALESCONTROL_PROFILE": settings.profile,
        "PYTHONPATH": path,
        "PATH": commands,  # for `ray job submit -- salescontrol …`
        "OMP_NUM_THREADS": "1",
        "RAY_SERVE_THROUGHPUT_OPTIMIZED": "1",
        "RAY_SERVE_CONTROL_LOOP_INTERVAL_S": "0.4",  # Serve's own 0.1 keeps a core busier than all else when idle
        "RAY_task_events_report_interval_ms": "10000",
    }


def _ensure_ray(settings: Settings, url: str, release: str, report: Report) -> tuple[str, str]:
    shared = os.environ.get("RAY_ADDRESS")
    if shared:
        return shared, _dashboard_url()
    stamp = settings.home / "run" / "release"
    head = ray_head.running(settings.home)
    if head and stamp.exists() and stamp.read_text() != release:
        report("ray", "replacing another release")
        stop_ray(settings, report)
        head = None
    if head is None:
        report("ray", "starting")
        head = ray_head.start(settings, cluster_environment(settings, url))
        stamp.write_text(release)
    report("ray", "ready")
    return head.address, head.dashboard_url


@contextmanager
def as_driver(home: Path, address: str) -> Iterator[Any]:
    """This process as a Ray driver, for a moment. Imported late: Ray reads its authentication mode at import."""
    if "RAY_AUTH_MODE" not in os.environ:
        os.environ.update(ray_head.environment(home))
    ray_driver = importlib.import_module("cluster.ray_driver")
    with ray_driver.connected(address):
        yield ray_driver


@contextmanager
def only_one(home: Path) -> Iterator[None]:
    """One `up`, `down` or `restore` at a time per home; the others wait. Raises ConfigError where we may not write."""
    lock = home / "run" / "lifecycle.lock"
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        lock.touch()
    except OSError as error:
        raise ConfigError(
            f"SALESCONTROL_HOME={home}: nothing can be written there: {error.strerror}; name another folder"
        ) from None
    with fasteners.InterProcessLock(str(lock)):
        yield


def token(home: Path) -> str | None:
    """What opens the Ray in use."""
    path = os.environ.get("RAY_AUTH_TOKEN_PATH") or ray_head.environment(home)["RAY_AUTH_TOKEN_PATH"]
    return os.environ.get("RAY_AUTH_TOKEN") or Path(path).read_text().strip()


def _dashboard_url() -> str:
    return os.environ.get("RAY_API_SERVER_ADDRESS", "http://127.0.0.1:8265")
