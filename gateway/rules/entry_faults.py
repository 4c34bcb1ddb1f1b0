"""What a mapping may not make, whatever the payload: told when a submission comes in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gateway.errors import Issue
from gateway.rules.entries import LOCAL, Mark, named_in
from gateway.rules.entry_kinds import KINDS

NOTE = "Composition"
_SECTION = re.compile(r"section\[\d+\](\.section\[\d+\])*")


def check_made(
    resources: Sequence[Mapping[str, Any]], names: Sequence[str | None], marks: Sequence[Sequence[Mark]]
) -> list[Issue]:
    """Every fault of what came out, by the number of the resource. `names` and `marks` are parallel to them."""
    types = [str(resource.get("resourceType")) for resource in resources]
    kept_here = {name for name, type in zip(names, types, strict=True) if type == "RiskAssessment" and name}
    issues = list(_note_faults(resources, types, marks, kept_here))
    for number, (type, resource) in enumerate(zip(types, resources, strict=True)):
        if type != NOTE and type not in KINDS:
            text = "A draft holds no resource of that type."
            issues.append(Issue(text, f"resources[{number}].resourceType", "not-supported"))
        if type == "DocumentReference" and any("url" in each.get("attachment", {}) for each in _contents(resource)):
            text = "What a document says is given as data: an address may lead elsewhere tomorrow."
            issues.append(Issue(text, f"resources[{number}].content", "not-supported"))
    return issues


def _contents(resource: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [each for each in resource.get("content", ()) if isinstance(each, dict)]


def _note_faults(
    resources: Sequence[Mapping[str, Any]],
    types: Sequence[str],
    marks: Sequence[Sequence[Mark]],
    kept_here: set[str],
) -> Iterator[Issue]:
    notes = [number for number, type in enumerate(types) if type == NOTE]
    if len(notes) > 1:
        yield Issue("The mapping made more than one Composition.", f"resources[{notes[1]}]", "not-supported")
    for number in notes[:1]:
        note, place = resources[number], f"resources[{number}]"
        if not note.get("title") or not note.get("type"):
            yield Issue("The mapping did not make one Composition with a title and a type.", place, "required")
        if any(mark.path and not _SECTION.fullmatch(mark.path) for mark in marks[number]):
            yield Issue("A statement of a note stands at a section of it.", place, "not-supported")
        if kept_here & named_in(note):
            text = f"A note, which travels, refers to no estimate of risk, which stays: {LOCAL}…"
            yield Issue(text, f"{place}.section", "business-rule")
