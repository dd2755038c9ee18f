"""Ray's own validation: the defaults of the provider filled in, then ray-schema.json."""

import contextlib
import copy
import io
from collections.abc import Iterator
from typing import Any

from cluster.lint.document import Document
from cluster.lint.finding import Finding, Level

REMEDY = "write it as in ray_cluster.yaml; Ray's own list of keys is ray/autoscaler/ray-schema.json"


def check(document: Document) -> Iterator[Finding]:
    """What Ray refuses, at its line; and keys that YAML drops without a word because they stand there twice."""
    for keys in document.twice:
        what = f"{keys[-1]} stands here twice, and only the last one counts"
        yield document.finding(Level.ERROR, document.line(*keys), what, "keep one of the two")
    problem = _refused(document.data)
    if problem is not None:
        keys, message = problem
        yield document.finding(Level.ERROR, document.line(*keys), f"Ray refuses it: {message}", REMEDY)


def _refused(data: dict[str, Any]) -> tuple[tuple[Any, ...], str] | None:
    """Where and why, as Ray puts it. Imported here: Ray takes a second and a half."""
    from ray.autoscaler._private.util import prepare_config, validate_config

    said = io.StringIO()  # Ray's command line reasons on the screen before it exits
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            validate_config(prepare_config(copy.deepcopy(data)))
    except (Exception, SystemExit) as error:
        message = getattr(error, "message", None) or f"{said.getvalue()} {type(error).__name__}: {error}"
        return tuple(getattr(error, "absolute_path", ())), " ".join(message.split())
    return None
