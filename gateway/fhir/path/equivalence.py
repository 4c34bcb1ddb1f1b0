"""`~`: equal enough. http://hl7.org/fhirpath/N1/#equivalent"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from gateway.fhir.path.moments import Moment
from gateway.fhir.path.values import is_number, key, moment_of, plains, quantity_of


def equivalent(left: list[Any], right: list[Any]) -> bool:
    """In any order; texts without regard to case and spaces; numbers to the lesser precision; two empties are."""
    if len(left) != len(right):
        return False
    remaining = list(plains(right))
    for one in plains(left):
        match = next((place for place, other in enumerate(remaining) if _alike(one, other)), None)
        if match is None:
            return False
        del remaining[match]
    return not remaining


def _alike(one: Any, other: Any) -> bool:
    if one.__class__ is str and other.__class__ is str:
        return one.casefold().split() == other.casefold().split()
    if is_number(one) and is_number(other):
        places = min(_places(one), _places(other))
        return round(Decimal(one), places) == round(Decimal(other), places)
    if one.__class__ is Moment or other.__class__ is Moment:
        ours, theirs = moment_of(one, other), moment_of(other, one)
        return ours is not None and theirs is not None and ours.compare(theirs) == 0
    mine, yours = quantity_of(one), quantity_of(other)
    if mine is not None and yours is not None:
        return (
            mine.calendar_unit() == yours.calendar_unit()
            and _alike(mine.value, yours.value)
            and (mine.calendar_unit() is not None or mine.unit == yours.unit)
        )
    if one.__class__ is dict and other.__class__ is dict:
        return one.keys() == other.keys() and all(_alike(one[name], other[name]) for name in one)
    if one.__class__ is list and other.__class__ is list:
        return equivalent(one, other)
    return bool(key(one) == key(other))


def _places(number: int | Decimal) -> int:
    exponent = number.normalize().as_tuple().exponent if isinstance(number, Decimal) else 0
    return -exponent if isinstance(exponent, int) and exponent < 0 else 0
