"""What a resource can be found by: one row per value of each of its search parameters.

https://hl7.org/fhir/R4/search.html#ptypes says which data types each kind of parameter takes.
`_id` and `_lastUpdated` have no rows: they are columns of the resource itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from gateway.fhir.dates import Interval, interval, period, timing
from gateway.fhir.inline import rest_of
from gateway.fhir.references import literal
from gateway.fhir.search.numbers import extent
from gateway.fhir.search.paths import Find, finder
from gateway.fhir.search.rows import (
    OF_TYPE,
    DateRow,
    IndexRow,
    QuantityRow,
    ReferenceRow,
    StringRow,
    TokenRow,
    UriRow,
)
from gateway.fhir.search.table import COLUMNS, TYPES, Parameter
from gateway.fhir.search.values import fold, sounds

# Of HumanName and of Address.
_PARTS = (
    *("text", "family", "given", "prefix", "suffix"),
    *("line", "city", "district", "state", "postalCode", "country"),
)
_CURRENCY = "urn:iso:std:iso:4217"
Rows = Iterator[IndexRow]


class _Entry(NamedTuple):
    """A parameter ready to run, with the components of a composite."""

    parameter: Parameter
    find: Find
    rows: Callable[[Parameter, Any], Rows]
    components: tuple[_Entry, ...] = ()


def index(resource: Mapping[str, Any]) -> list[IndexRow]:
    """Every row of a checked resource, without repeats. A type that cannot be searched has none.

    Nobody finds a resource by its more restricted parts: the index does not know who asks.
    """
    kind = resource["resourceType"]
    if kind not in TYPES:
        return []
    resource = rest_of(resource) or resource  # where nothing can be taken out, whoever sees it sees all of it
    resource = _of_members(resource)
    rows: dict[IndexRow, None] = {}
    for entry in _entries(kind):
        for value in entry.find(resource):
            found = _composites(entry, value) if entry.components else entry.rows(entry.parameter, value)
            rows.update(dict.fromkeys(found))
    return list(rows)


def _of_members(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is about a Group that it contains is found by each member, as nobody else can know of that Group."""
    named = resource.get("subject")
    subject = named.get("reference", "") if isinstance(named, Mapping) else ""
    groups = [
        each
        for each in resource.get("contained", ())
        if each["resourceType"] == "Group" and subject == f"#{each.get('id')}"
    ]
    members = [member["entity"] for group in groups for member in group.get("member", ())]
    return {**resource, "subject": members} if members else resource


@cache
def _entries(kind: str) -> tuple[_Entry, ...]:
    """The parameters of a type with their expressions, compiled once."""
    found = TYPES[kind].parameters.values()
    return tuple(_entry(parameter, kind) for parameter in found if parameter.code not in COLUMNS)


def _entry(parameter: Parameter, kind: str | None) -> _Entry:
    components = tuple(_entry(component, None) for component in parameter.components)
    return _Entry(parameter, finder(parameter.expression, kind), _ROWS[parameter.kind], components)


def _composites(entry: _Entry, element: Mapping[str, Any]) -> Rows:
    """A row of the second part for each code that stands beside it in the element."""
    first, second = entry.components
    values = _parts(second, element)
    for code in _parts(first, element) if values else ():
        assert isinstance(code, TokenRow)
        for row in values:
            yield row._replace(of_system=code.system, of_code=code.code)


def _parts(component: _Entry, element: Mapping[str, Any]) -> list[IndexRow]:
    """The values of a component, without what only a modifier asks for."""
    rows = [row for value in component.find(element) for row in component.rows(component.parameter, value)]
    if component.parameter.kind != "token":
        return rows
    return [row for row in rows if isinstance(row, TokenRow) and row.name == component.parameter.code]


