"""How a place inside a document is written: `section[0].title`, as FHIR paths and producers' payloads are read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

Step = str | int
Place = tuple[Step, ...]

_STEP = re.compile(r"([A-Za-z_][\w-]*)((?:\[\*\])*)")


def spell(place: Iterable[Step]) -> str:
    """The steps as one path; a key that is no plain name (a directive of a template) stands in quotes."""
    text = ""
    for step in place:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            name = step if step.replace("_", "").replace("-", "").isalnum() else f"'{step}'"
            text += f".{name}" if text else name
    return text


def steps_of(path: str) -> list[str | None]:
    """`a.b[*].c` as its steps, None standing for every item of a list; no steps for what is no such path."""
    steps: list[str | None] = []
    for part in path.split("."):
        match = _STEP.fullmatch(part)
        if match is None:
            return []
        steps += [match[1], *[None] * match[2].count("[*]")]
    return steps


def place_of(source: object, within: Any, at: Place = ()) -> Place | None:
    """Where this very object stands within a document; None for one that is no part of it."""
    if within is source:
        return at
    members = within.items() if isinstance(within, Mapping) else enumerate(within) if isinstance(within, list) else ()
    found = (place_of(source, inner, (*at, step)) for step, inner in members if isinstance(inner, dict | list))
    return next((place for place in found if place is not None), None)
