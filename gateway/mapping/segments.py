"""The transcript of a session in the one form the gateway keeps, from what a mapping's `transcript` template gives."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from gateway.errors import Issue
from gateway.mapping.faults import MappingRefusal
from gateway.mapping.model import Segment

TEXTS = ("id", "text", "speaker")
TIMES = ("start", "end")


def segments(items: Sequence[Any]) -> list[Segment]:
    """Raises MappingRefusal for segments without id or text, and for an id used twice: evidence would be ambiguous."""
    found = [_segment(item, place) for place, item in enumerate(items)]
    seen: set[str] = set()
    issues = []
    for place, segment in enumerate(found):
        if segment.id in seen:
            issues.append(Issue(f"Segment {place} of the transcript has the id of an earlier one.", code="duplicate"))
        seen.add(segment.id)
    if issues:
        raise MappingRefusal(issues)
    return found


def _segment(item: Any, place: int) -> Segment:
    if not isinstance(item, dict) or not isinstance(item.get("id"), str) or not isinstance(item.get("text"), str):
        raise MappingRefusal([Issue(f"Segment {place} of the transcript lacks an id or a text.", code="required")])
    speaker = item.get("speaker")
    name = speaker if speaker is None or isinstance(speaker, str) else str(speaker)
    return Segment(item["id"], item["text"], name, _seconds(item.get("start")), _seconds(item.get("end")))


def _seconds(value: Any) -> Decimal | None:
    if isinstance(value, Decimal):
        return value
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else None
