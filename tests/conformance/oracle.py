"""What R4 says of a date search, written down once more from its text alone (https://hl7.org/fhir/R4/search.html#prefix):
both sides are ranges, and a prefix asks how they lie. Second resolution; good enough for what the questions ask.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

Range = tuple[datetime, datetime]
BEGINNING, END = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_TICK = timedelta(microseconds=1)


def matches(prefix: str, asked: str, target: Any) -> bool:
    """Whether an element with a date, an instant or a period is found."""
    (low, high), (start, end) = range_of(asked), target_of(target)
    contained = low <= start and end <= high
    return {
        "eq": contained,
        "ne": not contained,
        "lt": start < low,
        "gt": end > high,
        "le": start < low or contained,
        "ge": end > high or contained,
        "sa": start > high,
        "eb": end < low,
    }[prefix or "eq"]


def target_of(target: Any) -> Range:
    if not isinstance(target, dict):
        return range_of(target)
    if "event" in target:
        ranges = [range_of(each) for each in target["event"]]
        return min(low for low, _ in ranges), max(high for _, high in ranges)
    start, end = target.get("start"), target.get("end")
    return range_of(start)[0] if start else BEGINNING, range_of(end)[1] if end else END


def range_of(text: str) -> Range:
    """First and last moment of what the text names: a year, a month, a day, a minute, a second or less."""
    if len(text) == len("2026"):
        return _days(f"{text}-01-01", 366 if _is_leap(int(text)) else 365)
    if len(text) == len("2026-01"):
        following = (datetime.fromisoformat(f"{text}-28") + timedelta(days=4)).replace(day=1)
        return _days(f"{text}-01", (following - datetime.fromisoformat(f"{text}-01")).days)
    if len(text) == len("2026-01-01"):
        return _days(text, 1)
    start = datetime.fromisoformat(text)
    start = start if start.tzinfo else start.replace(tzinfo=UTC)
    if start.microsecond:
        return start, start
    length = timedelta(minutes=1) if text.count(":") - text.count("+") < 2 and "Z" not in text else timedelta(seconds=1)
    return start, start + length - _TICK


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _days(first: str, count: int) -> Range:
    start = datetime.fromisoformat(first).replace(tzinfo=UTC)
    return start, start + timedelta(days=count) - _TICK
