"""The values a template puts together: what is absent, what is flattened, what is copied."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from enum import Enum
from typing import Any, Final

from gateway.fhir.xhtml import shown
from gateway.mapping.functions import Narrative
from gateway.mapping.law import breach_within
from gateway.mapping.marks import unfit


class _Absent(Enum):
    ABSENT = "absent"


_AS_IS = (int, Decimal, Narrative)

ABSENT: Final = _Absent.ABSENT  # no value: the key or the item is left out


def flat(values: Iterator[Any]) -> Any:
    """A list of what is there, nested lists opened; ABSENT when nothing is."""
    result: list[Any] = []
    for value in values:
        if isinstance(value, list):
            result.extend(value)
        elif value is not ABSENT:
            result.append(value)
    return result or ABSENT


def kept(members: Iterator[tuple[str, Any]]) -> Any:
    """An object of the members that are there; ABSENT when none is."""
    return {key: value for key, value in members if value is not ABSENT} or ABSENT


def carried(value: Any, place: str) -> Any:
    """A value that an expression gave, as it goes into the output: objects are copied, and may not break the law."""
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, _AS_IS) or value is None:
        return value
    if isinstance(value, dict | list):
        if reason := breach_within(value):
            raise unfit(place, f"an object taken over as a whole breaks a rule: {reason}")
        return _copied(value)
    return str(value)  # dates, times and quantities as FHIRPath writes them


def _copied(value: Any) -> Any:
    if isinstance(value, Narrative):
        return value
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, dict):
        return kept((key, _copied(item)) for key, item in value.items())
    return flat(_copied(item) for item in value) if isinstance(value, list) else value


def spelled(value: Any, place: str) -> str:
    """A value inside a longer text, in the form FHIR gives it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        raise unfit(place, "an object cannot stand inside a text")
    return shown(str(value))
