"""What a mapping makes of one payload."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from gateway.errors import Issue
from gateway.mapping.coverage import Leaf


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
    """Of one resource: the local name others refer to it by (`local:<name>`), and whose words it is."""

    name: str | None = None
    by: str = "machine"


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
    permits that. `coverage` is there only when it was asked for (`Mapping.trace`)."""

    resources: list[dict[str, Any]]
    heads: list[Head]
    statements: list[Statement]
    transcript: list[Segment]
    skipped: list[Issue] = field(default_factory=list)
    coverage: list[Leaf] | None = None
