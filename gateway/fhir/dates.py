"""Partial dates as intervals of microseconds since the epoch, and how search prefixes compare them.

https://hl7.org/fhir/R4/search.html#date: a date stands for every moment it covers; a date without an offset is
read as UTC. Both ends of an interval belong to it.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, NamedTuple

MICROS = 1_000_000
BEGINNING = -(2**62)  # an open start or end of a Period
END = 2**62

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DATE = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)"
    r"(?:T(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<fraction>\d{1,9}))?)?"
    r"(?P<zone>Z|[+-]\d\d:\d\d)?)?)?)?\Z",
    re.ASCII,
)


class Interval(NamedTuple):
    low: int
    high: int


def interval(text: str) -> Interval:
    """The moments that a date, dateTime or instant covers. Raises ValueError for what is none of them."""
    match = _DATE.match(text)
    if match is None:
        raise ValueError("not a date")
    part = match.groupdict()
    year, month, day = int(part["year"]), int(part["month"] or 1), int(part["day"] or 1)
    second = int(part["second"] or 0)
    leap = second == 60  # a leap second is read as the second before it
    moment = datetime(year, month, day, int(part["hour"] or 0), int(part["minute"] or 0), second - leap, tzinfo=UTC)
    low = (moment - _EPOCH) // timedelta(microseconds=1) - _offset(part["zone"])
    if part["fraction"]:
        step = 10 ** max(0, 6 - len(part["fraction"]))
        low += int(part["fraction"][:6].ljust(6, "0"))
    else:
        step = _length(part, year, month) * MICROS
    return Interval(low, low + step - 1)


def period(value: Mapping[str, Any]) -> Interval:
    """A FHIR Period; a missing end is open. Raises ValueError for bad dates."""
    start, end = value.get("start"), value.get("end")
    return Interval(interval(start).low if start else BEGINNING, interval(end).high if end else END)


def timing(value: Mapping[str, Any]) -> Interval | None:
    """The outer limits of a FHIR Timing; None where it has none. Raises ValueError for bad dates."""
    found = [interval(event) for event in value.get("event", ()) if event is not None]
    if bounds := value.get("repeat", {}).get("boundsPeriod"):
        found.append(period(bounds))
    return Interval(min(one.low for one in found), max(one.high for one in found)) if found else None


def _offset(zone: str | None) -> int:
    if not zone or zone == "Z":
        return 0
    delta = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6]))
    seconds = timezone(-delta if zone[0] == "-" else delta).utcoffset(None).total_seconds()
    return int(seconds) * MICROS


def _length(part: Mapping[str, str | None], year: int, month: int) -> int:
    """Seconds covered by the most precise part given."""
    if part["second"]:
        return 1
    if part["minute"]:
        return 60
    if part["day"]:
        return 86400
    if part["month"]:
        return monthrange(year, month)[1] * 86400
    return (datetime(year, 12, 31) - datetime(year, 1, 1)).days * 86400 + 86400


# How a stored interval (low, high) must lie to the one searched for (first, last), by prefix. Written with `&` and `|`
# only, so that the same lines compare numbers and build SQL. As low <= high, `eq` and `eb` say of low what they say of
# high: an index is ordered by low.
PREFIXES: Mapping[str, Callable[[Any, Any, Any, Any], Any]] = {
    "eq": lambda low, high, first, last: (low >= first) & (low <= last) & (high <= last),
    "ne": lambda low, high, first, last: (low < first) | (high > last),
    "lt": lambda low, high, first, last: low < first,
    "gt": lambda low, high, first, last: high > last,
    "le": lambda low, high, first, last: (low < first) | ((low >= first) & (high <= last)),
    "ge": lambda low, high, first, last: (high > last) | ((low >= first) & (high <= last)),
    "sa": lambda low, high, first, last: low > last,
    "eb": lambda low, high, first, last: (low < first) & (high < first),
}
