"""Nodes that answer, hang, or went away, with real exporters."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from serve_apps.metrics import nodes
from serve_apps.metrics.nodes import Nodes

EXPORT = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nx 1.0"
TIMEOUT_S = 0.3


class Cluster:
    """What Ray would say of its nodes; each has an exporter on a port of its own."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self.rows: list[dict[str, Any]] = []

    async def add(self, host: str, *, hangs: bool = False) -> None:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            if hangs:
                await reader.read()  # until the other side gives up
            else:
                writer.write(EXPORT)
                await writer.drain()
            writer.close()

        server = await self._stack.enter_async_context(await asyncio.start_server(answer, host, 0))
        port = server.sockets[0].getsockname()[1]
        row = {"NodeID": f"n{len(self.rows)}", "Alive": True, "DeathReason": 0}
        self.rows.append({**row, "NodeManagerAddress": host, "MetricsExportPort": port})

    def end(self, number: int, reason: int) -> None:
        self.rows[number] |= {"Alive": False, "DeathReason": reason}


@pytest.fixture
async def cluster(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Cluster]:
    async with AsyncExitStack() as stack:
        cluster = Cluster(stack)
        monkeypatch.setattr(nodes, "_ray_nodes", lambda: [dict(row) for row in cluster.rows])
        yield cluster


def told(exports: dict[str, str | None], names: Iterable[str]) -> list[bool]:
    return [exports[name] is not None for name in names]


async def test_a_node_that_hangs_costs_the_time_limit_and_hides_no_other(cluster: Cluster) -> None:
    await cluster.add("127.0.0.1")
    await cluster.add("127.0.0.3", hangs=True)
    begun_s = time.monotonic()
    exports = await Nodes(TIMEOUT_S).exports()
    assert told(exports, ["127.0.0.1", "127.0.0.3"]) == [True, False]
    assert time.monotonic() - begun_s < 20 * TIMEOUT_S


async def test_a_node_that_vanished_is_told_as_gone_and_one_that_was_sent_away_is_not(cluster: Cluster) -> None:
    await cluster.add("127.0.0.1")
    await cluster.add("127.0.0.3")
    known = Nodes(TIMEOUT_S * 10)
    assert set(await known.exports()) == {"127.0.0.1", "127.0.0.3"}
    cluster.end(0, reason=2)
    cluster.end(1, reason=4)
    assert await known.exports() == {"127.0.0.1": None}


async def test_while_rays_head_is_down_the_nodes_that_were_known_are_asked(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    await cluster.add("127.0.0.1")
    known = Nodes(TIMEOUT_S * 10)
    before = await known.exports()

    def down() -> list[dict[str, Any]]:
        raise ConnectionError("GCS is down")

    monkeypatch.setattr(nodes, "_ray_nodes", down)
    assert await known.exports() == before == {"127.0.0.1": "x 1.0"}


async def test_two_nodes_of_one_machine_have_names_of_their_own(cluster: Cluster) -> None:
    await cluster.add("127.0.0.1")
    await cluster.add("127.0.0.1")
    exports = await Nodes(TIMEOUT_S * 10).exports()
    assert list(exports.values()) == ["x 1.0", "x 1.0"]
