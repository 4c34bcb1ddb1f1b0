"""What a rule is about, and which kinds of content it meets. A permit is read narrowly, a deny widely.

A shape holds nothing of who may, what for and when, so patients who permit alike share it. The laws are part of what a
permit means: it opens what is under one of them only if it names it; and none opens an estimate of risk that a machine
made. The store asks this rule when a kind or a shape is new, and remembers the answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import cache, cached_property, lru_cache
from hashlib import sha256

from gateway.fhir.json import dump, parse
from gateway.fhir.labels import CONFIDENTIALITY_ORDER
from gateway.rules.consent_codes import Concern
from gateway.rules.content import Aspect, Kind
from gateway.rules.sensitivity import (
    EVERY,
    MACHINE_ESTIMATE,
    NO_REDISCLOSURE,
    NOT_TO_PATIENT,
    PART_2,
    PSYCHOTHERAPY,
    named_by,
)

# Higher is more restricted.
RANK: Mapping[str, int] = {code: rank for rank, code in enumerate(reversed(CONFIDENTIALITY_ORDER))}
# A permit that says nothing of confidentiality opens up to here; what is very restricted has to be named.
CEILING = "R"


class Effect(StrEnum):
    PERMIT = "permit"
    DENY = "deny"


class Match(IntEnum):
    """How much of a kind a shape meets; REST is without the parts that carry labels of their own."""

    NO = 0
    REST = 1
    WHOLE = 2


@dataclass(frozen=True, eq=False)
class Shape:
    """Content of one of `types`, up to `level` (a permit) or from it (a deny), with one of `labels` or what is below
    them, that one selector of each group of `marks` means. None and empty say nothing. A shape without a `concern` is
    not of a consent: it is the policy for a patient's own access."""

    effect: Effect
    concern: Concern | None = Concern.DISCLOSURE
    types: frozenset[str] | None = None
    level: str | None = None
    labels: frozenset[str] = frozenset()
    marks: tuple[frozenset[str], ...] = ()
    redacts: bool = False

    @cached_property
    def body(self) -> bytes:
        """The canonical JSON of this shape."""
        told = {
            "effect": self.effect.value,
            "concern": self.concern and self.concern.value,
            "types": None if self.types is None else sorted(self.types),
            "level": self.level,
            "labels": sorted(self.labels),
            "marks": sorted(sorted(group) for group in self.marks),
            "redacts": self.redacts,
        }
        return dump(told)

    @cached_property
    def id(self) -> str:
        return sha256(self.body).hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Shape) and self.body == other.body

    def __hash__(self) -> int:
        return hash(self.body)

    def meets(self, kind: Kind) -> Match:
        """A permit meets what is all of it permitted, a deny what is any of it denied."""
        return _match(self, kind)


@cache
def shape_of(body: bytes) -> Shape:
    """A shape read back from its canonical JSON. Raises ValueError for a body this gateway does not know."""
    told = parse(body)
    shape = Shape(
        Effect(told["effect"]),
        told["concern"] and Concern(told["concern"]),
        None if told["types"] is None else frozenset(told["types"]),
        told["level"],
        frozenset(told["labels"]),
        tuple(frozenset(group) for group in told["marks"]),
        told["redacts"],
    )
    if shape.body != body:
        raise ValueError("not the body of a shape")
    return shape


# A patient's own access: all of the own record but psychotherapy notes, and what a clinician withholds.
PATIENT_ACCESS = Shape(Effect.PERMIT, concern=None, redacts=True)


@lru_cache(maxsize=1 << 16)
def _match(shape: Shape, kind: Kind) -> Match:
    if shape.concern is Concern.AI_PROCESSING:
        return Match.NO
    if shape.effect is Effect.DENY:
        is_meant = not kind.aspects or any(_denies(shape, aspect) for aspect in kind.aspects)  # nobody knows of what
        return Match.WHOLE if is_meant else Match.NO
    return min((_permits(shape, aspect) for aspect in kind.aspects), default=Match.NO)


def _denies(shape: Shape, aspect: Aspect) -> bool:
    """Of confidentiality and sensitivity one suffices."""
    if not _describes(shape, aspect):
        return False
    is_high = shape.level is not None and RANK[aspect.confidentiality] >= RANK[shape.level]
    is_named = bool(shape.labels) and (EVERY in aspect.labels or not shape.labels.isdisjoint(named_by(aspect.labels)))
    return is_high or is_named or (shape.level is None and not shape.labels)


def _permits(shape: Shape, aspect: Aspect) -> Match:
    is_kept = shape.concern is not None and MACHINE_ESTIMATE in aspect.labels
    if is_kept or not _describes(shape, aspect):
        return Match.NO
    opens = _opens if shape.concern else _opens_to_patient
    if opens(shape, aspect.confidentiality, aspect.labels):
        return Match.WHOLE
    return Match.REST if shape.redacts and aspect.rest and opens(shape, *aspect.rest) else Match.NO


def _describes(shape: Shape, aspect: Aspect) -> bool:
    """Whether it is of such a type, and one selector of each element means it. A record may be denied by its own; what
    tells of a Consent is opened by none, as that Consent is by its own permit alone."""
    if aspect.told_by and aspect.type == "Consent" and shape.effect is Effect.PERMIT and shape.concern:
        return False
    is_type = shape.types is None or aspect.type in shape.types
    if shape.effect is Effect.DENY and shape.types is not None:
        is_type = is_type or aspect.told_by in shape.types
    return is_type and all(not group.isdisjoint(aspect.marks) for group in shape.marks)


def _opens(shape: Shape, confidentiality: str, labels: frozenset[str]) -> bool:
    """Both confidentiality and sensitivity, and the law, must hold."""
    if RANK[confidentiality] > RANK[shape.level or CEILING]:
        return False
    if shape.labels and shape.labels.isdisjoint(named_by(labels)):
        return False
    if PART_2 in labels and PART_2 not in shape.labels:
        return False
    if not PSYCHOTHERAPY.isdisjoint(labels) and PSYCHOTHERAPY.isdisjoint(shape.labels):
        return False
    if shape.concern is Concern.REDISCLOSURE:
        return NO_REDISCLOSURE in labels
    return NO_REDISCLOSURE not in labels or PART_2 in labels


def _opens_to_patient(_: Shape, __: str, labels: frozenset[str]) -> bool:
    return NOT_TO_PATIENT not in labels and PSYCHOTHERAPY.isdisjoint(labels)
