"""The values of search parameters, by kind: how the caller writes them. https://hl7.org/fhir/R4/search.html#ptypes"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import NamedTuple

from gateway.fhir.dates import PREFIXES, Interval, interval
from gateway.fhir.references import ID, literal
from gateway.fhir.search.numbers import Extent, searched
from gateway.fhir.search.table import Parameter

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


class QuantityValue(NamedTuple):
    """`system` None: any; empty: the code may also be the unit as people write it. `code` None: any unit."""

    prefix: str
    extent: Extent
    system: str | None = None
    code: str | None = None


class CompositeValue(NamedTuple):
    first: TokenValue
    second: Part


Part = TokenValue | ReferenceValue | DateValue | StringValue | UriValue | QuantityValue
Value = Part | CompositeValue


def fold(text: str) -> str:
    """The form strings are compared in: no case, no accents, single spaces."""
    if text.isascii():
        return " ".join(text.casefold().split())
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


def sounds(text: str) -> list[str]:
    """How each word sounds (Soundex): its first letter and up to three digits for the consonants after it."""
    return [found for word in re.findall(r"[a-z]+", fold(text)) if (found := _soundex(word))]


def _soundex(word: str) -> str:
    digits, last = "", _SOUND.get(word[0], "")
    for letter in word[1:]:
        digit = _SOUND.get(letter, "")
        if digit and digit != last:
            digits += digit
        if letter not in "hw":  # these two do not part what sounds alike
            last = digit
    return (word[0] + digits + "000")[:4]


_SOUND = {
    letter: digit
    for letters, digit in zip(("bfpv", "cgjkqsxz", "dt", "l", "mn", "r"), "123456", strict=True)
    for letter in letters
}


def read(parameter: Parameter, modifier: str | None, text: str, base: str) -> Value:
    """One value (between commas) of `parameter`. Raises ValueError when it does not fit the kind."""
    if not text:
        raise ValueError("an empty value")
    if modifier == "of-type":
        return _of_type(text)
    if modifier == "text":
        return _string(text)
    if modifier == "identifier":
        return _token(text)
    if parameter.kind == "reference":
        return _reference(parameter, modifier, unescape(text), base)
    if parameter.kind == "composite":
        return _composite(parameter, text, base)
    if parameter.code == "phonetic":
        return _sound(text)
    return _READERS[parameter.kind](text)


def _composite(parameter: Parameter, text: str, base: str) -> CompositeValue:
    parts = split(text, "$")
    if len(parts) != 2:
        raise ValueError("a composite is written value$value")
    first, second = (read(part, None, each, base) for part, each in zip(parameter.components, parts, strict=True))
    assert isinstance(first, TokenValue)
    assert not isinstance(second, CompositeValue)
    return CompositeValue(first, second)


def _of_type(text: str) -> TokenValue:
    parts = [unescape(part) for part in split(text, "|")]
    if len(parts) != 3 or not all(parts):
        raise ValueError("an identifier of a type is written system|code|value")
    return TokenValue(parts[0], f"{parts[1]}|{parts[2]}")


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
    folded = fold(plain)
    if not folded:  # every text begins with nothing
        raise ValueError("a text of blanks and accents alone")
    return StringValue(folded, plain)


def _sound(text: str) -> StringValue:
    found = sounds(unescape(text))
    if len(found) != 1:
        raise ValueError("the sound of one word is searched for")
    return StringValue(found[0], found[0])


def _number(text: str) -> QuantityValue:
    return QuantityValue(*searched(text))


def _quantity(text: str) -> QuantityValue:
    parts = [unescape(part) for part in split(text, "|")]
    if len(parts) not in (1, 3):
        raise ValueError("a quantity is written number or number|system|code")
    prefix, extent = searched(parts[0])
    if len(parts) == 1 or not any(parts[1:]):
        return QuantityValue(prefix, extent)
    return QuantityValue(prefix, extent, parts[1], parts[2] or None)


def _uri(text: str) -> UriValue:
    return UriValue(unescape(text))


def _reference(parameter: Parameter, modifier: str | None, text: str, base: str) -> ReferenceValue:
    allowed = tuple(sorted(parameter.targets)) if parameter.targets else None
    if ID.match(text):
        return ReferenceValue((modifier,) if modifier else allowed, text, None)
    url, _, version = text.partition("|")  # a canonical may name its version
    found = literal(url, base)
    if found is None:
        raise ValueError("a reference is written id, Type/id or as an absolute URL")
    if modifier and found.type != modifier:
        raise ValueError("the reference and the modifier name different types")
    return ReferenceValue((found.type,), found.id, version or found.version)


_READERS: Mapping[str, Callable[[str], Value]] = {
    "token": _token,
    "date": _date,
    "string": _string,
    "number": _number,
    "quantity": _quantity,
    "uri": _uri,
}
