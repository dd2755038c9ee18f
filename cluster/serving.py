"""Serve applications: deployed from `configs/serve.yaml`, as `serve deploy` does it, and watched until they run."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import yaml

from cluster.whisper import APPLICATION
from configs.layers import FOLDER
from configs.settings import Settings
from domain.errors import SalesControlError

READY_TIMEOUT_S = 180.0
TIMEOUT_S = 30.0


class ServeError(SalesControlError):
    """An application did not deploy."""


def read_config(settings: Settings, only: str | None = None) -> dict[str, Any]:
    """`configs/serve.yaml`, or the profile's own file beside it (`serve.<profile>.yaml`), with host and port from the
    settings. `only`: with this one application; else without Whisper where asr runs elsewhere."""
    profile = Path(settings.profile)
    own = (profile.parent if profile.suffix else FOLDER) / f"serve.{profile.stem}.yaml"
    path = own if own.is_file() else FOLDER / "serve.yaml"
    config: dict[str, Any] = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    config["http_options"] |= {"host": settings.server.host, "port": settings.server.port}
    left_out = {APPLICATION} if "asr" in settings.workers.elsewhere else set()
    names = [only] if only else [a["name"] for a in config["applications"] if a["name"] not in left_out]
    config["applications"] = [a for a in config["applications"] if a["name"] in names]
    return config


class ServeApi:
    """Ray's Serve REST API on the dashboard's address."""

    def __init__(self, dashboard_url: str, token: str | None) -> None:
        self._address = f"{dashboard_url}/api/serve/applications/"
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def deploy(self, config: dict[str, Any]) -> None:
        """Declares what should run; the first time that starts Serve. Raises ServeError with Ray's answer."""
        try:
            answer = httpx.put(self._address, headers=self._headers, json=config, timeout=READY_TIMEOUT_S)
        except httpx.TransportError as error:
            raise ServeError(f"Ray's dashboard at {self._address} did not take the configuration: {error!r}") from None
        if answer.is_error:
            raise ServeError(f"Ray Serve refused the configuration: {answer.status_code} {answer.text[:1000]}")

    def applications(self) -> dict[str, Any]:
        """Application name → {status, message, deployments: {name: {status, replicas}}}; empty where Serve is off."""
        found: dict[str, Any] = self._details().get("applications", {})
        return found

    def wait_until_running(
        self, wanted: list[str], report: Callable[[str, str], None], timeout_s: float = READY_TIMEOUT_S
    ) -> None:
        """Blocks until every wanted application runs. `report` gets each one's name and status.

        An unhealthy one is waited for: Serve is replacing what died. Raises ServeError with the application's own
        message where a deploy fails or all of it takes too long.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            applications = self.applications()
            states = {name: applications.get(name, {}).get("status", "NOT_STARTED") for name in wanted}
            for name, state in states.items():
                report(name, state.lower())
            if all(state == "RUNNING" for state in states.values()):
                return
            failed = [name for name, state in states.items() if state == "DEPLOY_FAILED"]
            if failed or time.monotonic() > deadline:
                name = (failed or [n for n, state in states.items() if state != "RUNNING"])[0]
                raise ServeError(f"{name}: {states[name]}: {_reason(applications.get(name, {}))}")
            time.sleep(0.5)

    def wait_until_listening(self, timeout_s: float = READY_TIMEOUT_S) -> None:
        """Blocks until a proxy of Serve takes requests: after the head's loss the applications may run before it does.
        Raises ServeError with what Serve says of its proxies."""
        deadline = time.monotonic() + timeout_s
        while True:
            details = self._details()
            states = {proxy["node_ip"]: proxy["status"] for proxy in details.get("proxies", {}).values()}
            if "HEALTHY" in states.values():
                return
            if time.monotonic() > deadline:
                port = details.get("http_options", {}).get("port")
                raise ServeError(f"Ray Serve's proxy takes no requests on port {port}: {states or 'there is none'}")
            time.sleep(0.5)

    def _details(self) -> dict[str, Any]:
        try:
            answer = httpx.get(self._address, headers=self._headers, timeout=TIMEOUT_S)
            answer.raise_for_status()
        except httpx.HTTPError:
            return {}
        found: dict[str, Any] = answer.json()
        return found

    def shut_down(self) -> None:
        """Removes every application."""
        httpx.delete(self._address, headers=self._headers, timeout=TIMEOUT_S)


def _reason(application: dict[str, Any]) -> str:
    messages = [application.get("message", "")]
    messages += [d.get("message", "") for d in application.get("deployments", {}).values()]
    said = " ".join(message for message in messages if message)
    ours = re.findall(r"^domain\.errors\.\w+: (.+)", said, re.MULTILINE)
    return ours[-1] if ours else said[-1500:] or "no message from Ray Serve"
