"""Amazon's registry: do the nodes log in where their images are, and is that the cluster's own region?"""

import re
from collections.abc import Iterator

from cluster.lint.cluster import Cluster
from cluster.lint.document import Keys
from cluster.lint.finding import Finding

ADDRESS = re.compile(r"\b(\w+)\.dkr\.ecr\.([\w-]+)\.amazonaws\.com")
"""Account and region."""
LOGIN = re.compile(r"get-login-password\b.*?--region[ =]([\w-]+)")
COMMANDS = "initialization_commands"


def check(cluster: Cluster) -> Iterator[Finding]:
    """Each login, and each image's registry once."""
    images: dict[str, tuple[re.Match[str], Keys]] = {}
    for node in cluster.nodes:
        if match := ADDRESS.search(node.image):
            images.setdefault(match[0], (match, node.image_keys))
    own = str(cluster.document.get("provider", "region", default=""))
    for match, keys in images.values():
        if not re.fullmatch(r"\d{12}", match[1]):
            what = f"{match[0]}: {match[1]} is no account number of AWS"
            yield cluster.error(keys, what, "write its 12 digits; `aws sts get-caller-identity` says them")
        elif cluster.provider == "aws" and own and match[2] != own:
            what = f"{match[0]}: images come from {match[2]}, but the nodes are in {own}"
            yield cluster.warn(keys, what, f"keep the images in {own}: each new node waits for them, and pays")
    yield from _logins(cluster, list(images))


def _logins(cluster: Cluster, images: list[str]) -> Iterator[Finding]:
    logins = [(command, match) for command in cluster.commands(COMMANDS)
              if (match := ADDRESS.search(command.text)) and "docker login" in command.text]  # fmt: skip
    for command, match in logins:
        told = LOGIN.search(command.text)
        if told and told[1] != match[2]:
            what = f"a password for {told[1]}, but the registry is in {match[2]}"
            yield cluster.error(command.keys, what, f"write --region {match[2]}")
        if images and match[0] not in images:
            what = f"the nodes log in at {match[0]}, but their images are at {', '.join(images)}"
            yield cluster.error(command.keys, what, "write the address of the images")
