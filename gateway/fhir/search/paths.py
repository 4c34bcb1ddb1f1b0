"""The expressions of search parameters, run fast: most are plain paths, which need no engine.

A plain branch is `Type.a.b`, at its end perhaps `as Type` or `where(resolve() is Type)`. Every other expression is
FHIRPath's; a test holds both to the same answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gateway.fhir.path import compile
from gateway.fhir.path.types import CHOICES
from gateway.fhir.references import literal

Find = Callable[[Mapping[str, Any]], list[Any]]
_BRANCH = re.compile(
    r"(?P<open>\()?(?P<path>\w+(?:\.(?!as\b|where\b)\w+)*)"
    r"(?:(?P<as> as \w+\))|\.as\((?P<cast>\w+)\)|\.where\(resolve\(\) is (?P<target>\w+)\))?\Z"
)


def finder(expression: str, kind: str | None = None) -> Find:
    """What runs the expression on a resource of type `kind`, or on the element that the expression is relative to."""
    branches = [_branch(text, kind) for text in expression.split(" | ")]
    if None in branches:
        path = compile(expression)
        return lambda element: path.evaluate(element, resolve=_typed)
    if len(branches) == 1:
        return branches[0]  # type: ignore[return-value]
    return lambda element: [found for branch in branches for found in branch(element)]  # type: ignore[misc]


def _branch(text: str, kind: str | None) -> Find | None:
    match = _BRANCH.match(text)
    if match is None or bool(match["open"]) is not bool(match["as"]):
        return None
    steps = match["path"].split(".")
    if kind is not None and steps.pop(0) not in (kind, "Resource"):
        return None
    cast = match["as"][4:-1] if match["as"] else match["cast"]
    if cast and (not steps or steps[-1] not in CHOICES):
        return None
    if not steps:
        return lambda element: [element]
    keys = [(step, *CHOICES.get(step, ())) for step in steps]
    if cast:
        keys[-1] = (steps[-1] + cast[0].upper() + cast[1:],)
    return _walk(keys, match["target"])


def _walk(steps: Sequence[Sequence[str]], target: str | None) -> Find:
    """One step after the other, each by the first of its JSON keys that is there."""

    def find(element: Mapping[str, Any]) -> list[Any]:
        found: list[Any] = [element]
        for keys in steps:
            values: list[Any] = []
            for parent in found:
                for key in keys:
                    if key in parent:
                        values += _listed(parent[key])
                        break
            if not values:
                return values
            found = values
        return found if target is None else [value for value in found if _target(value) == target]

    return find


def _listed(value: Any) -> list[Any]:
    if value.__class__ is list:
        return value if None not in value else [one for one in value if one is not None]
    return [value]


def _target(value: Any) -> str | None:
    """The type that a reference says it goes to, which is all that search expressions ask of it."""
    text = value.get("reference", "") if isinstance(value, Mapping) else value
    found = literal(text) if isinstance(text, str) else None
    return found.type if found and found.is_local else None


def _typed(value: Any) -> Any:
    kind = _target(value)
    return {"resourceType": kind} if kind else None
