"""The formats of FHIR's primitive types: each test says what is wrong with a value, or None when nothing is.

Source: https://hl7.org/fhir/R4/datatypes.html. Every expression here is linear in its input.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

Test = Callable[[Any], str | None]

MAX_STRING = 1024 * 1024
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_YEAR = r"(?!0000)\d{4}"
_DAY = rf"({_YEAR})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
_CLOCK = r"([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?"
_ZONE = r"(Z|[+-]((0\d|1[0-3]):[0-5]\d|14:00))"
_DATE = re.compile(rf"{_YEAR}(-(0[1-9]|1[0-2]))?|{_DAY}", re.ASCII)
_DATETIME = re.compile(rf"{_YEAR}(-(0[1-9]|1[0-2]))?|{_DAY}(T{_CLOCK}{_ZONE})?", re.ASCII)
_INSTANT = re.compile(rf"{_DAY}T{_CLOCK}{_ZONE}", re.ASCII)
_TIME = re.compile(_CLOCK, re.ASCII)
_CODE = re.compile(r"[^\s\x00-\x1f]+( [^\s\x00-\x1f]+)*")
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_URI = re.compile(r"[^\s\x00-\x1f]+")  # a browser skips control characters before a scheme
_OID = re.compile(r"urn:oid:[0-2](\.(0|[1-9]\d*))+", re.ASCII)
_UUID = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_ACTIVE = re.compile(r"\s*(javascript|vbscript|file)\s*:", re.IGNORECASE)


def _boolean(value: Any) -> str | None:
    return None if value is True or value is False else "must be true or false"


def _whole(least: int, most: int, words: str) -> Test:
    def test(value: Any) -> str | None:
        return None if type(value) is int and least <= value <= most else words

    return test


def _decimal(value: Any) -> str | None:
    number = type(value) is int or (isinstance(value, Decimal) and value.is_finite())
    return None if number else "must be a number"


def _string(value: Any) -> str | None:
    if type(value) is not str:
        return "must be a string"
    if not value or value.isspace():
        return "must not be empty"
    if len(value) > MAX_STRING:
        return "must not be longer than 1 MiB"
    return "must not contain control characters" if _CONTROL.search(value) else None


def _matching(pattern: re.Pattern[str], words: str) -> Test:
    def test(value: Any) -> str | None:
        return None if type(value) is str and pattern.fullmatch(value) else words

    return test


def _dated(pattern: re.Pattern[str], words: str) -> Test:
    matching = _matching(pattern, words)

    def test(value: Any) -> str | None:
        return matching(value) or _calendar(value)

    return test


def _calendar(value: str) -> str | None:
    if len(value) < 10:
        return None
    try:
        date(int(value[:4]), int(value[5:7]), int(value[8:10]))
    except ValueError:
        return "must be a day of the calendar"
    return None


def _uri(value: Any) -> str | None:
    if type(value) is not str or not _URI.fullmatch(value):
        return "must be a URI without spaces"
    return "must not use an active scheme" if _ACTIVE.match(value) else None


def _base64(value: Any) -> str | None:
    if type(value) is not str:
        return "must be base64"
    try:
        content = binascii.a2b_base64(_without_blanks(value), strict_mode=True)
    except ValueError:
        return "must be base64"
    return None if content else "must be base64 of something"


def _without_blanks(text: str) -> str:
    for blank in " \t\r\n":
        text = text.replace(blank, "")  # on megabytes, much faster than a pattern
    return text


PRIMITIVES: Mapping[str, Test] = {
    "boolean": _boolean,
    "integer": _whole(-(2**31), 2**31 - 1, "must be a 32-bit integer"),
    "unsignedInt": _whole(0, 2**31 - 1, "must be an integer of 0 or more"),
    "positiveInt": _whole(1, 2**31 - 1, "must be an integer of 1 or more"),
    "decimal": _decimal,
    "string": _string,
    "markdown": _string,
    "code": _matching(_CODE, "must be a code without leading, trailing or double spaces"),
    "id": _matching(_ID, "must be 1 to 64 letters, digits, hyphens or dots"),
    "uri": _uri,
    "url": _uri,
    "canonical": _uri,
    "oid": _matching(_OID, "must be an OID as urn:oid:…"),
    "uuid": _matching(_UUID, "must be a UUID as urn:uuid:…"),
    "date": _dated(_DATE, "must be a date: YYYY, YYYY-MM or YYYY-MM-DD"),
    "dateTime": _dated(_DATETIME, "must be a date, or a date and time with seconds and zone"),
    "instant": _dated(_INSTANT, "must be a date and time with seconds and zone"),
    "time": _matching(_TIME, "must be a time as hh:mm:ss"),
    "base64Binary": _base64,
    "xhtml": _string,
}
