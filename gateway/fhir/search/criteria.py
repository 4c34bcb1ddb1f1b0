"""One search parameter with its modifier and values, read strictly: https://hl7.org/fhir/R4/search.html#modifiers"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.fhir.search.table import COLUMNS, TYPES, Parameter, TypeTable
from gateway.fhir.search.value_sets import members
from gateway.fhir.search.values import TokenValue, UriValue, Value, read, split, unescape

_URL = re.compile(r"([a-z][a-z0-9+.\-]*://[^/\s]+)(/\S*)?\Z")
_DEEPEST = 20  # steps of a path

MODIFIERS: Mapping[str, tuple[str, ...]] = {
    "token": ("not", "text", "in", "not-in", "of-type", "missing"),
    "string": ("exact", "contains", "missing"),
    "date": ("missing",),
    "number": ("missing",),
    "quantity": ("missing",),
    "uri": ("above", "below", "missing"),
    "reference": ("identifier", "missing"),
    "composite": ("missing",),
}


class Unknown(ValueError):
    """A parameter or modifier that the type does not offer."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """One parameter that every match must meet by one of its values; under `:missing` by having none (or some)."""

    parameter: Parameter
    modifier: str | None
    values: tuple[Value, ...] = ()
    missing: bool = False


def criterion(table: TypeTable, name: str, text: str, base: str) -> Criterion:
    """`name=text` on a type. Raises Unknown for what the type does not offer, ValueError for what does not fit."""
    code, colon, modifier = name.partition(":")
    parameter = table.parameters.get(code)
    if not code:
        raise ValueError("A value stands without a parameter.")
    if parameter is None:
        raise Unknown("The parameter is not supported for this type.")
    if not text:
        raise Unknown("The parameter has no value.")
    if not colon:
        return Criterion(parameter, None, _values(parameter, None, text, base))
    if modifier not in _modifiers(parameter) and not names_target(parameter, modifier):
        raise Unknown("The modifier is not supported for this parameter.")
    if modifier == "missing":
        if text not in ("true", "false"):
            raise ValueError("The modifier takes true or false.")
        return Criterion(parameter, modifier, missing=text == "true")
    return Criterion(parameter, modifier, _values(parameter, modifier, text, base))


def _modifiers(parameter: Parameter) -> tuple[str, ...]:
    """Columns of the resource have neither words nor types nor value sets."""
    offered = MODIFIERS[parameter.kind]
    return tuple(one for one in offered if one in ("not", "missing")) if parameter.code in COLUMNS else offered


def names_target(parameter: Parameter, modifier: str) -> bool:
    """Whether the modifier is a type that the reference may go to."""
    if parameter.kind != "reference" or not modifier[:1].isupper():
        return False
    return modifier in parameter.targets if parameter.targets else modifier in TYPES


def _values(parameter: Parameter, modifier: str | None, text: str, base: str) -> tuple[Value, ...]:
    parts = split(text, ",")
    if modifier in ("in", "not-in"):
        named = [coding for part in parts for coding in members(unescape(part))]
        return tuple(TokenValue(coding["system"], coding["code"]) for coding in named)
    if modifier in ("above", "below"):
        return tuple(UriValue(url) for part in parts for url in _hierarchy(modifier, unescape(part)))
    return tuple(read(parameter, modifier, part, base) for part in parts)


def _hierarchy(modifier: str, url: str) -> list[str]:
    """Where to look: at the URL for what is `below` it; for what is `above`, at it and at each shorter path."""
    match = _URL.match(url)
    if match is None or url.count("/") > _DEEPEST:
        raise ValueError("above and below go by the path of a URL with a host")
    if modifier == "below":
        return [url.rstrip("/")]
    host, steps = match[1], [step for step in (match[2] or "").split("/") if step]
    paths = ["/".join([host, *steps[:length]]) for length in range(len(steps) + 1)]
    return [*paths, *(f"{path}/" for path in paths)]
