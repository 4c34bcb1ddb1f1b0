"""Entries: what a draft holds beside its note. A care plan, its goals, a task, answers, scores, moods, a journal entry.

An entry is kept as the mapping made it; ids, people, status and labels are put to it by `entry_made`. Entries of one
draft name each other by `local:` references, which become literal ones in drafts and in what is published.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.rules.evidence import Origin

LOCAL = "local:"
# Names every template may use without an entry of that name.
PATIENT, CLINICIAN, CUSTODIAN = "patient", "clinician", "custodian"
VOICES: Mapping[str, Origin] = {"machine": Origin.MACHINE, "patient": Origin.PATIENT, "clinician": Origin.HUMAN}
_STEP = re.compile(r"(\w+)(?:\[(\d+)\])?")


@dataclass(frozen=True, slots=True)
class Part:
    """An element of an entry that rests on evidence of its own, or is in other words than the rest: `id` is its element
    id, `path` its place, `by` the Practitioner who changed it."""

    id: str
    path: str
    origin: Origin = Origin.MACHINE
    evidence: tuple[str, ...] = ()
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One resource of a draft beside its note: `id` is "e1", "e2", …, `name` what others of the draft call it,
    `resource` what the mapping made; `of` names what it revises, `by` is the Practitioner who changed it; `patient`
    whom it is about, where the draft is about several."""

    id: str
    resource: dict[str, Any]
    name: str | None = None
    origin: Origin = Origin.MACHINE
    evidence: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    of: str | None = None
    by: str | None = None
    patient: str | None = None

    @property
    def type(self) -> str:
        return str(self.resource["resourceType"])

    @property
    def segments(self) -> tuple[str, ...]:
        """All it rests on, each segment once."""
        return tuple(dict.fromkeys((*self.evidence, *(each for part in self.parts for each in part.evidence))))

    @property
    def origins(self) -> frozenset[Origin]:
        return frozenset({self.origin, *(part.origin for part in self.parts)})


@dataclass(frozen=True, slots=True)
class Mark:
    """What a mapping says of one element of a resource (of all of it, where `path` is empty)."""

    path: str
    segments: Sequence[str]
    origin: Origin


def entry(number: int, resource: Mapping[str, Any], name: str | None, origin: Origin, marks: Iterable[Mark]) -> Entry:
    """The entry of a resource, with an element id at each of its parts."""
    made, parts, evidence = copy.deepcopy(dict(resource)), list[Part](), tuple[str, ...]()
    for mark in marks:
        segments = tuple(dict.fromkeys(mark.segments))
        if not mark.path:
            evidence, origin = segments, mark.origin
            continue
        node = _at(made, mark.path)
        id = f"p{len(parts) + 1}"
        members = dict(node)
        node.clear()
        node.update({"id": id} | members)
        parts.append(Part(id, mark.path, mark.origin, segments))
    return Entry(f"e{number}", made, name, origin, evidence, tuple(parts))


def _at(resource: dict[str, Any], path: str) -> dict[str, Any]:
    node: Any = resource
    for name, index in steps(path):
        node = node[name] if index is None else node[name][index]
    if not isinstance(node, dict):
        raise ValueError(f"a part is an object, not what stands at {path}")
    return node


def steps(path: str) -> list[tuple[str, int | None]]:
    """`target[0].dueDate` as (target, 0), (dueDate, None). Raises ValueError for what is no path."""
    found = [_STEP.fullmatch(step) for step in path.split(".")]
    if not all(found):
        raise ValueError("no path of elements")
    return [(step[1], int(step[2]) if step[2] else None) for step in found if step]


def resolved(value: Any, references: Mapping[str, str]) -> Any:
    """A copy with every local reference written out; what refers to nobody any more is left out, with all that would
    then be empty. `references` are by name, without `local:`."""
    if isinstance(value, list):
        items = [resolved(item, references) for item in value]
        return [item for item in items if item is not None] or None
    if not isinstance(value, Mapping):
        return value
    named = value.get("reference")
    if isinstance(named, str) and named.startswith(LOCAL):
        literal = references.get(named.removeprefix(LOCAL))
        return {**value, "reference": literal} if literal else None
    members = {key: resolved(item, references) for key, item in value.items()}
    kept = {key: item for key, item in members.items() if item is not None or value[key] is None}
    return kept if kept.keys() - {"id"} or not value.keys() - {"id"} else None


def named_in(value: Any) -> set[str]:
    """The names that are referred to anywhere in it."""
    if isinstance(value, list):
        return {name for item in value for name in named_in(item)}
    if not isinstance(value, Mapping):
        return set()
    named = value.get("reference")
    own = {named.removeprefix(LOCAL)} if isinstance(named, str) and named.startswith(LOCAL) else set()
    return own | {name for item in value.values() for name in named_in(item)}
