"""Images and versions: one Python, to the patch, and one Ray everywhere; CUDA where there is a GPU."""

import re
from collections.abc import Iterator
from pathlib import Path

from cluster.lint.cluster import Cluster, NodeType
from cluster.lint.finding import Finding, Level

LOCK, DOCKERFILE = "constraints.txt", "Dockerfile"
INSTALLS = ("setup_commands", "head_setup_commands", "worker_setup_commands")


def check(cluster: Cluster) -> Iterator[Finding]:
    """Every node type's image, and what setup commands would install over it."""
    python, problem = python_version(cluster.root)
    ray = pinned(cluster.root, "ray")
    if problem:
        yield problem
    seen = set()
    for node in cluster.nodes:
        if node.image_keys not in seen:
            seen.add(node.image_keys)
            yield from _image(cluster, node, python, ray)
        yield from _gpu(cluster, node)
    yield from _one_version(cluster)
    yield from _installs(cluster, ray)


def pinned(root: Path, package: str) -> str:
    """The version in the lock file, "" where it has none."""
    match = re.search(rf"(?m)^{package}==([\d.]+)", (root / LOCK).read_text(encoding="utf-8"))
    return match[1] if match else ""


def python_version(root: Path) -> tuple[str, Finding | None]:
    """The Python of the Dockerfile, and what is wrong with it."""
    lines = (root / DOCKERFILE).read_text(encoding="utf-8").splitlines()
    for n, line in enumerate(lines, 1):
        match = re.match(r"ARG PYTHON_VERSION=(\S+)", line)
        if match and re.fullmatch(r"\d+\.\d+\.\d+", match[1]):
            return match[1], None
        if match:
            what = f"Python {match[1]} is not pinned to the patch: two builds may differ, and Ray refuses to join them"
            return match[1], Finding(Level.ERROR, DOCKERFILE, n, what, "write all three numbers")
    return "", Finding(Level.ERROR, DOCKERFILE, 1, "no ARG PYTHON_VERSION", "pin the base image's Python to the patch")


def _image(cluster: Cluster, node: NodeType, python: str, ray: str) -> Iterator[Finding]:
    keys = node.image_keys
    if not node.image:
        what = f"{node.name}: no image, so nodes run whatever the machine has"
        yield cluster.error(keys, what, "name an image built from the Dockerfile under docker.image")
        return
    tag = re.search(r":([^:/@]+)$", node.image)
    expected = f"…-py{python}-ray{ray}-cpu or -gpu"
    if tag is None or tag[1] == "latest":
        what = f"{node.image}: no version, so nodes that start later may run other code than the head"
        yield cluster.error(keys, what, f"write a tag such as {expected}")
        return
    for name, version in (("py", python), ("ray", ray)):
        said = re.search(rf"\b{name}(\d[\d.]*\d)", tag[1])
        title, source = ("Python", DOCKERFILE) if name == "py" else ("Ray", LOCK)
        if said is None:
            what = f"{node.image}: the tag does not say which {title} is in it"
            yield cluster.error(keys, what, f"tag it {expected}")
        elif said[1] != version:
            what = f"{node.image}: {title} {said[1]}, but {source} has {version}"
            yield cluster.error(keys, what, f"build the image anew and tag it {expected}; all nodes must be equal")


def _one_version(cluster: Cluster) -> Iterator[Finding]:
    """All images are of the head's version."""
    told = [(node, re.search(r":([^:/@]+?)-py[^:/@]*$", node.image)) for node in cluster.nodes]
    heads = [match[1] for node, match in told if match and node.is_head]
    others = {node.image: (match[1], node.image_keys) for node, match in told if match and not node.is_head}
    for image, (version, keys) in others.items() if heads else ():
        if version != heads[0]:
            what = f"{image}: version {version}, but the head's image is {heads[0]}"
            remedy = "build both images from one checkout and tag them alike; all nodes must be equal"
            yield cluster.error(keys, what, remedy)


def _gpu(cluster: Cluster, node: NodeType) -> Iterator[Finding]:
    if not node.resources.get("GPU") or not node.image:
        return
    if not node.image.endswith("-gpu"):
        what = f"{node.name}: a GPU, but the image {node.image} has no CUDA"
        yield cluster.error(node.image_keys, what, "name the image built with --target gpu as docker.worker_image")
    if "--gpus" not in node.run_options:
        what = f"{node.name}: the container is not told to take the GPU"
        yield cluster.warn(node.keys, what, "add --gpus all to docker.worker_run_options")


def _installs(cluster: Cluster, ray: str) -> Iterator[Finding]:
    for name in INSTALLS if cluster.provider == "aws" else ():
        if name != "worker_setup_commands" and cluster.document.get(name) is None:
            what = f"{name} is missing, so Ray's own apply: they install other packages over the image's"
            yield cluster.error((), what, f"write {name}: []")
    for command in cluster.commands(*INSTALLS):
        match = re.search(r"pip3? install\b.*?\bray\b(?:\[[\w,]*\])?(?:==([\d.]+))?", command.text)
        if match and match[1] != ray:
            what = f"installs Ray {match[1] or 'of any version'} over the image's {ray}"
            yield cluster.error(command.keys, what, "leave it out: the image has all that is needed")
