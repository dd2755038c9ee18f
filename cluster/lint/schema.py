"""Ray's own validation: the shape by ray-schema.json, and the whole with the provider's defaults filled in."""

import contextlib
import copy
import io
import re
from collections.abc import Iterator
from typing import Any

from cluster.lint.document import Document
from cluster.lint.finding import Finding, Level

REMEDY = "write it as in ray_cluster.yaml or configs/cluster-onprem.yaml"


Problem = tuple[tuple[Any, ...] | None, str]
"""Where (None: not said) and why, as Ray puts it."""


def endless(document: Document) -> Iterator[Finding]:
    """Aliases that lead back to what they stand in."""
    for keys in document.loops:
        what = f"{keys[-1]} is an alias of what it stands in, so it has no end"
        yield document.finding(Level.ERROR, document.line(*keys), what, "write the value itself, or leave it out")


def misshapen(document: Document, problem: Problem | None) -> Iterator[Finding]:
    """Unknown keys, wrong kinds of values, and keys that YAML drops without a word because they stand there twice."""
    for keys in document.twice:
        what = f"{keys[-1]} stands here twice, and only the last one counts"
        yield document.finding(Level.ERROR, document.line(*keys), what, "keep one of the two")
    if problem is not None and problem[0] is not None:
        keys, message = problem[0], problem[1]
        named = (key for key in re.findall(r"'([^']+)'", message) if (*keys, key) in document.lines)
        line = document.line(*keys, next(named, ""))
        yield document.finding(Level.ERROR, line, f"Ray refuses it: {message}", REMEDY)


def refused(document: Document, problem: Problem | None) -> Iterator[Finding]:
    """What is well shaped, and still refused."""
    if problem is not None and problem[0] is None:
        yield document.finding(Level.ERROR, 1, f"Ray refuses it: {problem[1]}", REMEDY)


def validate(data: dict[str, Any]) -> Problem | None:
    """What Ray refuses first, if anything. Imported here: Ray takes a second and a half."""
    from ray.autoscaler._private.util import prepare_config, validate_config

    said = io.StringIO()  # Ray's command line reasons on the screen before it exits
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            validate_config(prepare_config(copy.deepcopy(data)))
    except (Exception, SystemExit) as error:
        path = getattr(error, "absolute_path", None)
        message = getattr(error, "message", None) or f"{said.getvalue()} {type(error).__name__}: {error}"
        return None if path is None else tuple(path), " ".join(message.split())
    return None
