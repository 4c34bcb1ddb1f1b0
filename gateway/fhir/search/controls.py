"""The parameters that shape the answer of a search: https://hl7.org/fhir/R4/search.html#return"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from gateway.fhir.search.table import TYPES, Parameter, TypeTable

SUMMARIES = ("true", "text", "data", "count", "false")
TOTALS = ("none", "estimate", "accurate")
MAX_INCLUDES, MAX_SORTS = 20, 5
_ELEMENT = re.compile(r"[A-Za-z]{1,64}\Z")
_COUNT = re.compile(r"[0-9]{1,9}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Sort:
    parameter: Parameter
    descending: bool


@dataclass(frozen=True, slots=True)
class Include:
    """`_include`: from a match to what its parameter `code` refers to (None: every reference); `reverse`: from a match
    to the `source` resources that refer to it. `target` narrows the type at the far end of the reference. One that
    iterates goes on from what was included."""

    source: str | None
    code: str | None
    target: str | None
    reverse: bool
    iterate: bool = False


@dataclass(frozen=True, slots=True)
class Controls:
    count: int | None = None
    total: str | None = None
    summary: str | None = None
    elements: tuple[str, ...] = ()
    sorts: tuple[Sort, ...] = ()
    includes: tuple[Include, ...] = ()

    @property
    def only_count(self) -> bool:
        return self.summary == "count" or self.count == 0


def control(table: TypeTable, controls: Controls, name: str, value: str) -> Controls:
    """`controls` with one more parameter read. Raises ValueError when it does not fit."""
    changed = _READERS[name](table, controls, value)
    if changed.elements and changed.summary not in (None, "false"):
        raise ValueError("_elements and _summary exclude each other")
    if changed.includes and changed.summary == "text":
        raise ValueError("_summary=text cannot be combined with included resources")
    return changed


def _count(_: TypeTable, controls: Controls, value: str) -> Controls:
    if not _COUNT.match(value):
        raise ValueError("_count is a whole number")
    return replace(controls, count=int(value))


def _total(_: TypeTable, controls: Controls, value: str) -> Controls:
    return replace(controls, total=_one_of(value, TOTALS))


def _summary(_: TypeTable, controls: Controls, value: str) -> Controls:
    return replace(controls, summary=_one_of(value, SUMMARIES))


def _elements(_: TypeTable, controls: Controls, value: str) -> Controls:
    names = tuple(value.split(","))
    if not all(_ELEMENT.match(name) for name in names):
        raise ValueError("_elements lists names of top-level elements")
    return replace(controls, elements=controls.elements + names)


def _sort(table: TypeTable, controls: Controls, value: str) -> Controls:
    sorts = controls.sorts + tuple(_sort_key(table, key) for key in value.split(","))
    if len(sorts) > MAX_SORTS:
        raise ValueError(f"_sort takes at most {MAX_SORTS} keys")
    return replace(controls, sorts=sorts)


def _can_order(table: TypeTable, parameter: Parameter) -> bool:
    """The log is ordered by its columns."""
    return table.name != "AuditEvent" or parameter.kind == "date" or parameter.code == "_id"


def _sort_key(table: TypeTable, key: str) -> Sort:
    parameter = table.parameters.get(key.removeprefix("-"))
    if parameter is None or parameter.kind == "composite" or not _can_order(table, parameter):
        raise ValueError("_sort takes parameters of the type, though no composites, each with or without '-'")
    return Sort(parameter, key.startswith("-"))


def _included(table: TypeTable, controls: Controls, value: str, *, reverse: bool, iterate: bool = False) -> Controls:
    if len(controls.includes) == MAX_INCLUDES:
        raise ValueError(f"a search takes at most {MAX_INCLUDES} includes")
    if table.name == "AuditEvent":
        raise ValueError("nothing is included with the log")
    include = replace(_read_include(value, reverse=reverse), iterate=iterate)
    near = include.target if reverse else include.source
    if table.name and not iterate and near not in (None, table.name):
        raise ValueError("an include begins at the type that is searched for, unless it iterates")
    return replace(controls, includes=(*controls.includes, include))


def _read_include(value: str, *, reverse: bool) -> Include:
    """`Type:parameter`, `Type:parameter:Target`, `Type:*`, and forward `*`. Raises ValueError."""
    if value == "*" and not reverse:
        return Include(None, None, None, reverse)
    source, _, rest = value.partition(":")
    code, _, target = rest.partition(":")
    parameter = TYPES[source].parameters.get(code) if source in TYPES else None
    is_known = parameter is not None and parameter.kind == "reference"
    if source not in TYPES or not (is_known or code == "*") or source == "AuditEvent":
        raise ValueError("an include is written Type:parameter or Type:parameter:Target, with a reference parameter")
    if target and target not in TYPES:
        raise ValueError("the target type of the include is not known here")
    return Include(source, None if code == "*" else code, target or None, reverse)


def _one_of(value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise ValueError(f"one of {', '.join(allowed)} is expected")
    return value


_READERS: Mapping[str, Callable[[TypeTable, Controls, str], Controls]] = {
    "_count": _count,
    "_total": _total,
    "_summary": _summary,
    "_elements": _elements,
    "_sort": _sort,
    "_include": partial(_included, reverse=False),
    "_revinclude": partial(_included, reverse=True),
    "_include:iterate": partial(_included, reverse=False, iterate=True),
    "_revinclude:iterate": partial(_included, reverse=True, iterate=True),
}
CONTROLS = frozenset(_READERS)
