"""What a mapping makes of one payload."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

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
    """The element of `resources[resource]` at `path` is one machine-written statement; `segments` may be none."""

    resource: int
    path: str
    segments: tuple[str, ...]


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
    """`coverage` is there only when it was asked for (`Mapping.trace`)."""

    resources: list[dict[str, Any]]
    statements: list[Statement]
    transcript: list[Segment]
    coverage: list[Leaf] | None = None
