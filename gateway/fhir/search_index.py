"""What a resource can be found by: one row per value of each of its search parameters.

https://hl7.org/fhir/R4/search.html#ptypes says which data types each kind of parameter takes.
`_id` and `_lastUpdated` have no rows: they are columns of the resource itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from gateway.fhir.dates import interval, period
from gateway.fhir.path import Path, compile
from gateway.fhir.references import literal
from gateway.fhir.search_table import TYPES, Parameter
from gateway.fhir.search_values import fold

COLUMNS = frozenset({"_id", "_lastUpdated"})
_NAME_PARTS = ("text", "family", "given", "prefix", "suffix")


class TokenRow(NamedTuple):
    name: str
    system: str | None
    code: str


class ReferenceRow(NamedTuple):
    """A literal reference, an identifier, or both. One that leaves this server has type '' and its URL as id."""

    name: str
    target_type: str | None
    target_id: str | None
    target_version: str | None
    system: str | None
    value: str | None


class DateRow(NamedTuple):
    name: str
    low: int
    high: int


class StringRow(NamedTuple):
    name: str
    folded: str
    exact: str


class UriRow(NamedTuple):
    name: str
    value: str


IndexRow = TokenRow | ReferenceRow | DateRow | StringRow | UriRow


def index(resource: Mapping[str, Any]) -> list[IndexRow]:
    """Every row of a checked resource, without repeats. A type that cannot be searched has none."""
    kind = resource["resourceType"]
    if kind not in TYPES:
        return []
    rows: dict[IndexRow, None] = {}
    for parameter, path in _paths(kind):
        for value in path.evaluate(resource, resolve=_typed):
            rows.update(dict.fromkeys(_ROWS[parameter.kind](parameter, value)))
    return list(rows)


@cache
def _paths(kind: str) -> list[tuple[Parameter, Path]]:
    """The parameters of a type with their expressions, compiled once."""
    found = TYPES[kind].parameters.values()
    return [(parameter, compile(parameter.expression)) for parameter in found if parameter.code not in COLUMNS]


def _typed(value: Any) -> Any:
    """Enough of a referenced resource to ask for its type, which is all that search expressions do."""
    text = value.get("reference", "") if isinstance(value, Mapping) else value
    found = literal(text) if isinstance(text, str) else None
    return {"resourceType": found.type} if found and found.is_local else None


def _tokens(parameter: Parameter, value: Any) -> Iterator[IndexRow]:
    """code, boolean, Coding, CodeableConcept, Identifier."""
    if isinstance(value, bool):
        yield TokenRow(parameter.code, None, "true" if value else "false")
    elif isinstance(value, str):
        yield TokenRow(parameter.code, parameter.system, value)
    elif isinstance(value, Mapping) and "coding" in value:
        for coding in value["coding"]:
            yield from _tokens(parameter, coding)
    elif isinstance(value, Mapping):
        code = value.get("code") or value.get("value")
        if isinstance(code, str):
            yield TokenRow(parameter.code, value.get("system"), code)


def _references(parameter: Parameter, value: Any) -> Iterator[IndexRow]:
    """Reference."""
    if not isinstance(value, Mapping):
        return
    found = literal(value.get("reference", ""))
    identifier = value.get("identifier", {})
    named = identifier.get("value")
    if found and found.is_local and parameter.targets and found.type not in parameter.targets:
        return
    if found or named:
        type_, id_, version = found or (None, None, None)
        yield ReferenceRow(parameter.code, type_, id_, version, identifier.get("system") if named else None, named)


def _dates(parameter: Parameter, value: Any) -> Iterator[IndexRow]:
    """date, dateTime, instant, Period."""
    try:
        covered = interval(value) if isinstance(value, str) else period(value)
    except ValueError:  # a scheduled[x] may be words
        return
    yield DateRow(parameter.code, covered.low, covered.high)


def _strings(parameter: Parameter, value: Any) -> Iterator[IndexRow]:
    """string, HumanName."""
    if isinstance(value, str):
        yield StringRow(parameter.code, fold(value), value)
    elif isinstance(value, Mapping):
        for part in _NAME_PARTS:
            held = value.get(part, ())
            for text in (held,) if isinstance(held, str) else held:
                yield from _strings(parameter, text)


def _uris(parameter: Parameter, value: Any) -> Iterator[IndexRow]:
    """uri; a canonical with a version is found with it and without."""
    if isinstance(value, str):
        yield UriRow(parameter.code, value)
        if "|" in value:
            yield UriRow(parameter.code, value.partition("|")[0])


_ROWS: Mapping[str, Callable[[Parameter, Any], Iterator[IndexRow]]] = {
    "token": _tokens,
    "reference": _references,
    "date": _dates,
    "string": _strings,
    "uri": _uris,
}
