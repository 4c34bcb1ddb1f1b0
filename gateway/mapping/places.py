"""How a place inside a document is written: `section[0].title`, as FHIR paths and producers' payloads are read."""

from __future__ import annotations

from collections.abc import Iterable

Step = str | int
Place = tuple[Step, ...]


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
