"""The commands that start Ray: who may join and look, what the head does, and whether the system comes up at all."""

import re
from collections.abc import Iterator

from cluster.lint import system_config
from cluster.lint.cluster import HEAD_COMMANDS, WORKER_COMMANDS, Cluster, Command
from cluster.lint.finding import Finding
from cluster.lint.images import INSTALLS

ALL_INTERFACES = ("0.0.0.0", "::", "*")
UP = re.compile(r"\bsalescontrol up(?![\w-])")
BLOCKS = re.compile(r"\bsalescontrol up\s[^&|;]*--block\b[^&|;]*(?:&&|[|;]|$)")
"""In the foreground."""
SOURCED = ". ~/secrets/cluster.env"


def check(cluster: Cluster) -> Iterator[Finding]:
    """Head, workers, and what both share."""
    yield from _quotes(cluster)
    heads = [c for c in cluster.commands(HEAD_COMMANDS) if c.ray_start is not None]
    joins = [c for c in cluster.commands(WORKER_COMMANDS) if c.ray_start is not None]
    for name, starts in ((HEAD_COMMANDS, heads), (WORKER_COMMANDS, joins)):
        if not starts:
            what = f"{name} has no `ray start`, so Ray's own apply: an open dashboard, no environment"
            yield cluster.error((name,), what, "write them as in ray_cluster.yaml")
        yield from _stops_first(cluster, name)
        for command in _readable(starts):
            yield from _environment(cluster, command, "ray start", "Ray starts")
            if "--block" in (command.ray_start or {}):
                yield cluster.error(command.keys, "--block never returns, so `ray up` waits for ever", "leave it out")
    for command in _readable(heads):
        yield from _head(cluster, command, command.ray_start or {})
    for command in _readable(joins):
        yield from _join(cluster, command, command.ray_start or {}, heads)
    yield from _deploys(cluster)


def _stops_first(cluster: Cluster, name: str) -> Iterator[Finding]:
    commands = cluster.commands(name)
    if commands and commands[0].text.strip() != "ray stop":
        what = "`ray stop` does not come first: a second `ray up` fails on the Ray that still runs"
        yield cluster.error(commands[0].keys, what, "begin with - ray stop")


def _quotes(cluster: Cluster) -> Iterator[Finding]:
    for command in cluster.commands("initialization_commands", *INSTALLS, HEAD_COMMANDS, WORKER_COMMANDS):
        if command.unreadable:
            what = f"the shell can't read this command: {command.unreadable}"
            yield cluster.error(command.keys, what, "close every quote: each ' and each \" needs its second")


def _readable(commands: list[Command]) -> list[Command]:
    """Without those whose words nobody can tell."""
    return [command for command in commands if not command.unreadable]


def _environment(cluster: Cluster, command: Command, start: str, subject: str) -> Iterator[Finding]:
    before = command.text.partition(start)[0]
    if ". " not in before or "set -a" not in before:
        what = f"{subject} without the environment file: it knows neither database nor storage nor tokens"
        yield cluster.error(command.keys, what, f"put before it: set -a && {SOURCED} && set +a &&", start)


def _head(cluster: Cluster, command: Command, options: dict[str, str]) -> Iterator[Finding]:
    if "--head" not in options:
        yield cluster.error(command.keys, "the head's `ray start` has no --head", "add --head", "ray start")
    if options.get("--num-cpus") != "0":
        what = "the head offers its processors, so work lands on it and slows or fells the whole cluster"
        yield cluster.error(
            command.keys, what, "add --num-cpus=0", "--num-cpus" if "--num-cpus" in options else "ray start"
        )
    host = options.get("--dashboard-host")
    if host in ALL_INTERFACES:
        what = f"the Ray dashboard listens on {host}: whoever reaches the machine reaches it"
        remedy = "write --dashboard-host=127.0.0.1 and open it by `ray dashboard FILE`"
        yield cluster.error(command.keys, what, remedy, "--dashboard-host")
    elif host is None:
        what = "where the Ray dashboard listens is left to Ray"
        yield cluster.error(command.keys, what, "add --dashboard-host=127.0.0.1", "ray start")
    if not options.get("--autoscaling-config"):
        what = "no --autoscaling-config: the head would never start a worker"
        yield cluster.error(command.keys, what, "add --autoscaling-config=~/ray_bootstrap_config.yaml", "ray start")
    yield from system_config.check(cluster, command)


def _join(cluster: Cluster, command: Command, options: dict[str, str], heads: list[Command]) -> Iterator[Finding]:
    if "--head" in options:
        yield cluster.error(command.keys, "a worker that starts a head of its own", "leave --head out", "--head")
    port = next(((head.ray_start or {}).get("--port", "6379") for head in heads), "6379")
    if options.get("--address") != f"$RAY_HEAD_IP:{port}":
        what = f"workers join {options.get('--address') or 'nobody'}, but the head listens on port {port}"
        yield cluster.error(command.keys, what, f"write --address=$RAY_HEAD_IP:{port}", "ray start")


def _deploys(cluster: Cluster) -> Iterator[Finding]:
    ups = [c for c in cluster.commands(HEAD_COMMANDS) if UP.search(c.text)]
    if not ups:
        what = "nothing deploys the applications and the supervisor"
        remedy = f"end with - set -a && {SOURCED} && set +a && RAY_ADDRESS=auto salescontrol up"
        yield cluster.error((HEAD_COMMANDS,), what, remedy)
    for command in ups:
        if "RAY_ADDRESS=auto" not in command.text:
            what = "`salescontrol up` without RAY_ADDRESS starts another Ray beside this one"
            yield cluster.error(command.keys, what, "write RAY_ADDRESS=auto salescontrol up")
        if BLOCKS.search(command.text):
            what = "`salescontrol up --block` never returns, so `ray up` waits for ever"
            yield cluster.error(command.keys, what, "leave --block out: the system stays up without it", "--block")
        yield from _environment(cluster, command, "salescontrol up", "the system comes up")
