"""What FHIRPath cannot ask of objects: their member of a name that the payload gives, and their order by a member."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any


def member(focus: list[Any], name: list[Any]) -> list[Any]:
    """The member of each object that has the one name given: a map of texts by section, asked for a section."""
    if len(name) != 1:
        return []
    found = (item[name[0]] for item in focus if isinstance(item, Mapping) and name[0] in item)
    return [value for each in found for value in (each if isinstance(each, list) else [each]) if value is not None]


def order_by(focus: list[Any], name: list[Any]) -> list[Any]:
    """The objects by a number each has under a name, those without one last; equal ones stay as they came."""
    return sorted(focus, key=lambda item: _rank(item, name))


def _rank(item: Any, name: list[Any]) -> tuple[bool, Decimal]:
    value = item.get(name[0]) if isinstance(item, Mapping) and len(name) == 1 else None
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return False, Decimal(value)
    return True, Decimal()
