"""What a decision needs to know of a piece of content, and no more: its *kind*. Equal kinds are one row in the store.

Labels are HL7's (v3-Confidentiality, v3-ActCode). What says nothing of its confidentiality counts as "V", and as
carrying every other label when a deny speaks of labels. https://hl7.org/fhir/R4/security-labels.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from hashlib import sha256
from typing import Any, NamedTuple

from gateway.fhir.elements import objects_of
from gateway.fhir.inline import rest_of
from gateway.fhir.json import dump, parse
from gateway.fhir.labels import (
    ACT_CODE_SYSTEM,
    CONFIDENTIALITY_ORDER,
    CONFIDENTIALITY_SYSTEM,
    OBSERVATION_VALUE_SYSTEM,
    highest,
    inline_of,
    security_of,
)
from gateway.rules.selector import UNKNOWN, Refers, Selector
from gateway.rules.sensitivity import DECISIVE, EVERY, MACHINE_ESTIMATE

Label = tuple[str, str]


class Aspect(NamedTuple):
    """One thing that is told: of which type, how confidential, under which labels, and which selectors mean it.

    `rest` is confidentiality and labels of what is left without its inline-labelled parts; None where there are none,
    or where they cannot be taken out. `told_by` is the type of a record that tells of it, "" for itself."""

    type: str
    confidentiality: str
    labels: frozenset[str]
    marks: frozenset[str] = frozenset()
    rest: tuple[str, frozenset[str]] | None = None
    told_by: str = ""


@dataclass(frozen=True, eq=False)
class Kind:
    """Everything told by one resource: of most resources one aspect. A Provenance tells what its targets tell, a Binary
    what it is secured by; one whose targets are not known has no aspect."""

    aspects: frozenset[Aspect]

    @cached_property
    def body(self) -> bytes:
        """The canonical JSON of this kind."""
        return dump(sorted(_told(aspect) for aspect in self.aspects))

    @cached_property
    def id(self) -> str:
        return sha256(self.body).hexdigest()

    @cached_property
    def confidentiality(self) -> str:
        """The highest of it."""
        return highest(aspect.confidentiality for aspect in self.aspects)

    @cached_property
    def labels(self) -> frozenset[str]:
        return frozenset(label for aspect in self.aspects for label in aspect.labels)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Kind) and self.body == other.body

    def __hash__(self) -> int:
        return hash(self.body)


@cache
def kind_of(body: bytes) -> Kind:
    """A kind read back from its canonical JSON. Raises ValueError for a body this gateway does not know."""
    kind = Kind(
        frozenset(
            Aspect(type, level, frozenset(labels), frozenset(marks), _rest(rest), record)
            for type, record, level, labels, marks, rest in parse(body)
        )
    )
    if kind.body != body:
        raise ValueError("not the body of a kind")
    return kind


def aspect_of(resource: Mapping[str, Any], selectors: Iterable[Selector] = (), refers: Refers = UNKNOWN) -> Aspect:
    """The aspect of a checked resource. `selectors` are those of the consents of its patients."""
    inline = list(inline_of(resource))
    rest = rest_of(resource) if inline else resource
    level, labels = _said(_labels_of(resource), inline)
    return Aspect(
        resource["resourceType"],
        level,
        labels | {MACHINE_ESTIMATE} if _is_estimate(resource, inline) else labels,
        frozenset(selector.id for selector in selectors if selector.meets(resource, refers)),
        None if rest is None or rest is resource else _said(_labels_of(rest), inline_of(rest)),
    )


def told_by(
    record: Mapping[str, Any], targets: Sequence[Kind], selectors: Iterable[Selector] = (), refers: Refers = UNKNOWN
) -> Kind:
    """The kind of what tells of others (a Provenance, a Binary): all that they tell, at least as restricted as itself,
    and denied where itself is. Without any target, or with one of which nothing is known, it tells nobody anything."""
    if not all(target.aspects for target in targets):
        return Kind(frozenset())
    own = _labels_of(record)
    level, labels = _said(own, ()) if _levels(own) else ("U", frozenset())
    meant = (each for each in selectors if each.wide and each.what != "period")  # when it was made is not when care was
    marks = frozenset(each.id for each in meant if each.meets(record, refers))
    return Kind(
        frozenset(
            Aspect(
                aspect.type,
                highest([level, aspect.confidentiality]),
                aspect.labels | labels,
                aspect.marks | marks,
                told_by=str(record["resourceType"]),
            )
            for target in targets
            for aspect in target.aspects
        )
    )


def _labels_of(resource: Mapping[str, Any]) -> list[Label]:
    """The labels of the resource, and of whole resources inside it: a container is as restricted as its contents."""
    return [found for each in objects_of(resource) if "resourceType" in each for found in security_of(each)]


def _is_estimate(resource: Mapping[str, Any], inline: Iterable[Label]) -> bool:
    """Whether it is a RiskAssessment that a machine had a part in, or holds one, approved or not."""
    assessments = [each for each in objects_of(resource) if each.get("resourceType") == "RiskAssessment"]
    return bool(assessments) and any(
        label == (OBSERVATION_VALUE_SYSTEM, MACHINE_ESTIMATE)
        for each in (*map(security_of, assessments), inline)
        for label in each
    )


def _levels(labels: Iterable[Label]) -> list[str]:
    return [code for system, code in labels if system == CONFIDENTIALITY_SYSTEM]


def _said(own: Iterable[Label], inline: Iterable[Label]) -> tuple[str, frozenset[str]]:
    """The confidentiality and the decisive labels of the whole."""
    own, inline = list(own), list(inline)
    levels = _levels(own)
    labels = frozenset(code for system, code in (*own, *inline) if system == ACT_CODE_SYSTEM and code in DECISIVE)
    if not levels or not set(levels) <= set(CONFIDENTIALITY_ORDER):
        return "V", labels | {EVERY}
    return highest([*levels, *_levels(inline)]), labels


def _told(aspect: Aspect) -> list[Any]:
    rest = [aspect.rest[0], sorted(aspect.rest[1])] if aspect.rest else []
    labels, marks = sorted(aspect.labels), sorted(aspect.marks)
    return [aspect.type, aspect.told_by, aspect.confidentiality, labels, marks, rest]


def _rest(told: list[Any]) -> tuple[str, frozenset[str]] | None:
    return (told[0], frozenset(told[1])) if told else None
