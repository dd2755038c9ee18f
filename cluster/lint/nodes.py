"""Node types: do the instances exist, have they what the file says, and is there always one that answers?"""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from cluster.lint import document
from cluster.lint.cluster import Cluster, NodeType
from cluster.lint.finding import Finding

TABLE = "configs/instance_types.yaml"


def check(cluster: Cluster) -> Iterator[Finding]:
    """On AWS, each node type by itself and all together; machines of one's own have only their counts."""
    if cluster.provider == "aws":
        table = document.read(cluster.root / TABLE).data
        for node in cluster.nodes:
            yield from _instance(cluster, node, table)
            yield from _counts(cluster, node)
        yield from _together(cluster)


def _instance(cluster: Cluster, node: NodeType, table: dict[str, Any]) -> Iterator[Finding]:
    keys = (*node.keys, "node_config")
    if not cluster.document.get(*keys, "ImageId"):
        what = f"{node.name}: no ImageId, so Ray takes an image of 2023 whose driver is too old for the GPU image"
        yield cluster.error(keys, what, "name one with Docker and NVIDIA's driver; docs/cluster.md says how to find it")
    facts = table.get(node.instance)
    if facts is None:
        near = get_close_matches(node.instance, table, 1)
        remedy = f"write {near[0]}" if near else "name one of the table"
        what = f"{node.name}: instance type {node.instance or 'missing'} is not in {TABLE}"
        yield cluster.error((*keys, "InstanceType"), what, f"{remedy}, or add yours to the table")
        return
    cpus, gpus = facts["cpus"], facts.get("gpus", 0)
    told_cpus, told_gpus = (node.resources.get(name, 0) for name in ("CPU", "GPU"))
    where = (*node.keys, "resources")
    if told_gpus != gpus:
        what = f"{node.name}: GPU {told_gpus:g}, but a {node.instance} has {gpus}"
        yield cluster.error(where, what, f"write GPU: {gpus}, or another instance type")
    if node.is_head and told_cpus:
        what = f"the head offers {told_cpus:g} processors, so work lands on it and slows or fells the whole cluster"
        yield cluster.error(where, what, "write resources: {CPU: 0}")
    elif not node.is_head and told_cpus > cpus:
        what = f"{node.name}: CPU {told_cpus:g}, but a {node.instance} has {cpus}"
        yield cluster.error(where, what, f"write CPU: {cpus}")
    elif gpus and told_cpus:
        what = f"{node.name}: with CPU {told_cpus:g} other work lands there, and keeps the dear node from ending"
        yield cluster.warn(where, what, "write CPU: 0; Whisper asks for none")
    elif not node.is_head and not gpus and told_cpus < cpus:
        what = f"{node.name}: CPU {told_cpus:g} leaves {cpus - told_cpus:g} of a {node.instance}'s {cpus} without work"
        yield cluster.warn(where, what, f"write CPU: {cpus}")


def _counts(cluster: Cluster, node: NodeType) -> Iterator[Finding]:
    if node.minimum > node.maximum:
        what = f"{node.name}: min_workers {node.minimum} is more than max_workers {node.maximum}"
        yield cluster.error((*node.keys, "min_workers"), what, f"write {node.maximum} or less")
    if node.is_head and node.is_spot:
        what = "the head is a spot instance: its loss takes the whole cluster"
        remedy = "take it on demand: leave InstanceMarketOptions out"
        yield cluster.error((*node.keys, "node_config", "InstanceMarketOptions"), what, remedy)
    if node.is_head and node.maximum:
        what = f"{node.name}: max_workers {node.maximum} makes workers of the head's type, which can do no work"
        yield cluster.error((*node.keys, "max_workers"), what, "write max_workers: 0")
    if not node.is_head and node.maximum == 0:
        yield cluster.warn(
            (*node.keys, "max_workers"), f"{node.name}: there will never be one", "raise it or leave it out"
        )


def _together(cluster: Cluster) -> Iterator[Finding]:
    limit = cluster.document.get("max_workers", default=0)
    least, most = (sum(count) for count in ([n.minimum for n in cluster.workers], [n.maximum for n in cluster.workers]))
    if least > limit:
        what = f"max_workers {limit} is less than all types' min_workers together, {least}"
        yield cluster.error(("max_workers",), what, f"write {most}")
    elif most > limit:
        what = f"max_workers {limit} is reached before the types' own limits, {most} together"
        yield cluster.note(("max_workers",), what, f"write {most} if all may run at once")
    with_gpu = [node for node in cluster.workers if node.resources.get("GPU")]
    floor = [node for node in with_gpu if not node.is_spot]
    for node in with_gpu:
        if node.is_spot and not any(other.minimum for other in floor):
            what = f"{node.name}: spot instances without a GPU node on demand that always runs"
            remedy = "give an on-demand GPU type min_workers: 1, or nothing is transcribed while no spot is to be had"
            yield cluster.error(node.keys, what, remedy)
    if with_gpu and not any(node.minimum for node in with_gpu):
        what = f"{with_gpu[0].name}: min_workers 0: the first audio of a day waits minutes for a node"
        yield cluster.warn((*with_gpu[0].keys, "min_workers"), what, "write min_workers: 1")
