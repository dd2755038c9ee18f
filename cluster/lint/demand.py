"""Do the nodes hold what is to run on them: Serve's replicas and the worker actors of the profile?"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from cluster.lint import document, environment
from cluster.lint.cluster import Cluster, number
from cluster.lint.document import Document, Keys
from cluster.lint.environment import PROFILE
from cluster.lint.finding import Finding, Level
from configs.settings import Settings, load
from domain.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Asked:
    """So many actors, each with these resources, asked for at `file` and `keys`. `labels`: of the nodes that
    they would rather be on."""

    name: str
    file: Document
    keys: Keys
    request: dict[str, float]
    least: int
    most: int
    labels: dict[str, str] = field(default_factory=dict)


def check(cluster: Cluster) -> Iterator[Finding]:
    """Each actor by itself, then all at their least and at their most."""
    profile = cluster.variables().get(PROFILE)
    if profile is None:
        what = f"no {PROFILE}: the nodes would take the profile of a laptop"
        yield cluster.error(("docker", "run_options"), what, f"add -e {PROFILE}=fleet to docker.run_options")
        return
    try:
        settings = load({PROFILE: profile})
    except ConfigError as error:
        yield cluster.error(("docker", "run_options"), str(error), "name a profile of configs/", PROFILE)
        return
    refused = list(environment.refused(cluster.variables()))
    for name, message in refused:
        yield cluster.error(("docker", "run_options"), message, f"correct {name} or leave it out", name)
    if not refused:
        settings = load(environment.plain(cluster.variables()))
    known = [node for node in cluster.workers if node.resources]
    if len(known) < len(cluster.workers):
        return  # what some machine has is not known; that has been said
    asked = [*_serve(cluster, profile), *_groups(cluster, profile, settings)]
    yield from _one_by_one(cluster, asked)
    yield from _together(cluster, asked)
    yield from _labels(cluster, asked)


def _serve(cluster: Cluster, profile: str) -> Iterator[Asked]:
    file = _file(cluster, f"configs/serve.{profile}.yaml", "configs/serve.yaml")
    for a, application in enumerate(file.get("applications", default=[])):
        for d, deployment in enumerate(application.get("deployments", [])):
            options = deployment.get("ray_actor_options") or {}
            request = {"CPU": number(options.get("num_cpus"), 1), "GPU": number(options.get("num_gpus"))}
            scaling = deployment.get("autoscaling_config") or {}
            fixed = number(deployment.get("num_replicas"), 1)
            yield Asked(
                name=f"{application['name']}/{deployment['name']}",
                file=file,
                keys=("applications", a, "deployments", d),
                request=_positive(request | (options.get("resources") or {})),
                least=int(number(scaling.get("min_replicas"), 1 if scaling else fixed)),
                most=int(number(scaling.get("max_replicas"), 1 if scaling else fixed)),
                labels=options.get("label_selector") or {},
            )


def _groups(cluster: Cluster, profile: str, settings: Settings) -> Iterator[Asked]:
    file = _file(cluster, f"configs/{profile}.yaml", "configs/default.yaml")
    for n, group in enumerate(settings.workers.groups):
        least = group.min_replicas if group.replicas is None else group.replicas
        most = group.max_replicas if group.replicas is None else group.replicas
        keys: Keys = ("workers", "groups", n)
        yield Asked(
            f"worker group {group.name}",
            file,
            keys,
            _positive({"CPU": group.num_cpus} | group.resources),
            least,
            most or least,
        )


def _file(cluster: Cluster, *names: str) -> Document:
    """The first of these files that exists."""
    name = next(name for name in names if (cluster.root / name).is_file())
    return document.read(cluster.root / name, name)


def _positive(request: dict[str, float]) -> dict[str, float]:
    return {name: amount for name, amount in request.items() if amount > 0}


def _one_by_one(cluster: Cluster, asked: list[Asked]) -> Iterator[Finding]:
    for one in asked:
        if one.most and not any((node.maximum or node.is_head) and node.holds(one.request) for node in cluster.nodes):
            what = f"{one.name} asks for {_words(one.request)}, which no node type of {cluster.document.name} has"
            remedy = "lower ray_actor_options, or give a node type these resources"
            yield one.file.finding(Level.ERROR, one.file.line(*one.keys), what, remedy)


def _together(cluster: Cluster, asked: list[Asked]) -> Iterator[Finding]:
    most_nodes: dict[str, float] = defaultdict(float)
    for node in cluster.workers:
        for name, amount in node.resources.items():
            most_nodes[name] += amount * node.maximum
    for name in ("CPU", "GPU"):
        have = most_nodes[name]
        least = sum(one.request.get(name, 0) * one.least for one in asked)
        most = sum(one.request.get(name, 0) * one.most for one in asked)
        if least > have:
            what = f"Serve and the workers ask for {least:g} {name} at the least, and all nodes together have {have:g}"
            yield cluster.error(("max_workers",), what, "add nodes (max_workers), or lower the least replicas")
        elif most > have:
            what = f"Serve and the workers may grow to {most:g} {name}, and all nodes together have {have:g}"
            yield cluster.note(("max_workers",), what, "add nodes if you want them all")


def _labels(cluster: Cluster, asked: list[Asked]) -> Iterator[Finding]:
    """On machines of one's own there is nothing to say: they do not end."""
    told = [cluster.document.get(*node.keys, "labels", default={}) for node in cluster.workers]
    for one in asked if cluster.provider == "aws" else []:
        if one.labels and not any(labels.items() >= one.labels.items() for labels in told):
            wanted = ", ".join(f'{name}: "{value}"' for name, value in one.labels.items())
            what = f"no node type has the label {wanted}: Serve may keep the last replica of {one.name} on any node"
            remedy = f"give the node type that always runs labels: {{{wanted}}}; the others can end then"
            yield cluster.note(("available_node_types",), what, remedy)


def _words(request: dict[str, float]) -> str:
    return ", ".join(f"{name} {amount:g}" for name, amount in request.items()) or "nothing"
