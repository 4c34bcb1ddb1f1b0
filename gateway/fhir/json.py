"""Strict JSON in, exact JSON out: decimals keep their lexeme, and what two readers could read differently is refused.

Python's own decoder is used for reading because only it can see duplicate keys; msgspec writes. Rules beyond RFC 8259
are those of https://hl7.org/fhir/R4/json.html (UTF-8 only) and of RFC 7493 (no duplicate keys, no lone surrogates).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

import msgspec

MAX_DIGITS = 64  # far beyond any quantity in health care; Python's integers grow quadratically with their digits
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
_EXPONENT = re.compile(r"[eE][+-]?0*(\d*)\Z")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}\Z")


class JsonFault(ValueError):
    """Bytes that are not strict JSON: `reason` says why, `place` where, neither repeats a value."""

    def __init__(self, reason: str, place: str | None = None) -> None:
        super().__init__(f"{reason} ({place})" if place else reason)
        self.reason = reason
        self.place = place


class Lexeme(Decimal):
    """A decimal whose text is not the one Python would write, such as 1e3 or -0: `str()` gives the text as received."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> Lexeme:
        decimal = super().__new__(cls, text)
        decimal.text = text
        return decimal

    def __str__(self) -> str:
        return self.text

    def __reduce__(self) -> tuple[type[Lexeme], tuple[str]]:
        return Lexeme, (self.text,)


def parse(data: bytes, *, max_depth: int = 64) -> Any:
    """Read one JSON document. Raises JsonFault for everything that is not strict JSON within the bounds."""
    if data.startswith(b"\xef\xbb\xbf"):
        raise JsonFault("a byte order mark is not allowed")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as fault:
        raise JsonFault("not valid UTF-8", f"byte {fault.start}") from None
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as fault:
        raise JsonFault("not well-formed JSON", f"line {fault.lineno} column {fault.colno}") from None
    except RecursionError:
        raise JsonFault(f"nested deeper than {max_depth} levels") from None
    _refuse_deep(value, max_depth)
    if "\\u" in text:
        _refuse_bad_escapes(text, value)
    return value


def dump(value: Any) -> bytes:
    """Write compact UTF-8 JSON: key order and decimal lexemes kept. Raises TypeError for what JSON cannot hold."""
    return _ENCODER.encode(value)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise JsonFault("duplicate key", _duplicate([key for key, _ in pairs]))
    return members


def _duplicate(keys: Sequence[str]) -> str | None:
    name, seen = "", set[str]()  # not a list: an object may have a million members
    for name in keys:
        if name in seen:
            break
        seen.add(name)
    return name if _NAME.match(name) else None


def _integer(text: str) -> int | Decimal:
    if len(text) > MAX_DIGITS:
        raise JsonFault("a number is too long")
    return Lexeme(text) if text == "-0" else int(text)


def _decimal(text: str) -> Decimal:
    exponent = _EXPONENT.search(text)
    if len(text) > MAX_DIGITS or (exponent and len(exponent[1]) > 3):
        raise JsonFault("a number is too long")
    try:
        decimal = Decimal(text)
    except InvalidOperation:
        raise JsonFault("not a number") from None
    return decimal if str(decimal) == text else Lexeme(text)


def _constant(_: str) -> NoReturn:
    raise JsonFault("NaN and Infinity are not JSON")


def _refuse_deep(value: Any, max_depth: int) -> None:
    level = [value] if isinstance(value, dict | list) else []
    depth = 0
    while level:
        depth += 1
        if depth > max_depth:
            raise JsonFault(f"nested deeper than {max_depth} levels")
        level = [
            child
            for container in level
            for child in (container.values() if type(container) is dict else container)
            if type(child) is dict or type(child) is list
        ]


def _refuse_bad_escapes(text: str, value: Any) -> None:
    if "\\u0000" in text and _NUL.search(text):
        raise JsonFault("the character NUL is not allowed")
    try:
        dump(value)
    except UnicodeEncodeError:
        raise JsonFault("a lone surrogate is not a character") from None


def _write(value: Any) -> msgspec.Raw:
    if isinstance(value, Lexeme):
        return msgspec.Raw(value.text.encode())
    raise TypeError(f"JSON has no {type(value).__name__}")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_decimal, parse_int=_integer, parse_constant=_constant, strict=True
)
_ENCODER = msgspec.json.Encoder(decimal_format="number", enc_hook=_write)
