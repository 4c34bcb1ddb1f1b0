"""toX and convertsToX. http://hl7.org/fhirpath/N1/#conversion"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from gateway.fhir.path.environment import Environment
from gateway.fhir.path.gathering import Function
from gateway.fhir.path.moments import Moment
from gateway.fhir.path.operators import MAX_NUMBER, boolean
from gateway.fhir.path.quantities import CALENDAR_UNITS, Quantity
from gateway.fhir.path.values import quantity_of, single

_INTEGER = re.compile(r"[+-]?[0-9]{1,40}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?[0-9]{1,40}(?:\.[0-9]{1,40})?", re.ASCII)
_QUANTITY = re.compile(r"([+-]?[0-9]{1,40}(?:\.[0-9]{1,40})?)\s*(?:'([^']{1,100})'|([a-z]{1,12}))?", re.ASCII)
_TRUE = ("true", "t", "yes", "y", "1", "1.0")
_FALSE = ("false", "f", "no", "n", "0", "0.0")


def _boolean(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    word = str(value).lower() if isinstance(value, str | int | Decimal) else ""
    return True if word in _TRUE else False if word in _FALSE else None


def _integer(value: Any) -> Any:
    if isinstance(value, bool | int):
        return int(value)
    return int(value) if isinstance(value, str) and _INTEGER.fullmatch(value) else None


def _decimal(value: Any) -> Any:
    if isinstance(value, bool | int | Decimal):
        return Decimal(value)
    return Decimal(value) if isinstance(value, str) and _DECIMAL.fullmatch(value) else None


def _string(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}" if abs(value) <= MAX_NUMBER and value.adjusted() > -40 else str(value)
    if isinstance(value, Moment):
        return value.text
    quantity = quantity_of(value)
    return str(value if quantity is None else quantity) if isinstance(value, str | int | Quantity) or quantity else None


def _moment(value: Any) -> Moment | None:
    return value if isinstance(value, Moment) else Moment.parse(value) if isinstance(value, str) else None


def _date(value: Any) -> Any:
    moment = _moment(value)
    if moment is None or moment.kind == "Time":
        return None
    return moment if moment.kind == "Date" else Moment("Date", moment.parts[:3], None, moment.text[:10])


def _date_time(value: Any) -> Any:
    moment = _moment(value)
    if moment is None or moment.kind == "Time":
        return None
    return Moment("DateTime", moment.parts, moment.offset, moment.text)


def _time(value: Any) -> Any:
    moment = value if isinstance(value, Moment) else None
    if isinstance(value, str):
        moment = Moment.parse_time(value.removeprefix("T"))
    return moment if moment is not None and moment.kind == "Time" else None


def _quantity(value: Any) -> Any:
    if isinstance(value, bool | int | Decimal):
        return Quantity(Decimal(value), "1")
    match = _QUANTITY.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return quantity_of(value)
    number, unit, word = match.groups()
    if word is not None and word not in CALENDAR_UNITS:
        return None
    return Quantity(Decimal(number), unit or word or "1")


def _converter(convert: Callable[[Any], Any]) -> Function:
    def function(focus: list[Any], env: Environment, *unit: list[Any]) -> list[Any]:
        value = single(focus)
        found = None if value is None else convert(value)
        return [] if found is None else [found]

    return function


def _tester(convert: Callable[[Any], Any]) -> Function:
    def function(focus: list[Any], env: Environment, *unit: list[Any]) -> list[Any]:
        value = single(focus)
        return [] if value is None else boolean(convert(value) is not None)

    return function


_KINDS: dict[str, Callable[[Any], Any]] = {
    "Boolean": _boolean,
    "Integer": _integer,
    "Decimal": _decimal,
    "String": _string,
    "Date": _date,
    "DateTime": _date_time,
    "Time": _time,
    "Quantity": _quantity,
}
CONVERSIONS: dict[str, tuple[Function, int, int]] = {
    **{f"to{name}": (_converter(convert), 0, 0) for name, convert in _KINDS.items()},
    **{f"convertsTo{name}": (_tester(convert), 0, 0) for name, convert in _KINDS.items()},
}
"""Name: (function, fewest arguments, most arguments)."""
