"""What a route asks of its caller, read off its dependencies into the OpenAPI document.

Each operation gets `x-permission`: the permissions that it takes, all of them; or one word: `anybody` (open to the
world), `caller` (whoever has a live token), `device`, `internal`, `scraper` (Prometheus), `signature` (an address that
was signed for a while).
"""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts

ANYBODY, CALLER, DEVICE, INTERNAL, SCRAPER = "anybody", "caller", "device", "internal", "scraper"
SIGNATURE = "signature"
WRITES = frozenset({"post", "put", "patch", "delete"})
_NEEDS = "needs"

Dependency = TypeVar("Dependency", bound=Callable[..., Any])


def needing(what: str) -> Callable[[Dependency], Dependency]:
    """Marks a dependency: a route that has it asks for `what`."""

    def mark(dependency: Dependency) -> Dependency:
        setattr(dependency, _NEEDS, what)
        return dependency

    return mark


def describe(app: FastAPI, document: dict[str, Any]) -> None:
    """Writes `x-permission` into every operation of `document`, which is the one of `app`."""
    for route in iter_route_contexts(app.routes):
        for method in route.methods or ():
            operation = document["paths"].get(route.path_format, {}).get(method.lower())
            if operation is not None:
                operation["x-permission"] = _of(set(_needs(route.dependant)))


def is_for_callers(operation: dict[str, Any]) -> bool:
    """Whether people and programs call it with their tokens, rather than devices, nodes or strangers."""
    return operation["x-permission"] not in ([ANYBODY], [DEVICE], [INTERNAL], [SCRAPER], [SIGNATURE])


def _of(needs: set[str]) -> list[str]:
    return sorted(needs - {CALLER}) or [CALLER if needs else ANYBODY]


def _needs(dependant: Dependant) -> Iterator[str]:
    if needs := getattr(dependant.call, _NEEDS, None):
        yield str(needs)
    for inner in dependant.dependencies:
        yield from _needs(inner)
