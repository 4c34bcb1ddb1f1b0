"""One search criterion as SQL, in two halves: a shape that decides the SQL text, and the values bound to it.

Two searches of equal shape run the same compiled statement. The shape is taken apart in `flatten` and put together in
`condition`; both go through the values in the same order.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    FromClause,
    String,
    Table,
    and_,
    bindparam,
    false,
    func,
    or_,
    select,
)

from gateway.fhir.dates import PREFIXES
from gateway.fhir.search_criteria import Criterion
from gateway.fhir.search_values import DateValue, ReferenceValue, StringValue, TokenValue, UriValue, Value
from gateway.store.tables import ix_date, ix_reference, ix_string, ix_token, ix_uri, resource

_AFTER_EVERYTHING = "\U0010ffff"
_TABLES = {"token": ix_token, "reference": ix_reference, "date": ix_date, "string": ix_string, "uri": ix_uri}


class Shape(NamedTuple):
    """What decides the SQL of a criterion."""

    code: str
    kind: str
    modifier: str | None
    missing: bool
    values: tuple[tuple[Any, ...], ...]

    @property
    def is_selective(self) -> bool:
        """Whether few resources can be expected to match, so that a search had best begin here."""
        if self.modifier in ("not", "missing") or self.code.startswith("_"):
            return False
        return self.kind in ("reference", "string") or self.code == "identifier"


def flatten(criterion: Criterion) -> tuple[Shape, list[Any]]:
    """The shape of a criterion and its values in order."""
    bound: list[Any] = []
    parts = [_value(value, criterion.modifier) for value in criterion.values]
    for _, values in parts:
        bound += values
    parameter = criterion.parameter
    shapes = tuple(shape for shape, _ in parts)
    return Shape(parameter.code, parameter.kind, criterion.modifier, criterion.missing, shapes), bound


def _value(value: Value, modifier: str | None) -> tuple[tuple[Any, ...], list[Any]]:
    match value:
        case TokenValue(system, code):
            return ("any" if system is None else bool(system), code is not None), [v for v in (system, code) if v]
        case ReferenceValue(types, id, version):
            bound = [id, *(types or ()), *([version] if version else ())]
            return (len(types) if types else 0, version is not None), bound
        case DateValue(prefix, interval):
            return (prefix,), [interval.low, interval.high]
        case StringValue(folded, exact):
            if modifier == "exact":
                return (), [exact]
            return (), [folded] if modifier == "contains" else [folded, folded + _AFTER_EVERYTHING]
        case UriValue(text):
            return (), [text]


def condition(
    type: str, shape: Shape, names: Iterator[str], *, at: FromClause = resource, drives: bool = False
) -> ColumnElement[bool]:
    """The SQL of a criterion on a row of `resource` (or of its alias `at`); takes a name for each bound value.

    `drives`: written so that the engine begins with the index of this criterion.
    """
    if shape.code == "_id":
        return _column(shape, or_(false(), *(at.c.id == _text(names) for _ in shape.values)), at.c.id)
    if shape.code == "_lastUpdated":
        return _column(shape, _any_date(shape, at.c.updated_at, at.c.updated_at, names), at.c.id)
    table = _TABLES[shape.kind]
    rows = select(table.c.resource_pk).where(table.c.name == shape.code)
    if shape.modifier != "missing":
        rows = rows.where(_any(shape, table, names))
    if drives:
        return at.c.pk.in_(rows.where(table.c.type == type))
    # Without the type, so that the engine looks at the few rows of this resource, not at all that hold the value.
    found = rows.where(table.c.resource_pk == at.c.pk).correlate(at).exists()
    return ~found if shape.modifier == "not" or shape.missing else found


def _column(shape: Shape, matches: ColumnElement[bool], present: ColumnElement[Any]) -> ColumnElement[bool]:
    """A criterion on a column that every resource has."""
    if shape.modifier == "missing":
        return present.is_(None) if shape.missing else present.is_not(None)
    return ~matches if shape.modifier == "not" else matches


def _any(shape: Shape, table: Table, names: Iterator[str]) -> ColumnElement[bool]:
    if shape.kind == "date":
        return _any_date(shape, table.c.low, table.c.high, names)
    one = {"token": _token, "reference": _reference, "string": _string, "uri": _uri}[shape.kind]
    if shape.modifier == "identifier":
        one = _identifier
    return or_(false(), *(one(shape, value, names) for value in shape.values))


def _any_date(shape: Shape, low: Any, high: Any, names: Iterator[str]) -> ColumnElement[bool]:
    return or_(false(), *(PREFIXES[prefix](low, high, _number(names), _number(names)) for (prefix,) in shape.values))


def _token(_: Shape, value: tuple[Any, ...], names: Iterator[str]) -> ColumnElement[bool]:
    return _coded(ix_token.c.system, ix_token.c.code, value, names)


def _identifier(_: Shape, value: tuple[Any, ...], names: Iterator[str]) -> ColumnElement[bool]:
    return _coded(ix_reference.c.system, ix_reference.c.value, value, names)


def _coded(system: Any, code: Any, value: tuple[Any, ...], names: Iterator[str]) -> ColumnElement[bool]:
    """`system|code`, `|code`, `system|` or `code`."""
    wants_system, wants_code = value
    wanted = [code.is_not(None)]
    if wants_system is True:
        wanted.append(system == _text(names))
    elif wants_system is False:
        wanted.append(system.is_(None))
    if wants_code:
        wanted.append(code == _text(names))
    return and_(*wanted)


def _reference(_: Shape, value: tuple[Any, ...], names: Iterator[str]) -> ColumnElement[bool]:
    types, has_version = value
    wanted = [ix_reference.c.target_id == _text(names)]
    if types:
        wanted.append(or_(false(), *(ix_reference.c.target_type == _text(names) for _ in range(types))))
    if has_version:
        wanted.append(ix_reference.c.target_version == _text(names))
    return and_(*wanted)


def _string(shape: Shape, _: tuple[Any, ...], names: Iterator[str]) -> ColumnElement[bool]:
    if shape.modifier == "exact":
        return ix_string.c.exact == _text(names)
    if shape.modifier == "contains":
        text = _text(names)
        return func.replace(ix_string.c.folded, text, "") != ix_string.c.folded
    return (ix_string.c.folded >= _text(names)) & (ix_string.c.folded < _text(names))


def _uri(_: Shape, __: tuple[Any, ...], names: Iterator[str]) -> ColumnElement[bool]:
    return ix_uri.c.value == _text(names)


def _text(names: Iterator[str]) -> BindParameter[str]:
    return bindparam(next(names), type_=String)


def _number(names: Iterator[str]) -> BindParameter[int]:
    return bindparam(next(names), type_=BigInteger)
