"""Ray's system configuration on the head's command line: one JSON object, with no name that Ray does not know."""

import json
import re
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from cluster.lint.cluster import Cluster, Command
from cluster.lint.finding import Finding

OPTION = "--system-config"
USUAL = {"gcs_rpc_server_reconnect_timeout_s"}
"""What the shipped files set. Others are looked up, which takes a moment."""


def check(cluster: Cluster, command: Command) -> Iterator[Finding]:
    """What the option of a head's `ray start` holds, if it is there."""
    try:
        told = json.loads((command.ray_start or {}).get(OPTION) or "{}")
        if not isinstance(told, dict):
            raise ValueError("must be a JSON object")
    except ValueError as error:
        what = f"{OPTION} is no JSON object ({error})"
        remedy = """write --system-config='{"gcs_rpc_server_reconnect_timeout_s": 600}'"""
        yield cluster.error(command.keys, what, remedy, OPTION)
        return
    unusual = told.keys() - USUAL
    known = USUAL | names() if unusual else USUAL
    for name in sorted(unusual - known) if known > USUAL else []:
        near = get_close_matches(name, known, 1)
        what = f"{OPTION}: Ray knows no {name}, and ends as soon as it is told"
        yield cluster.error(command.keys, what, f"write {near[0]}" if near else "leave it out", name)


def names() -> set[str]:
    """All that Ray's own program knows; none where it is not to be found.

    Each can also be given as RAY_name in the environment, and so stands in the program as a text. A few more texts
    begin so: they are let through.
    """
    import ray

    program = Path(ray.__file__).parent / "core" / "src" / "ray" / "gcs" / "gcs_server"
    if not program.is_file():
        return set()
    return {name.decode() for name in re.findall(rb"RAY_([A-Za-z]\w+)\0", program.read_bytes())}
