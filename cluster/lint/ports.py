"""What the security group opens: networks that are none, ports that are none, and doors open to the whole Internet."""

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

from cluster.lint import environment
from cluster.lint.cluster import Cluster
from cluster.lint.document import Keys
from cluster.lint.finding import Finding
from configs.settings import load
from domain.errors import ConfigError

RULES: Keys = ("provider", "security_group", "IpPermissions")
PUBLIC_PORTS = (443, 443)
"""What anybody may reach: the TLS proxy's."""
WITH_PORTS = {"tcp", "udp", "6", "17"}
"""The other protocols have no ports; ICMP writes its own numbers into their place."""
LEAST_PREFIX = 8
"""A shorter one is no network of anybody's."""


def check(cluster: Cluster) -> Iterator[Finding]:
    """Each rule by itself, and whether they let the load balancer in."""
    rules = cluster.document.get(*RULES, default=[])
    for n, rule in enumerate(rules):
        if not _well_shaped(rule):
            remedy = "write {FromPort: …, ToPort: …, IpProtocol: tcp, IpRanges: [{CidrIp: …}]}"
            yield cluster.error((*RULES, n), "not a rule as AWS wants it", remedy)
        else:
            yield from _ports(cluster, (*RULES, n), rule)
            yield from _networks(cluster, (*RULES, n), rule)
    if rules and all(_well_shaped(rule) for rule in rules):
        yield from _way_in(cluster, rules)


def _well_shaped(rule: Any) -> bool:
    if not isinstance(rule, dict):
        return False
    told = [rule.get(name, []) for name in ("IpRanges", "Ipv6Ranges")]
    return all(isinstance(ranges, list) and all(isinstance(r, dict) for r in ranges) for ranges in told)


def _ports(cluster: Cluster, keys: Keys, rule: dict[str, Any]) -> Iterator[Finding]:
    if str(rule.get("IpProtocol")) not in WITH_PORTS:
        return
    remedy = "write numbers from 0 to 65535, the smaller one as FromPort"
    wrong = [name for name in ("FromPort", "ToPort") if not _is_port(rule.get(name))]
    for name in wrong:
        what = f"{name} {rule[name]!r} is no port number" if name in rule else f"no {name}"
        yield cluster.error(keys, what, remedy, name if name in rule else "")
    if not wrong and rule["FromPort"] > rule["ToPort"]:
        what = f"FromPort {rule['FromPort']} is more than ToPort {rule['ToPort']}"
        yield cluster.error(keys, what, remedy, "FromPort")


def _is_port(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 65535


def _way_in(cluster: Cluster, rules: list[dict[str, Any]]) -> Iterator[Finding]:
    """The balancer, or a TLS proxy on the head, reaches what it sends everything to."""
    tcp = [rule for rule in rules if str(rule.get("IpProtocol")) in ("tcp", "6")]
    told = [(rule["FromPort"], rule["ToPort"]) for rule in tcp if "FromPort" in rule and "ToPort" in rule]
    everything = any(str(rule.get("IpProtocol")) == "-1" for rule in rules)
    if everything or len(told) < len(tcp) or not all(_is_port(port) for ports in told for port in ports):
        return
    try:
        port = load(environment.plain(cluster.variables())).server.port
    except ConfigError:
        return  # another rule says so
    if not any(first <= wanted <= last for first, last in told for wanted in (port, *PUBLIC_PORTS)):
        what = f"no rule opens port {port}, on which the system answers: the load balancer reaches no node"
        yield cluster.warn(RULES, what, f"write FromPort: {port}, ToPort: {port}")


def _networks(cluster: Cluster, keys: Keys, rule: dict[str, Any]) -> Iterator[Finding]:
    wide = []
    for name, ranges, version in (("CidrIp", "IpRanges", 4), ("CidrIpv6", "Ipv6Ranges", 6)):
        told = [r[name] for r in rule.get(ranges, []) if name in r]
        for network in map(str, told):
            problem = _problem(network, version)
            if problem:
                yield cluster.error(keys, f"{name} {network}: {problem[0]}", problem[1], network)
            elif int(network.partition("/")[2]) < LEAST_PREFIX:
                wide.append(network)
    tcp = str(rule.get("IpProtocol")) in ("tcp", "6")
    if wide and not (tcp and (rule.get("FromPort"), rule.get("ToPort")) == PUBLIC_PORTS):
        everybody = any(network.endswith("/0") for network in wide)
        whom = "everybody" if everybody else f"almost everybody ({', '.join(wide)})"
        what = f"{_words(rule)} are open to {whom}"
        remedy = "name the balancer's network as CidrIp; only 443, with TLS, belongs in the open"
        yield cluster.error(keys, what, remedy)


def _problem(network: str, version: int) -> tuple[str, str] | None:
    """What is wrong with it, and the remedy."""
    example = "10.0.0.0/16" if version == 4 else "2001:db8::/32"
    address, _, prefix = network.partition("/")
    try:
        meant = ip_network(network, strict=False)
    except ValueError:
        return f"not a network of IPv{version}", f"write one such as {example}"
    if meant.version != version or not prefix.isdecimal():
        return f"not a network of IPv{version} with its prefix", f"write one such as {example}"
    if str(meant.network_address) != address and version == 4:
        return f"{address} is an address inside of the network", f"write {meant}"
    return None


def _words(rule: dict[str, Any]) -> str:
    first, last = rule.get("FromPort"), rule.get("ToPort")
    return "all ports" if str(rule.get("IpProtocol")) == "-1" or first is None else f"ports {first} to {last}"
