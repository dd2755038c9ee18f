"""Where the machines come from: the provider's keys, regions, addresses, and placeholders that nobody filled in."""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from ipaddress import ip_address

from cluster.lint.cluster import Cluster
from cluster.lint.document import Keys
from cluster.lint.finding import Finding, Level

KEYS = {
    "aws": {
        *("type", "region", "availability_zone", "cache_stopped_nodes", "security_group", "key_pair"),
        *("use_internal_ips", "aws_credentials", "cloudwatch", "disable_node_updaters", "foreground_node_launch"),
    },
    "local": {"type", "head_ip", "worker_ips", "external_head_ip", "coordinator_address", "disable_node_updaters"},
}
LIKE_AN_ADDRESS = re.compile(r"\d[\d.OoIl]*\.[\d.OoIl]+|(?:\d+\.){3}\w+")
"""What is meant as an IPv4 address, also with an O for a 0; no host's name looks so."""
PLACEHOLDERS = re.compile(
    r"\b(192\.0\.2\.\d+|198\.51\.100\.\d+|203\.0\.113\.\d+)\b"  # RFC 5737: addresses for examples
    r"|[\w.-]*\bexample\.(?:com|org|net)\b|\b123456789012\b|\bami-0{8,}\b|CHANGE[-_ ]?ME\b|<[A-Z][\w -]*>"
)


def check(cluster: Cluster) -> Iterator[Finding]:
    """The provider section and the placeholders of the whole file."""
    known = KEYS.get(cluster.provider)
    if known is None:
        remedy = "write aws or local; for another provider take over from ray_cluster.yaml what is not AWS's"
        yield cluster.error(("provider", "type"), f"{cluster.provider or 'no'} provider: not one known here", remedy)
        return
    for key in map(str, cluster.document.get("provider", default={})):
        if key not in known:
            near = get_close_matches(key, known, 1)
            what = f"provider.{key}: the provider {cluster.provider} does not know it, and Ray does not say so"
            yield cluster.error(("provider", key), what, f"write {near[0]}" if near else "leave it out")
    yield from _region(cluster) if cluster.provider == "aws" else _addresses(cluster)
    yield from _idle(cluster)
    yield from _placeholders(cluster)


def _idle(cluster: Cluster) -> Iterator[Finding]:
    if cluster.document.get("idle_timeout_minutes") == 0:
        what = "idle_timeout_minutes 0: a node ends as soon as it has nothing to do, and even before its first work"
        yield cluster.error(("idle_timeout_minutes",), what, "write idle_timeout_minutes: 5")


def _region(cluster: Cluster) -> Iterator[Finding]:
    region = str(cluster.document.get("provider", "region", default=""))
    if not region:
        yield cluster.error(("provider",), "no region: Ray would take us-west-2", "name the region")
    for zone in str(cluster.document.get("provider", "availability_zone", default="")).split(","):
        if region and zone and not re.fullmatch(rf"{re.escape(region)}[a-z]", zone.strip()):
            what = f"the zone {zone.strip()} is not in the region {region}"
            yield cluster.error(("provider", "availability_zone"), what, f"write zones such as {region}a")


def _addresses(cluster: Cluster) -> Iterator[Finding]:
    workers = [str(address) for address in cluster.document.get("provider", "worker_ips", default=[])]
    head = str(cluster.document.get("provider", "head_ip", default=""))
    told: list[tuple[Keys, str]] = [(("provider", "head_ip"), head)]
    told += [(("provider", "worker_ips", n), address) for n, address in enumerate(workers)]
    for keys, address in told:
        if LIKE_AN_ADDRESS.fullmatch(address) and not _is_address(address):
            what = f"{address} looks like an IP address and is none"
            yield cluster.error(keys, what, "write four numbers from 0 to 255, such as 10.0.0.5", address)
    if head in workers:
        remedy = "take it out of worker_ips: the head does no work, and its loss must not take a worker with it"
        yield cluster.error(("provider", "worker_ips"), f"the head {head} is among the workers", remedy)
    for n, address in enumerate(workers):
        if address in workers[:n]:
            yield cluster.error(("provider", "worker_ips"), f"{address} stands twice in worker_ips", "write it once")
        if not cluster.document.get("metadata", "machines", address):
            remedy = f"say so under metadata.machines: {address}: {{CPU: 8, GPU: 1}}"
            yield cluster.warn(("provider", "worker_ips"), f"what {address} has is not known here", remedy)
    limit = cluster.document.get("max_workers", default=len(workers))
    least = cluster.document.get("min_workers", default=0)
    if limit < len(workers):
        what = f"max_workers {limit}: {len(workers) - limit} of the {len(workers)} workers would stay unused"
        yield cluster.error(("max_workers",), what, f"write {len(workers)}")
    if least > limit:
        what = f"min_workers {least} is more than max_workers {limit}, and Ray takes the smaller without a word"
        yield cluster.error(("min_workers",), what, f"write {limit} or less")


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _placeholders(cluster: Cluster) -> Iterator[Finding]:
    found: dict[str, list[int]] = {}
    for n, line in enumerate(cluster.document.text, 1):
        for match in PLACEHOLDERS.finditer(re.sub(r"(^|\s)#.*", "", line)):
            found.setdefault(match[0], []).append(n)
    for placeholder, lines in found.items():
        also = f" (also on {', '.join(map(str, lines[1:]))})" if lines[1:] else ""
        what = f"{placeholder} is a placeholder{also}"
        yield cluster.document.finding(Level.WARN, lines[0], what, "put your own; docs/cluster.md")
