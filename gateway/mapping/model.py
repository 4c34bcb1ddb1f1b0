"""What a mapping makes of one payload."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from gateway.errors import Issue
from gateway.mapping.coverage import Leaf
from gateway.mapping.places import place_of, spell


@dataclass(frozen=True, slots=True)
class Input:
    """One named part of what a producer sends, e.g. the summary or the transcript of a session."""

    name: str
    title: str
    media: str
    required: bool


@dataclass(frozen=True, slots=True)
class Statement:
    """The element of `resources[resource]` at `path` ("" for all of it) is one statement; `by` is machine, patient or
    clinician; `segments` may be none."""

    resource: int
    path: str
    segments: tuple[str, ...]
    by: str = "machine"


@dataclass(frozen=True, slots=True)
class Head:
    """Of one resource: the local name others refer to it by (`local:<name>`), whose words it is, what the payload calls
    the patient it is about, where it says so, and the object of the payload that it was made of."""

    name: str | None = None
    by: str = "machine"
    of: str | None = None
    source: object = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Segment:
    """One utterance of the transcript; `start` and `end` in seconds from the beginning of the recording."""

    id: str
    text: str
    speaker: str | None = None
    start: Decimal | None = None
    end: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Mapped:
    """`heads` is parallel to `resources`. `skipped`: rows that cannot be read and were left out, where the mapping
    permits that. `coverage` is there only when it was asked for (`Mapping.trace`). `inputs` is what it was made of."""

    resources: list[dict[str, Any]]
    heads: list[Head]
    statements: list[Statement]
    transcript: list[Segment]
    skipped: list[Issue] = field(default_factory=list)
    coverage: list[Leaf] | None = None
    inputs: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def place(self, number: int) -> str:
        """Where in the payload the thing stands that a resource was made of; else which resource it is."""
        source = self.heads[number].source
        found = place_of(source, self.inputs) if source is not None else None
        return spell(found) if found else f"resources[{number}]"
