"""Ray's nodes and what each of them exports: its own numbers, and what our processes on it count."""

import asyncio
import logging
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import httpx

log = logging.getLogger(__name__)

EXPECTED = frozenset({1, 3, 4})
"""Ray's reasons of a node's end that nobody has to look into: it was told to, or the autoscaler drained it."""
REMEMBERED_S = 600.0


@dataclass(frozen=True, slots=True)
class Node:
    """`name`: its address; `url`: of its exporter."""

    node_id: str
    name: str
    url: str


class Nodes:
    """The cluster's nodes. One that vanished is remembered for ten minutes, so that somebody hears of it."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._seen_s: dict[Node, float] = {}
        self._last: list[dict[str, Any]] = []

    async def exports(self) -> dict[str, str | None]:
        """What each node exports, by its name; None of one that does not answer in time, or is gone of late."""
        rows = await self._rows()
        alive = _alive(rows)
        now_s = time.monotonic()
        self._remember(alive, {row["NodeID"] for row in rows if row["DeathReason"] in EXPECTED}, now_s)
        async with httpx.AsyncClient(timeout=self._timeout_s, trust_env=False) as client:
            texts = await asyncio.gather(*(self._export(client, node) for node in alive))
        gone: dict[str, str | None] = {node.name: None for node in self._seen_s}
        return gone | {node.name: text for node, text in zip(alive, texts, strict=True)}

    async def _rows(self) -> list[dict[str, Any]]:
        """Ray's list; while its head is down, the last one: the nodes may live."""
        try:
            async with asyncio.timeout(self._timeout_s):
                self._last = await asyncio.to_thread(_ray_nodes)
        except Exception as error:
            log.warning("metrics_incomplete", extra={"part": "nodes", "reason": f"{type(error).__name__}: {error}"})
        return self._last

    def _remember(self, alive: Iterable[Node], ended: set[str], now_s: float) -> None:
        kept = {n: at for n, at in self._seen_s.items() if now_s - at < REMEMBERED_S and n.node_id not in ended}
        self._seen_s = kept | dict.fromkeys(alive, now_s)

    async def _export(self, client: httpx.AsyncClient, node: Node) -> str | None:
        try:
            async with asyncio.timeout(self._timeout_s):
                answer = await client.get(node.url)
            return answer.raise_for_status().text
        except (httpx.HTTPError, TimeoutError):
            return None


def _ray_nodes() -> list[dict[str, Any]]:
    """Blocking; none where this process is none of Ray's."""
    ray = sys.modules.get("ray")
    return list(ray.nodes()) if ray is not None and ray.is_initialized() else []


def _alive(rows: Iterable[dict[str, Any]]) -> list[Node]:
    """Nodes of one machine share its address: from the second on, the port tells them apart."""
    nodes: list[Node] = []
    for row in rows:
        if row["Alive"]:
            host, port = row["NodeManagerAddress"], row["MetricsExportPort"]
            is_taken = any(node.name == host for node in nodes)
            address = f"[{host}]" if ":" in host else host
            nodes.append(
                Node(row["NodeID"], f"{host}:{port}" if is_taken else host, f"http://{address}:{port}/metrics")
            )
    return nodes
