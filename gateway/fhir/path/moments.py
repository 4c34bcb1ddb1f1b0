"""Dates and times of any precision, compared as http://hl7.org/fhirpath/N1/#datetime-arithmetic and #comparison say."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

_SHAPE = re.compile(
    r"(?:(\d{4})(?:-(\d\d)(?:-(\d\d))?)?)?"
    r"(?:(T)(?:(\d\d)(?::(\d\d)(?::(\d\d(?:\.\d{1,9})?))?)?(Z|[+-]\d\d:\d\d)?)?)?",
    re.ASCII,
)
_TIME_SHAPE = re.compile(r"(\d\d)(?::(\d\d)(?::(\d\d(?:\.\d{1,9})?))?)?", re.ASCII)
_LONGEST = 40


@dataclass(frozen=True, slots=True)
class Moment:
    """A Date, DateTime or Time: `parts` from the year (a Time: from the hour) as far as they are known."""

    kind: str
    parts: tuple[int | Decimal, ...]
    offset: int | None
    text: str

    @staticmethod
    def parse(text: str) -> Moment | None:
        """Read what follows the `@` of a literal, or a FHIR date, dateTime or instant; None when it is none."""
        match = _SHAPE.fullmatch(text) if 0 < len(text) <= _LONGEST else None
        if match is None:
            return None
        year, month, day, mark, hour, minute, second, zone = match.groups()
        clock = _clock(hour, minute, second)
        if clock is None:
            return None
        if year is None:
            return Moment("Time", clock, None, text[1:]) if clock and zone is None else None
        parts = tuple(int(part) for part in (year, month, day) if part is not None)
        if not _is_day(parts) or (clock and len(parts) < 3):
            return None
        return Moment("DateTime" if mark else "Date", parts + clock, _offset(zone), text.removesuffix("T"))

    @staticmethod
    def parse_time(text: str) -> Moment | None:
        """Read a FHIR time (no `T` in front)."""
        match = _TIME_SHAPE.fullmatch(text) if len(text) <= _LONGEST else None
        clock = _clock(*match.groups()) if match else None
        return Moment("Time", clock, None, text) if clock else None

    def compare(self, other: Moment) -> int | None:
        """-1, 0 or 1; None where the precision or a missing zone leaves it open."""
        if (self.kind == "Time") != (other.kind == "Time"):
            return None
        if self._has_clock() and other._has_clock() and (self.offset is None) != (other.offset is None):
            return None
        ours, theirs = self.parts, other.parts
        if self.offset != other.offset and self.offset is not None and other.offset is not None:
            ours, theirs = self._utc(), other._utc()
        for mine, yours in zip(ours, theirs, strict=False):
            if mine != yours:
                return -1 if mine < yours else 1
        return 0 if len(ours) == len(theirs) else None

    def _has_clock(self) -> bool:
        return self.kind == "DateTime" and len(self.parts) > 3

    def _utc(self) -> tuple[int | Decimal, ...]:
        whole = [int(part) for part in self.parts[:5]]
        try:
            moved = datetime(*whole) - timedelta(minutes=self.offset or 0)  # type: ignore[arg-type]
        except OverflowError:
            return self.parts
        fields = (moved.year, moved.month, moved.day, moved.hour, moved.minute)
        return fields[: len(whole)] + self.parts[5:]


def _clock(hour: str | None, minute: str | None, second: str | None) -> tuple[int | Decimal, ...] | None:
    if int(hour or 0) > 23 or int(minute or 0) > 59 or Decimal(second or 0) >= 60:
        return None
    parts: list[int | Decimal] = [int(part) for part in (hour, minute) if part is not None]
    return (*parts, Decimal(second)) if second is not None else tuple(parts)


def _is_day(parts: tuple[int, ...]) -> bool:
    year, month, day = (*parts, 1, 1)[:3]
    return year >= 1 and 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]


def _offset(zone: str | None) -> int | None:
    if zone is None or zone == "Z":
        return 0 if zone else None
    minutes = int(zone[1:3]) * 60 + int(zone[4:6])
    return -minutes if zone[0] == "-" else minutes