def _tokens(parameter: Parameter, value: Any) -> Rows:
    """code, boolean, string, Coding, CodeableConcept, Identifier, ContactPoint."""
    name = parameter.code
    if isinstance(value, bool):
        yield TokenRow(name, None, "true" if value else "false")
    elif isinstance(value, str):
        yield TokenRow(name, parameter.system, value)
    elif not isinstance(value, Mapping):
        return
    elif parameter.is_contact:
        if "value" in value:
            yield TokenRow(name, value.get("use"), value["value"])
    elif "coding" in value:
        yield from _words(name, value.get("text"))
        for coding in value["coding"]:
            yield from _coding(name, coding)
    elif "value" in value or "type" in value:
        yield from _identifier(name, value)
    elif "text" in value:
        yield TokenRow(name, None, "")
        yield from _words(name, value["text"])
    else:
        yield from _coding(name, value)


def _coding(name: str, coding: Mapping[str, Any]) -> Rows:
    yield TokenRow(name, coding.get("system"), coding.get("code", ""))
    yield from _words(name, coding.get("display"))


def _identifier(name: str, value: Mapping[str, Any]) -> Rows:
    named, kind = value.get("value", ""), value.get("type", {})
    yield TokenRow(name, value.get("system"), named)
    yield from _words(name, kind.get("text"))
    for coding in kind.get("coding", ()):
        if "code" in coding and named:
            yield TokenRow(name + OF_TYPE, coding.get("system"), f"{coding['code']}|{named}")


def _words(name: str, text: str | None) -> Rows:
    if text:
        yield StringRow(name, fold(text), text)


def _references(parameter: Parameter, value: Any) -> Rows:
    """Reference; canonical, whose version follows a bar."""
    if isinstance(value, str):
        url, _, version = value.partition("|")
        if found := literal(url):
            yield ReferenceRow(parameter.code, found.type, found.id, version or found.version)
    elif isinstance(value, Mapping):
        found = literal(value.get("reference", ""))
        if found and found.is_local and parameter.targets and found.type not in parameter.targets:
            return
        identifier = value.get("identifier", {})
        named = identifier.get("value")
        type_, id_, version_ = found or (None, None, None)
        yield ReferenceRow(parameter.code, type_, id_, version_, identifier.get("system") if named else None, named)


def _dates(parameter: Parameter, value: Any) -> Rows:
    """date, dateTime, instant, Period, Timing."""
    covered = _covered(value)
    if covered:
        yield DateRow(parameter.code, covered.low, covered.high)


def _covered(value: Any) -> Interval | None:
    try:
        if isinstance(value, str):
            return interval(value)
        return period(value) if "start" in value or "end" in value else timing(value)
    except ValueError:  # what is scheduled may be told in words
        return None


def _strings(parameter: Parameter, value: Any) -> Rows:
    """string, HumanName, Address."""
    if isinstance(value, str):
        if parameter.code == "phonetic":
            yield from (StringRow(parameter.code, sound, value) for sound in sounds(value))
        else:
            yield StringRow(parameter.code, fold(value), value)
    elif isinstance(value, Mapping):
        for part in _PARTS:
            held = value.get(part, ())
            for text in (held,) if isinstance(held, str) else held:
                yield from _strings(parameter, text)


def _quantities(parameter: Parameter, value: Any) -> Rows:
    """integer, decimal; Quantity (Age, Duration …), Money, Range, SampledData."""
    covered = extent(value)
    if covered is None:
        return
    if not isinstance(value, Mapping):
        yield QuantityRow(parameter.code, covered.low, covered.high)
        return
    unit = value.get("low") or value.get("high") or value.get("origin") or value
    system, code = unit.get("system"), unit.get("code")
    if "currency" in unit:
        system, code = _CURRENCY, unit["currency"]
    yield QuantityRow(parameter.code, covered.low, covered.high, system, code, unit.get("unit"))


def _uris(parameter: Parameter, value: Any) -> Rows:
    """uri; a canonical with a version is found with it and without."""
    if isinstance(value, str):
        yield UriRow(parameter.code, value)
        if "|" in value:
            yield UriRow(parameter.code, value.partition("|")[0])


_ROWS: Mapping[str, Callable[[Parameter, Any], Rows]] = {
    "token": _tokens,
    "reference": _references,
    "date": _dates,
    "string": _strings,
    "number": _quantities,
    "quantity": _quantities,
    "uri": _uris,
    "composite": lambda *_: iter(()),
}
