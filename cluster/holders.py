"""Who holds a job, and whether that worker is gone: decided purely."""

from collections.abc import Collection, Mapping

NODE_CHARS = 12
"""Of a node's id: enough to know it among all nodes of all clusters."""


def holder(name: str, node_id: str, pid: int) -> str:
    """A worker process, as the jobs that it holds name it: it changes when Ray starts the actor again."""
    return f"{name}@{node_id[:NODE_CHARS]}.{pid}"


def gone(holders: Collection[str], nodes: Mapping[str, bool], workers: Mapping[str, str | None]) -> set[str]:
    """Those that will never finish what they hold.

    nodes: of this cluster, id → does it live; a holder on any other node may belong to another cluster on the same
    database and is left to its lease. workers: of this cluster, name → the holder that answers now, None where it does
    not answer: it may hang, and a hung one may wake.
    """
    lives = {node_id[:NODE_CHARS]: is_alive for node_id, is_alive in nodes.items()}
    found = set()
    for one in holders:
        name, _, process = one.rpartition("@")
        is_alive = lives.get(process.partition(".")[0])
        if is_alive is None:
            continue
        if not is_alive or workers.get(name, "") not in (None, one):
            found.add(one)
    return found
