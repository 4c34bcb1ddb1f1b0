"""What an analyst asks of a mapping: is it sound with all its examples (`check`), what does it make of this (`try`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gateway.errors import Issue
from gateway.fhir.check import check
from gateway.fhir.json import JsonFault
from gateway.mapping import mapping as loaded
from gateway.mapping.catalogue import folders
from gateway.mapping.coverage import UNMAPPED, Leaf
from gateway.mapping.examples import Example, examples_of
from gateway.mapping.faults import MappingFault, MappingRefusal
from gateway.mapping.loading import load_mapping
from gateway.mapping.marks import LOCAL
from gateway.mapping.model import Mapped

_NOTHING = Mapped([], [], [], [])
_PATIENT = {"reference": "Patient/example"}
_PEOPLE = {"patient": "Patient/example", "clinician": "Practitioner/example", "custodian": "Organization/example"}
# What the gateway adds and R4 requires, so that a template's own part can be held against the door check.
_GATEWAY_PARTS: Mapping[str, Mapping[str, Any]] = {
    "Composition": {
        "subject": _PATIENT,
        "author": [{"reference": "Device/example"}],
        "date": "2026-01-01T00:00:00Z",
    },
    "CarePlan": {"status": "draft", "intent": "plan", "subject": _PATIENT},
    "CareTeam": {"status": "proposed", "subject": _PATIENT},
    "Communication": {"status": "preparation", "subject": _PATIENT},
    "DocumentReference": {"status": "current", "subject": _PATIENT},
    "Goal": {"lifecycleStatus": "proposed", "subject": _PATIENT},
    "Observation": {"status": "preliminary", "subject": _PATIENT},
    "QuestionnaireResponse": {"status": "in-progress", "subject": _PATIENT},
    "RiskAssessment": {"status": "preliminary", "subject": _PATIENT},
    "Task": {"status": "draft", "intent": "order", "for": _PATIENT},
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with a mapping: in which one, where, and what."""

    mapping: str
    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Trial:
    """What a mapping makes of a payload; `issues`: why it is refused, or what the door check finds in the result."""

    mapped: Mapped
    issues: list[Issue]

    @property
    def coverage(self) -> list[Leaf]:
        return self.mapped.coverage or []


def try_parts(mapping: loaded.Mapping, parts: Mapping[str, bytes]) -> Trial:
    """As `try_mapping`, with the parts as their producer wrote them."""
    try:
        received = mapping.read(parts)
    except MappingRefusal as refusal:
        return Trial(_NOTHING, list(refusal.issues))
    trial = try_mapping(mapping, received.inputs)
    return replace(trial, mapped=replace(trial.mapped, skipped=received.skipped))


def try_mapping(mapping: loaded.Mapping, inputs: Mapping[str, Any]) -> Trial:
    """Apply, account for every value, and hold the result against the door check."""
    try:
        mapped = mapping.trace(inputs, {})
    except MappingRefusal as refusal:
        return Trial(_NOTHING, list(refusal.issues))
    meant = _PEOPLE | {
        head.name: f"{resource.get('resourceType')}/example"
        for head, resource in zip(mapped.heads, mapped.resources, strict=True)
        if head.name
    }
    whole = [_completed(_resolved(resource, meant)) for resource in mapped.resources]
    return Trial(mapped, [issue for resource in whole for issue in check(resource)])


def check_folder(folder: Path) -> list[Finding]:
    """Everything wrong with the mappings below a folder (or the one in it); empty when all is well."""
    found = folders(folder)
    if not found:
        return [Finding(folder.name, "", "no mapping is here")]
    return [finding for place in found for finding in _check(place)]


def _check(folder: Path) -> Iterator[Finding]:
    try:
        mapping, examples = load_mapping(folder), examples_of(folder)
    except MappingFault as fault:
        where = f"{fault.file}:{fault.line}" if fault.line else fault.file
        yield Finding(folder.name, where, f"{fault.place}: {fault.reason}" if fault.place else fault.reason)
        return
    except JsonFault as fault:
        yield Finding(folder.name, "examples", f"not JSON: {fault}")
        return
    if not any(example.refused is None for example in examples):
        yield Finding(folder.name, "examples", "there is no example that goes through")
    for example in examples:
        for text in _faults(example, try_parts(mapping, example.parts)):
            yield Finding(folder.name, f"examples/{example.name}", text)


def _faults(example: Example, trial: Trial) -> Iterator[str]:
    if example.refused is not None:
        yield from _refusal_faults(example.refused, trial)
        return
    yield from (f"{issue.expression or ''} {issue.text}".strip() for issue in trial.issues)
    yield from (f"{leaf.place} is unmapped" for leaf in trial.coverage if leaf.state == UNMAPPED)
    if _told(example.skipped) != {(issue.expression, issue.code) for issue in trial.mapped.skipped}:
        yield "the rows left out are not those of skipped.json"
    if example.output is not None and example.output != trial.mapped.resources:
        yield "the resources are not those of output.json"


def _refusal_faults(expected: list[dict[str, str]], trial: Trial) -> Iterator[str]:
    if not trial.issues:
        yield "marked as broken, but it goes through"
        return
    found = {(issue.expression, issue.code) for issue in trial.issues}
    wanted = _told(expected)
    yield from (f"refused without the expected issue at {place} ({code})" for place, code in wanted - found)
    yield from (f"refused with an issue not expected at {place} ({code})" for place, code in found - wanted)


def _told(expected: list[dict[str, str]]) -> set[tuple[str | None, str | None]]:
    return {(issue.get("expression"), issue.get("code")) for issue in expected}


def _resolved(value: Any, meant: Mapping[str, str]) -> Any:
    """A copy with literal references where the gateway will put them."""
    if isinstance(value, list):
        return [_resolved(item, meant) for item in value]
    if isinstance(value, dict):
        return {key: _resolved(item, meant) for key, item in value.items()}
    return meant.get(value.removeprefix(LOCAL), value) if isinstance(value, str) and value.startswith(LOCAL) else value


def _completed(resource: Any) -> Any:
    if not isinstance(resource, dict):
        return resource
    return {**_GATEWAY_PARTS.get(str(resource.get("resourceType")), {}), **resource}
