"""How the containers are started that Ray runs in: their network and their open files."""

import re
from collections.abc import Iterator

from cluster.lint.cluster import HEAD_COMMANDS, WORKER_COMMANDS, Cluster
from cluster.lint.document import Keys
from cluster.lint.finding import Finding

NETWORK = re.compile(r"""--net(?:work)?(?:\s+|=)["']?([\w:.-]+)""")


def check(cluster: Cluster) -> Iterator[Finding]:
    """The options of all containers, then those of each kind."""
    ways: list[Keys] = [("docker", name) for name in ("run_options", "head_run_options", "worker_run_options")]
    ways += [(*node.keys, "docker", "worker_run_options") for node in cluster.nodes]
    seen = set()
    for way in ways:
        for n, option in enumerate(cluster.document.get(*way, default=[])):
            network, line = NETWORK.search(option), cluster.document.line(*way, n)
            if network and network[1] != "host" and line not in seen:
                seen.add(line)
                what = f"{network[0]}: Ray's nodes reach each other by the host's network, and Ray asks Docker for it"
                yield cluster.error((*way, n), what, "leave it out")
    yield from _open_files(cluster)


def _open_files(cluster: Cluster) -> Iterator[Finding]:
    starts = cluster.commands(HEAD_COMMANDS, WORKER_COMMANDS)
    options = " ".join(cluster.document.get("docker", "run_options", default=[]))
    if "--ulimit nofile" not in options and not any("ulimit -n" in command.text for command in starts):
        what = "the number of open files is left to Docker: Ray fails under load on its usual limit"
        yield cluster.error(("docker",), what, "add --ulimit nofile=65536:65536 to docker.run_options")
