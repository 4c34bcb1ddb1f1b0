"""Numbers and quantities as intervals: https://hl7.org/fhir/R4/search.html#number and #quantity

A value that is searched for stands for all that rounds to it (`100` for 99.5 to 100.5, `100.00` for 99.995 to 100.005),
but is exact where it is only the bound of a comparison. A stored value is the point it names, or the extent of a Range,
of a comparator, of sampled data. Ends belong to an interval. Binary floats: 15 digits are told apart.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from gateway.fhir.dates import PREFIXES as ORDERED

FARTHEST = sys.float_info.max  # stands for an open end: unlike infinity it can be written as JSON
_NUMBER = re.compile(r"([a-z]{2})?([+-]?[0-9]{1,40}(?:\.[0-9]{1,40})?(?:([eE])[+-]?[0-9]{1,2})?)\Z", re.ASCII)
PREFIXES: Mapping[str, Callable[[Any, Any, Any, Any], Any]] = {
    **ORDERED,
    "ap": lambda low, high, first, last: (low <= last) & (high >= first),
}


class Extent(NamedTuple):
    low: float
    high: float


def searched(text: str) -> tuple[str, Extent]:
    """A number with its prefix, as it is searched for. Raises ValueError for what is none."""
    match = _NUMBER.match(text)
    prefix = match[1] or "eq" if match else ""
    if match is None or prefix not in PREFIXES:
        raise ValueError(f"a number is written with one of the prefixes {', '.join(PREFIXES)}, or none")
    value = Decimal(match[2])
    if prefix not in ("eq", "ne", "ap"):
        return prefix, Extent(float(value), float(value))
    # Half of the last digit; R4's own example of an exponent (1e2 is 95 to 105) counts one digit more.
    exponent = int(value.as_tuple().exponent) - (2 if match[3] else 1)
    around = Decimal(5).scaleb(exponent)
    if prefix == "ap":
        around = max(around, abs(value) / 10)
        return prefix, Extent(float(value - around), float(value + around))
    return prefix, Extent(float(value - around), math.nextafter(float(value + around), -math.inf))


def extent(value: Any) -> Extent | None:
    """What a stored number, Quantity (Age, Duration, Money …), Range or SampledData covers; None without a number."""
    if isinstance(value, int | float | Decimal):
        return None if isinstance(value, bool) else _point(float(value))
    if not isinstance(value, Mapping):
        return None
    if "low" in value or "high" in value:
        low, high = extent(value.get("low")), extent(value.get("high"))
        return Extent(low.low if low else -FARTHEST, high.high if high else FARTHEST) if low or high else None
    if "origin" in value:
        return _sampled(value)
    number = extent(value.get("value"))
    return _compared(number.low, value.get("comparator")) if number else None


def _point(number: float) -> Extent:
    bounded = max(-FARTHEST, min(FARTHEST, number))
    return Extent(bounded, bounded)


def _compared(number: float, comparator: str | None) -> Extent:
    match comparator:
        case "<":
            return Extent(-FARTHEST, math.nextafter(number, -FARTHEST))
        case "<=":
            return Extent(-FARTHEST, number)
        case ">":
            return Extent(math.nextafter(number, FARTHEST), FARTHEST)
        case ">=":
            return Extent(number, FARTHEST)
    return Extent(number, number)


def _sampled(value: Mapping[str, Any]) -> Extent | None:
    """The bounds of the samples, in the unit of the origin; below or above what the device detects is open."""
    points = [_point(each).low for each in _points(value)]
    return Extent(min(points), max(points)) if points else None


def _points(value: Mapping[str, Any]) -> Iterator[float]:
    origin, factor = float(value["origin"].get("value", 0)), float(value.get("factor", 1))
    for sample in str(value.get("data", "")).split():
        if sample in ("L", "U"):
            yield -FARTHEST if sample == "L" else FARTHEST
        elif sample != "E" and not math.isnan(point := origin + factor * _float(sample)):
            yield point


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
