"""compose.yaml: what it says fits the product, and each of its services runs by its own command, in its order."""

import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
import yaml
from composed import Composed
from system import ROOT, free_ports, processes_with

from configs.settings import load


@pytest.fixture
def composed(tmp_path: Path) -> Iterator[Composed]:
    (port,) = free_ports(1)
    composed = Composed(tmp_path, {"PUBLIC_URL": f"https://localhost:{port}", "TLS": "tls internal"})
    try:
        yield composed
    finally:
        composed.close()


def test_docker_compose_takes_both_files(tmp_path: Path) -> None:
    asked = ["docker", "compose", "version"]
    if not shutil.which("docker") or subprocess.run(asked, capture_output=True, check=False).returncode != 0:
        pytest.skip("`docker compose` is not on this machine")
    for name in ("compose.yaml", "compose.gpu.yaml", "configs"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    shutil.copy(ROOT / "configs/proxy/server.env.example", tmp_path / "server.env")
    files = ("-f", "compose.yaml", "-f", "compose.gpu.yaml")
    for given in ((), files):
        subprocess.run(["docker", "compose", *given, "config", "-q"], cwd=tmp_path, check=True)


def test_images_are_the_dockerfiles_and_every_setting_is_one_of_ours(composed: Composed) -> None:
    targets = {line.split()[-1] for line in (ROOT / "Dockerfile").read_text().splitlines() if line.startswith("FROM ")}
    gpu = yaml.safe_load((ROOT / "compose.gpu.yaml").read_text())["services"]
    for service in (*composed.services.values(), *gpu.values()):
        if "build" in service:
            assert service["build"]["target"] in targets
            assert service["image"].endswith(service["build"]["target"])
    assert set(gpu) <= set(composed.services)
    example = (ROOT / "configs/proxy/server.env.example").read_text().replace("#", "")
    wanted = dict(line.split("=", 1) for line in example.splitlines() if "=" in line and " " not in line)
    assert load({**composed.env("ray"), **wanted}).server.public_url == "https://sales.example.com"


def test_the_services_run_in_their_order_and_one_address_serves_pages_and_uploads(composed: Composed) -> None:
    assert composed.order() == ["postgres", "redis", "dashboard", "proxy", "migrate", "ray"]
    composed.start_postgres()
    composed.start("redis")
    composed.wait_healthy("redis", 20)
    composed.run("migrate")
    for service in ("ray", "dashboard", "proxy"):
        composed.start(service)
    composed.wait_healthy("dashboard")
    composed.wait_healthy("ray")

    public = composed.public["PUBLIC_URL"]
    (authority,) = composed.folder.rglob("authorities/local/root.crt")
    with httpx.Client(base_url=public, verify=ssl.create_default_context(cafile=str(authority)), timeout=30) as client:
        assert client.get("/readyz").json()["status"] == "ok"
        assert "SalesControl" in client.get("/app").text
        assert client.get("/metrics").status_code == 404, "for Prometheus, inside"
        token = composed.secret("admin_token")
        mine = client.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {token}"})
        assert (mine.status_code, client.get("/api/v1/auth/me").status_code) == (200, 401)
        for origin, status in ((public, 101), ("https://elsewhere.example.com", 403)):
            assert _opens_a_socket(client, origin) == status
    redirected = httpx.get(f"http://localhost:{composed.ports['80']}/", timeout=10)
    assert redirected.status_code == 308

    composed.wait_for_line("ray", "Home folder")  # `up` has done, and stays
    assert composed.stop("ray") == 0
    left = [process for process in processes_with(composed.folder / "data") if process.name() != "postgres"]
    others = {process.pid for process in composed.processes.values()}
    assert {process.pid for process in left} - _family(others) == set()


def _opens_a_socket(client: httpx.Client, origin: str) -> int:
    """The status of a browser's request for the pages' websocket."""
    headers = {
        "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Origin": origin,
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol": "bokeh, none",
    }  # fmt: skip
    with client.stream("GET", "/app/ws", headers=headers) as answer:
        return answer.status_code


def _family(pids: set[int]) -> set[int]:
    return pids | {child.pid for pid in pids for child in psutil.Process(pid).children(recursive=True)}
