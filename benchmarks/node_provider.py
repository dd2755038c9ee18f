"""Machines for Ray's own autoscaler that are processes here: a node is the cluster file's start command, run once more.

In a cluster file: `provider: {type: external, module: benchmarks.node_provider.NodesHere, command: …, first: 3}`.
Runs in the autoscaler's process on the head, whose environment the nodes get.
"""

import json
import os
import subprocess
from pathlib import Path
from threading import Lock
from typing import Any

import psutil
from ray.autoscaler.node_provider import NodeProvider
from ray.autoscaler.tags import (
    NODE_KIND_HEAD,
    STATUS_UP_TO_DATE,
    TAG_RAY_NODE_KIND,
    TAG_RAY_NODE_STATUS,
    TAG_RAY_USER_NODE_TYPE,
)

from tests.e2e.system import free_ports

HEAD = "head"
ENDS_WITHIN_S = 30
AGENT_PORTS = (
    "--dashboard-agent-listen-port",
    "--dashboard-agent-grpc-port",
    "--metrics-export-port",
    "--runtime-env-agent-port",
)


class NodesHere(NodeProvider):
    """A node's id is its address: 127.0.0.N, from `first` of the provider's configuration on."""

    def __init__(self, provider_config: dict[str, Any], cluster_name: str) -> None:
        super().__init__(provider_config, cluster_name)
        self._lock = Lock()  # Ray calls from several threads
        self._next = int(provider_config["first"])
        self._nodes: dict[str, subprocess.Popen[bytes]] = {}
        kind, status = {TAG_RAY_NODE_KIND: NODE_KIND_HEAD}, {TAG_RAY_NODE_STATUS: STATUS_UP_TO_DATE}
        self._tags: dict[str, dict[str, str]] = {HEAD: {TAG_RAY_USER_NODE_TYPE: HEAD, **kind, **status}}

    def non_terminated_nodes(self, tag_filters: dict[str, str]) -> list[str]:
        """Of these tags, the head among them."""
        tags = {node: self.node_tags(node) for node in list(self._tags)}
        return [node for node in tags if self.is_running(node) and tag_filters.items() <= tags[node].items()]

    def is_running(self, node_id: str) -> bool:
        """True from its start to the end of its command."""
        return node_id == HEAD or self._nodes[node_id].poll() is None

    def is_terminated(self, node_id: str) -> bool:
        return not self.is_running(node_id)

    def node_tags(self, node_id: str) -> dict[str, str]:
        return dict(self._tags[node_id])

    def set_node_tags(self, node_id: str, tags: dict[str, str]) -> None:
        self._tags[node_id].update(tags)

    def internal_ip(self, node_id: str) -> str:
        return os.environ["RAY_HEAD_IP"] if node_id == HEAD else node_id

    def external_ip(self, node_id: str) -> str:
        return self.internal_ip(node_id)

    def create_node_with_resources_and_labels(
        self,
        node_config: dict[str, Any],
        tags: dict[str, str],
        count: int,
        resources: dict[str, float],
        labels: dict[str, str],
    ) -> None:
        """Returns once their processes run; Ray sees for itself that they join."""
        for _ in range(count):
            with self._lock:
                address = f"127.0.0.{self._next}"
                self._next += 1
            self._tags[address] = {**tags, TAG_RAY_NODE_STATUS: STATUS_UP_TO_DATE}
            self._nodes[address] = self._start(address, tags[TAG_RAY_USER_NODE_TYPE], resources, labels)

    def terminate_node(self, node_id: str) -> None:
        """SIGTERM, as a machine that is being shut down gives it; SIGKILL to what is left."""
        process = self._nodes[node_id]
        children = psutil.Process(process.pid).children(recursive=True)
        process.terminate()
        for left in psutil.wait_procs([*children, psutil.Process(process.pid)], ENDS_WITHIN_S)[1]:
            left.kill()
        process.wait()

    def _start(
        self, address: str, node_type: str, resources: dict[str, float], labels: dict[str, str]
    ) -> "subprocess.Popen[bytes]":
        own = {name: amount for name, amount in resources.items() if name not in ("CPU", "GPU", "memory")}
        ports = (f"{option}={port}" for option, port in zip(AGENT_PORTS, free_ports(len(AGENT_PORTS)), strict=True))
        options = (
            f"--block --node-ip-address={address} --num-cpus={resources.get('CPU', 0):g}",
            f"--num-gpus={resources.get('GPU', 0):g} --resources='{json.dumps(own)}'",
            *(f"--temp-dir={Path.home() / address}", *ports),
        )
        known = {  # what Ray puts before the command, so that the autoscaler knows whose node joins
            "RAY_CLOUD_INSTANCE_ID": address,
            "RAY_NODE_TYPE_NAME": node_type,
            "RAY_OVERRIDE_LABELS": json.dumps(labels or {}),
        }
        with (Path.home() / f"node-{address}.log").open("ab") as log:
            return subprocess.Popen(
                ["bash", "-c", " ".join((self.provider_config["command"], *options))],
                env={**os.environ, **known},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
