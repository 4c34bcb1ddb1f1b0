"""Dates and times as producers write them, made FHIR's: by formats a template names, strictly, or not at all.

Formats are in the letters of Unicode (https://www.unicode.org/reports/tr35/tr35-dates.html): yyyy, M or MM, MMMM (a
month's name, long or short, in a language known here), d or dd, H or HH, h or hh, mm, ss, a (before or after noon). A
letter beside another is none of them, all else stands for itself, and spaces of any kind are one space.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from gateway.mapping.calendars import AFTERNOON, FORENOON, MONTHS

_FIELDS = {
    "yyyy": r"(?P<year>\d{4})",
    "MMMM": r"(?P<name>[^\W\d_]+\.?)",
    "MM": r"(?P<month>\d{2})",
    "M": r"(?P<month>\d{1,2})",
    "dd": r"(?P<day>\d{2})",
    "d": r"(?P<day>\d{1,2})",
    "HH": r"(?P<hour>\d{2})",
    "H": r"(?P<hour>\d{1,2})",
    "hh": r"(?P<half>\d{2})",
    "h": r"(?P<half>\d{1,2})",
    "mm": r"(?P<minute>\d{2})",
    "ss": r"(?P<second>\d{2})",
    "a": r"(?P<noon>[^\d:]+?)",
}
_NAMES = "|".join(sorted(_FIELDS, key=len, reverse=True))
_LETTERS = re.compile(rf"(?<![A-Za-z])(?:{_NAMES})(?![A-Za-z])")
_LAST = 253_402_300_799_999  # the last millisecond of the year 9999


def date_of(focus: list[Any], *formats: list[Any]) -> list[Any]:
    """Each text that is a real date in one of the formats, as YYYY-MM-DD; others are left out."""
    return [found for item in focus if (found := _first(item, formats, _date))]


def time_of(focus: list[Any], *formats: list[Any]) -> list[Any]:
    """Each text that is a time of day in one of the formats, as hh:mm:ss; others are left out."""
    return [found for item in focus if (found := _first(item, formats, _time))]


def in_zone(focus: list[Any], zone: list[Any]) -> list[Any]:
    """Each local date and time, as 2026-03-01T08:30:00, with the offset it had in a zone such as Europe/Berlin."""
    if len(zone) != 1 or zone[0] not in _zones():
        return []
    return [found for item in focus if (found := _placed(item, ZoneInfo(zone[0])))]


def from_epoch(focus: list[Any]) -> list[Any]:
    """Each number of milliseconds since 1970 as an instant in UTC."""
    numbers = (item for item in focus if isinstance(item, int | Decimal) and not isinstance(item, bool))
    moments = (datetime.fromtimestamp(int(item) / 1000, UTC) for item in numbers if 0 <= item <= _LAST)
    return [f"{moment.isoformat(timespec='milliseconds').removesuffix('+00:00')}Z" for moment in moments]


def _first(item: Any, formats: tuple[list[Any], ...], made: Any) -> str | None:
    text = " ".join(item.split()) if isinstance(item, str) else ""
    for form in (form for several in formats for form in several if isinstance(form, str)):
        if match := _pattern(form).fullmatch(text):
            try:
                return str(made(match.groupdict()))
            except (KeyError, ValueError):
                continue
    return None


def _date(parts: Mapping[str, str]) -> str:
    month = int(parts["month"]) if "month" in parts else MONTHS[parts["name"].casefold().rstrip(".")]
    return date(int(parts["year"]), month, int(parts["day"])).isoformat()


def _time(parts: Mapping[str, str]) -> str:
    second = int(parts.get("second") or 0)
    return time(_hour(parts), int(parts["minute"]), second).isoformat()


def _hour(parts: Mapping[str, str]) -> int:
    """Raises KeyError for words that are neither, ValueError for an hour no clock of twelve has."""
    if "half" not in parts:
        return int(parts["hour"])
    hour, noon = int(parts["half"]), re.sub(r"[\s.]", "", parts["noon"]).casefold()
    if not 1 <= hour <= 12 or noon not in FORENOON | AFTERNOON:
        raise ValueError
    return hour % 12 + (12 if noon in AFTERNOON else 0)


@lru_cache(maxsize=256)
def _pattern(form: str) -> re.Pattern[str]:
    """The format as a pattern; one that names a part twice matches nothing."""
    text = " ".join(form.split())
    letters = list(_LETTERS.finditer(text))
    bounds = zip(
        [0, *(match.end() for match in letters)], [*(match.start() for match in letters), len(text)], strict=True
    )
    between = [re.escape(text[start:end]) for start, end in bounds]
    fields = [_FIELDS[match[0]] for match in letters]
    try:
        return re.compile("".join(part for pair in zip(between, [*fields, ""], strict=True) for part in pair))
    except re.error:
        return re.compile(r"(?!)")


def _placed(item: Any, zone: ZoneInfo) -> str | None:
    try:
        moment = datetime.fromisoformat(item) if isinstance(item, str) else None
    except ValueError:
        return None
    return moment.replace(tzinfo=zone).isoformat() if moment and moment.tzinfo is None else None


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
