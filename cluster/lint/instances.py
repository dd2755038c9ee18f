"""What AWS is asked for besides the instance type: machine image, disk, profile and market. Ray hands it on unread."""

import re
from collections.abc import Iterator
from typing import Any

from cluster.lint.cluster import Cluster
from cluster.lint.document import Keys
from cluster.lint.finding import Finding

AMI = re.compile(r"ami-(?:[0-9a-f]{8}|[0-9a-f]{17})|resolve:ssm:.+|latest_dlami")
"""An id; or, where AWS or Ray look it up, their own words."""
MARKETS = ("spot", "capacity-block")
PROFILE_KEYS = {"Arn", "Name"}
ROOT_DISKS = ("/dev/sda1", "/dev/xvda")
LEAST_DISK_GB = 30
"""The machine image's system and driver, and the GPU image once packed and once unpacked."""


def check(cluster: Cluster) -> Iterator[Finding]:
    """Each value once, where it stands first: node types share them by aliases."""
    seen: list[Any] = []
    for node in cluster.nodes if cluster.provider == "aws" else []:
        config: Keys = (*node.keys, "node_config")
        for name, rule in (("ImageId", _ami), ("BlockDeviceMappings", _disks),
                           ("IamInstanceProfile", _profile), ("InstanceMarketOptions", _market)):  # fmt: skip
            value = cluster.document.get(*config, name)
            if value is not None and (name, value) not in seen:
                seen.append((name, value))
                yield from rule(cluster, (*config, name), value)


def _ami(cluster: Cluster, keys: Keys, value: str) -> Iterator[Finding]:
    if not AMI.fullmatch(value):
        what = f"ImageId {value}: not the id of a machine image"
        yield cluster.error(keys, what, "write ami- and 17 (or 8) digits from 0 to f; docs/cluster.md finds it")


def _disks(cluster: Cluster, keys: Keys, disks: list[dict[str, Any]]) -> Iterator[Finding]:
    for n, disk in enumerate(disks):
        where: Keys = (*keys, n, "Ebs", "VolumeSize")
        size = cluster.document.get(*where)
        if size is None:
            continue
        if not isinstance(size, int) or isinstance(size, bool) or size < 1:
            what = f"VolumeSize {size!r}: must be a whole number of GB"
            yield cluster.error(where, what, "write it without quotes and unit, such as VolumeSize: 100")
        elif size < LEAST_DISK_GB and disk.get("DeviceName") in ROOT_DISKS:
            what = f"VolumeSize {size}: system, driver and images need {LEAST_DISK_GB} GB and more"
            yield cluster.warn(where, what, "write VolumeSize: 100")


def _profile(cluster: Cluster, keys: Keys, profile: dict[str, Any]) -> Iterator[Finding]:
    if not PROFILE_KEYS & profile.keys() or profile.keys() - PROFILE_KEYS:
        what = f"IamInstanceProfile with {', '.join(map(str, profile)) or 'nothing'}: AWS knows Arn and Name only"
        yield cluster.error(keys, what, "write IamInstanceProfile: {Name: …} with the profile's name")


def _market(cluster: Cluster, keys: Keys, options: dict[str, Any]) -> Iterator[Finding]:
    market = options.get("MarketType")
    if market not in MARKETS:
        what = f"MarketType {market or 'missing'}: AWS has no such market"
        yield cluster.error(keys, what, "write MarketType: spot, in small letters; or leave InstanceMarketOptions out")
