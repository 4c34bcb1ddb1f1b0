"""The values of search parameters, by kind: how the caller writes them. https://hl7.org/fhir/R4/search.html#ptypes"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import NamedTuple

from gateway.fhir.dates import PREFIXES, Interval, interval
from gateway.fhir.references import ID, literal
from gateway.fhir.search_table import Parameter

_ESCAPED = re.compile(r"\\([\\,|$])")
_PREFIXED = re.compile(r"([a-z]{2})?([0-9].*)\Z", re.DOTALL)


class TokenValue(NamedTuple):
    """`system` None: any; empty: none. `code` None: any."""

    system: str | None
    code: str | None


class ReferenceValue(NamedTuple):
    """`types` None: any; a reference that leaves this server has type '' and its URL as id."""

    types: tuple[str, ...] | None
    id: str
    version: str | None


class DateValue(NamedTuple):
    prefix: str
    interval: Interval


class StringValue(NamedTuple):
    folded: str
    exact: str


class UriValue(NamedTuple):
    value: str


Value = TokenValue | ReferenceValue | DateValue | StringValue | UriValue


def fold(text: str) -> str:
    """The form strings are compared in: no case, no accents, single spaces."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(unicodedata.normalize("NFKD", bare.casefold()).split())


def split(text: str, separator: str) -> list[str]:
    """Cut at each separator that no backslash escapes; escapes stay."""
    parts, start, at = [], 0, 0
    while at < len(text):
        if text[at] == "\\":
            at += 2
            continue
        if text[at] == separator:
            parts.append(text[start:at])
            start = at + 1
        at += 1
    return [*parts, text[start:]]


def unescape(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)


def read(parameter: Parameter, modifier: str | None, text: str, base: str) -> Value:
    """One value (between commas) of `parameter`. Raises ValueError when it does not fit the kind."""
    if not text:
        raise ValueError("an empty value")
    if modifier == "identifier":
        return _token(text)
    if parameter.kind == "reference":
        return _reference(parameter, modifier, unescape(text), base)
    return _READERS[parameter.kind](text)


def _token(text: str) -> TokenValue:
    parts = [unescape(part) for part in split(text, "|")]
    if len(parts) == 1:
        return TokenValue(None, parts[0])
    if len(parts) != 2 or not any(parts):
        raise ValueError("a token is written code, system|code, |code or system|")
    return TokenValue(parts[0], parts[1] or None)


def _date(text: str) -> DateValue:
    match = _PREFIXED.match(text)
    prefix = match[1] or "eq" if match else ""
    if match is None or prefix not in PREFIXES:
        raise ValueError(f"a date is written with one of the prefixes {', '.join(PREFIXES)}, or none")
    try:
        return DateValue(prefix, interval(match[2].replace(" ", "+")))
    except ValueError:
        raise ValueError("not a date of the form YYYY, YYYY-MM, YYYY-MM-DD or a date with time and zone") from None


def _string(text: str) -> StringValue:
    plain = unescape(text)
    return StringValue(fold(plain), plain)


def _uri(text: str) -> UriValue:
    return UriValue(unescape(text))


def _reference(parameter: Parameter, modifier: str | None, text: str, base: str) -> ReferenceValue:
    allowed = tuple(sorted(parameter.targets)) if parameter.targets else None
    if ID.match(text):
        return ReferenceValue((modifier,) if modifier else allowed, text, None)
    found = literal(text, base)
    if found is None:
        raise ValueError("a reference is written id, Type/id or as an absolute URL")
    if modifier and found.type != modifier:
        raise ValueError("the reference and the modifier name different types")
    return ReferenceValue((found.type,), found.id, found.version)


_READERS: Mapping[str, Callable[[str], Value]] = {
    "token": _token,
    "date": _date,
    "string": _string,
    "uri": _uri,
}
