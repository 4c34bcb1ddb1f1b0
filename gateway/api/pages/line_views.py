"""The lines of a transcript that something rests on, as a person reads them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.api.pages.words import clock, speaker
from gateway.usecases.drafts import Line


@dataclass(frozen=True, slots=True)
class LineView:
    time: str
    speaker: str
    text: str


def line_views(lines: Iterable[Line]) -> tuple[LineView, ...]:
    """Those whose transcript is here; a text is empty for who may not read what was said."""
    found = (line.segment for line in lines)
    return tuple(LineView(clock(each.start), speaker(each.speaker), each.text or "") for each in found if each)
