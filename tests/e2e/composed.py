"""The services of compose.yaml without Docker: each one's own command with its own environment, in its own order.

Only what must differ on a machine that has other things to do: ports, folders, and that PostgreSQL is the embedded
server's program (the image's entry point is Docker's).
"""

import os
import re
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import yaml
from system import ROOT, free_ports

from db import embedded
from db.backup.programs import find_program

SECRETS = "/run/secrets/"
DATA = "/var/lib/salescontrol"


class Composed:
    """`folder`: where it keeps its files; nothing runs yet."""

    def __init__(self, folder: Path, public: dict[str, str]) -> None:
        self.folder, self.public = folder, public
        self.services: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
        self.postgres_host = f"127.{uuid4().bytes[0]}.{uuid4().bytes[0]}.1"  # where nobody else's PostgreSQL listens
        names = ("6379", "8000", "8080", "8265", "6399", "80")
        self.ports = dict(zip(names, map(str, free_ports(len(names))), strict=True))
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._open = ExitStack()
        (folder / "secrets").mkdir()
        for service in self.services.values():
            for name in service.get("secrets", ()):
                (folder / "secrets" / name).write_text(f"a-secret-for-tests-{name}\n")

    def secret(self, name: str) -> str:
        return (self.folder / "secrets" / name).read_text().strip()

    def order(self) -> list[str]:
        """Every service that starts by itself, after what it depends on."""
        done: list[str] = []
        wanted = [name for name, service in self.services.items() if not service.get("profiles")]
        while left := [name for name in wanted if name not in done]:
            done += [name for name in left if set(self.services[name].get("depends_on", ())) <= set(done)]
        return done

    def env(self, service: str) -> dict[str, str]:
        said = {
            name: _with_defaults(str(value)) for name, value in self.services[service].get("environment", {}).items()
        }
        settings = self.public if "env_file" in self.services[service] else {}
        here = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "SALESCONTROL_HOME": str(self.folder / "data"),  # the image's own
        }
        ports = {
            "POSTGRES_HOST": self.postgres_host,
            "SALESCONTROL_SERVER__PORT": self.ports["8000"],
            "SALESCONTROL_SERVER__DASHBOARD_PORT": self.ports["8080"],
            "SALESCONTROL_SERVER__RAY_DASHBOARD_PORT": self.ports["8265"],
            "SALESCONTROL_SERVER__RAY_PORT": self.ports["6399"],
            "API_PORT": self.ports["8000"],
            "DASHBOARD_PORT": self.ports["8080"],
            "HTTP_PORT": self.ports["80"],
        }
        return {**here, **{k: self._here(v) for k, v in {**said, **settings}.items()}, **ports}

    def command(self, service: str) -> list[str]:
        words = [self._here(word).replace("$$", "$") for word in self.services[service]["command"]]
        return [
            word.replace("redis-server ", f"redis-server --port {self.ports['6379']} --dir {self.folder} ")
            for word in words
        ]

    def start_postgres(self) -> None:
        said = self.services["postgres"]["environment"]
        listening = {"listen_addresses": f"'{self.postgres_host}'", "fsync": "off"}
        url = embedded.start(self.folder / "postgres", listening)
        self._open.callback(embedded.stop, self.folder / "postgres")
        user, name = said["POSTGRES_USER"], said["POSTGRES_DB"]
        statement = f"CREATE ROLE {user} SUPERUSER LOGIN PASSWORD '{self.secret('postgres_password')}'"
        subprocess.run([find_program("psql", 18), url, "-qc", statement], check=True)
        assert name == embedded.DATABASE

    def run(self, service: str) -> None:
        """To its end, which must be a good one."""
        subprocess.run(self.command(service), env=self.env(service), cwd=ROOT, check=True, timeout=120)

    def start(self, service: str) -> None:
        log = self._open.enter_context((self.folder / f"{service}.log").open("wb"))
        self.processes[service] = subprocess.Popen(
            self.command(service), env=self.env(service), cwd=ROOT, stdout=log, stderr=log
        )

    def wait_healthy(self, service: str, timeout_s: float = 150) -> None:
        """Until its own health check says so."""
        check = self.services[service]["healthcheck"]["test"]
        words = [self._here(word).replace("$$", "$") for word in check[1:]]
        command = ["sh", "-c", words[0].replace("redis-cli", f"redis-cli -p {self.ports['6379']}")]
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            done = subprocess.run(
                command if check[0] == "CMD-SHELL" else words, env=self.env(service), capture_output=True, check=False
            )
            if done.returncode == 0:
                return
            process = self.processes.get(service)
            assert process is None or process.poll() is None, self.log(service)
            time.sleep(0.3)
        raise AssertionError(f"{service} is not healthy: {done.stderr.decode()}\n{self.log(service)}")

    def wait_for_line(self, service: str, text: str, timeout_s: float = 60) -> None:
        deadline = time.monotonic() + timeout_s
        while text not in self.log(service):
            assert time.monotonic() < deadline, f"{service} did not say {text!r}: {self.log(service)}"
            time.sleep(0.1)

    def log(self, service: str) -> str:
        return (self.folder / f"{service}.log").read_text(errors="replace")[-3000:]

    def stop(self, service: str) -> int:
        """As Docker does; its exit code."""
        process = self.processes.pop(service)
        process.terminate()
        return process.wait(120)

    def close(self) -> None:
        for service in reversed(list(self.processes)):
            self.stop(service)
        self._open.close()

    def _here(self, text: str) -> str:
        text = text.replace(SECRETS, f"{self.folder}/secrets/").replace(DATA, str(self.folder / "data"))
        text = text.replace("/etc/caddy/Caddyfile", str(ROOT / "configs" / "proxy" / "Caddyfile"))
        return re.sub(r"(?<=127\.0\.0\.1:)\d+", lambda found: self.ports[found[0]], text)


def _with_defaults(text: str) -> str:
    """${NAME:-default} as it stands where nobody sets NAME."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)
