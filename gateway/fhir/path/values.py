"""The values a collection holds, and when two of them are equal, equivalent or in order.

Values are plain JSON: dict, list, str, bool, int, Decimal; literals add Moment and Quantity. A Primitive stands in
where a plain value would lose what belongs to it: its declared type, or its sibling element (`_birthDate`).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from gateway.fhir.path.errors import EvaluationError
from gateway.fhir.path.moments import Moment
from gateway.fhir.path.quantities import Quantity

MAX_TEXT = 1_000_000
UCUM = "http://unitsofmeasure.org"


@dataclass(frozen=True, slots=True)
class Primitive:
    """A primitive that has more than its value; `value` is None where only the sibling element is there."""

    value: Any
    type: str | None
    element: dict[str, Any] | None


def plain(value: Any) -> Any:
    """The value itself, as arithmetic and comparison want it."""
    if value.__class__ is Primitive:
        value = value.value
    if value.__class__ is float:
        return Decimal(repr(value))
    return value


def plains(values: list[Any]) -> list[Any]:
    """The plain values of a collection; elements without a value fall away."""
    for value in values:
        if value.__class__ is Primitive or value.__class__ is float:
            return [found for found in map(plain, values) if found is not None]
    return values


def exported(values: list[Any]) -> list[Any]:
    """The collection as plain JSON values: dates as text, quantities as FHIR Quantity elements."""
    return [_exported(value) for value in plains(values)]


def _exported(value: Any) -> Any:
    if value.__class__ is Moment:
        return value.text
    if value.__class__ is Quantity:
        return {"value": value.value, "unit": value.unit, "system": UCUM, "code": value.comparable()}
    return value


def single(values: list[Any]) -> Any:
    """The one plain value, or None for none; raises EvaluationError for several."""
    if len(values) == 1:
        value = values[0]
        return plain(value) if value.__class__ is Primitive or value.__class__ is float else value
    if values:
        raise EvaluationError("a single value was expected and there are several")
    return None


def truth(values: list[Any]) -> bool | None:
    """The collection as a boolean: a single value that is no boolean counts as true."""
    value = single(values)
    if value is None or value.__class__ is bool:
        return value
    return True


def is_number(value: Any) -> bool:
    return value.__class__ is int or isinstance(value, Decimal)  # a Decimal may be one that keeps its lexeme


def quantity_of(value: Any) -> Quantity | None:
    """A Quantity, also out of a FHIR Quantity element (not one that carries a comparator)."""
    if value.__class__ is Quantity:
        return value
    if value.__class__ is not dict or "comparator" in value:
        return None
    amount, unit = plain(value.get("value")), value.get("code") or value.get("unit") or "1"
    return Quantity(Decimal(amount), unit) if is_number(amount) and isinstance(unit, str) else None


def weight(value: Any) -> int:
    """How much work it is to go through a value, or a collection, once."""
    kind = value.__class__
    if kind is str:
        return 1 + len(value) // 1000
    if kind is dict:
        value = value.values()
    elif kind is not list:
        return 1
    return 1 + sum([weight(item) for item in value])


def key(value: Any) -> Any:
    """Something hashable that is equal exactly where the values are equal."""
    kind = value.__class__
    if kind is str:
        return value
    if kind is Primitive or kind is float:
        return key(plain(value))
    if kind is bool:
        return (bool, value)
    if kind is dict:
        return (dict, frozenset((name, key(item)) for name, item in value.items()))
    if kind is list:
        return (list, tuple(key(item) for item in value))
    return value


def equal(left: list[Any], right: list[Any]) -> bool | None:
    """`=`: item by item in order; None where either is empty or precision leaves it open."""
    if len(left) == len(right) == 1 and left[0].__class__ is right[0].__class__ is str:
        return _same(left[0], right[0])
    if left and right:
        left, right = plains(left), plains(right)
    if not left or not right:
        return None
    if len(left) != len(right):
        return False
    answer: bool | None = True
    for one, other in zip(left, right, strict=True):
        found = _same(one, other)
        if found is False:
            return False
        answer = None if found is None else answer
    return answer


def _same(one: Any, other: Any) -> bool | None:
    kind, other_kind = one.__class__, other.__class__
    if kind is str and other_kind is str and (one == other or one[10:11] != "T" or not _are_instants(one, other)):
        return bool(one == other)
    if kind is Moment or other_kind is Moment or (kind is str and other_kind is str):
        return _same_moment(one, other)
    if kind is Quantity or other_kind is Quantity:
        ours, theirs = quantity_of(one), quantity_of(other)
        if ours is None or theirs is None:
            return False
        return ours.value == theirs.value if ours.comparable() == theirs.comparable() else None
    return bool(key(one) == key(other))


def _are_instants(one: str, other: str) -> bool:
    return other[10:11] == "T" and Moment.parse(one) is not None and Moment.parse(other) is not None


def _same_moment(one: Any, other: Any) -> bool | None:
    ours, theirs = moment_of(one, other), moment_of(other, one)
    if ours is None or theirs is None:
        return False
    order = ours.compare(theirs)
    return None if order is None else order == 0


def moment_of(value: Any, beside: Any) -> Moment | None:
    """The date or time a value is; a text is read as what stands beside it is."""
    if value.__class__ is Moment:
        return value
    if value.__class__ is not str:
        return None
    if beside.__class__ is Moment and beside.kind == "Time":
        return Moment.parse_time(value)
    return Moment.parse(value) if value[:4].isdigit() else None


def order(one: Any, other: Any) -> int | None:
    """-1, 0 or 1 for values that have an order; None where it is open; EvaluationError for other pairs."""
    if is_number(one) and is_number(other):
        return int(one > other) - int(one < other)
    ours, theirs = moment_of(one, other), moment_of(other, one)
    if ours is not None and theirs is not None:
        return ours.compare(theirs)
    if one.__class__ is str and other.__class__ is str:
        return int(one > other) - int(one < other)
    mine, yours = quantity_of(one), quantity_of(other)
    if mine is None or yours is None:
        raise EvaluationError("these two kinds of value have no order")
    if mine.comparable() != yours.comparable():
        return None
    return (mine.value > yours.value) - (mine.value < yours.value)
