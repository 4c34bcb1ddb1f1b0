"""The order of a search, and where a page of it goes on: by key, so that rows that come or go meanwhile neither repeat
nor hide one. Without a sort the order is that of the ids, which never change.

Where nothing drives a search, it goes along the index of the first key: first what has a value, then what has none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Float,
    Select,
    String,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.sql.elements import SQLCoreOperations

from gateway.fhir.dates import BEGINNING, END
from gateway.fhir.search.controls import Sort
from gateway.fhir.search.numbers import FARTHEST
from gateway.store.matching import TABLES
from gateway.store.tables import resource


class _Order(NamedTuple):
    """How a kind is ordered: by which column, of what type, and in SQL what is beyond every value on either side."""

    column: str
    type: type[Any]
    least: str
    most: str


_DATES = _Order("low", BigInteger, str(BEGINNING - 1), str(END + 1))
_NUMBERS = _Order("low", Float, repr(-FARTHEST), repr(FARTHEST))
_ORDERS: Mapping[str, _Order] = {
    "date": _DATES,
    "number": _NUMBERS,
    "quantity": _NUMBERS,
    **{
        kind: _Order(column, String, "''", "'\U0010ffff'")
        for kind, column in {"token": "code", "string": "start", "reference": "target_id", "uri": "value"}.items()
    },
}


class Key(NamedTuple):
    code: str
    kind: str
    descending: bool


_COLUMNS: Mapping[str, ColumnElement[Any]] = {"_id": resource.c.id, "_lastUpdated": resource.c.updated_at}
_ID = Key("_id", "token", descending=False)


def keys_of(sorts: Sequence[Sort]) -> tuple[Key, ...]:
    """Sort keys up to the first `_id`, which decides; it comes last in any case."""
    keys: list[Key] = []
    for sort in sorts:
        keys.append(Key(sort.parameter.code, sort.parameter.kind, sort.descending))
        if sort.parameter.code == "_id":
            return tuple(keys)
    return (*keys, _ID)


class Leg(Enum):
    """What a statement looks at: everything at once, or along the index of the first key one part after the other."""

    WHOLE = "whole"
    VALUED = "valued"
    MISSING = "missing"


_ALONG = {kind: table.alias("along") for kind, table in TABLES.items()}


def legs(keys: Sequence[Key], after: Sequence[Any] | None, *, back: bool) -> Sequence[Leg]:
    """The parts that a page along the index of the first key may reach, in the order of the walk."""
    first = keys[0]
    if first.code in _COLUMNS:
        return (Leg.WHOLE,)
    has_value = after is not None and after[0] != _end(first)
    if back:
        return (Leg.VALUED,) if has_value else (Leg.MISSING, Leg.VALUED)
    return (Leg.VALUED, Leg.MISSING) if after is None or has_value else (Leg.MISSING,)


def within(type: str, keys: Sequence[Key], leg: Leg) -> list[ColumnElement[bool]]:
    """A row of `resource` that is in this part; in the first one, at its first value."""
    if leg is Leg.WHOLE:
        return []
    first = keys[0]
    if leg is Leg.MISSING:
        row = TABLES[first.kind].c
        valued = select(row.resource_pk).where(row.resource_pk == resource.c.pk, *_has_value(first, row))
        return [~valued.correlate(resource).exists()]
    row, other = _ALONG[first.kind].c, TABLES[first.kind].alias("other")
    value, others = row[_ORDERS[first.kind].column], other.c[_ORDERS[first.kind].column]
    before = or_(
        others > value if first.descending else others < value, and_(others == value, other.c.place < row.place)
    )
    better = select(other.c.place).where(other.c.resource_pk == row.resource_pk, other.c.name == first.code, before)
    is_first = ~better.correlate(_ALONG[first.kind]).exists()
    return [row.type == type, *_has_value(first, row), row.resource_pk == resource.c.pk, is_first]


def columns(keys: Sequence[Key], leg: Leg = Leg.WHOLE) -> list[SQLCoreOperations[Any]]:
    """What is compared, key by key; the last is the id."""
    found = [_column(key) for key in keys]
    if leg is Leg.VALUED:
        found[0] = _ALONG[keys[0].kind].c[_ORDERS[keys[0].kind].column]
    elif leg is Leg.MISSING:
        found[0] = literal_column(_missing(keys[0]), _type(keys[0]))
    return found


def ordered(statement: Select[Any], keys: Sequence[Key], leg: Leg, *, back: bool) -> Select[Any]:
    """In the order of the keys, or under `back` in exactly the opposite one."""
    pairs = list(zip(columns(keys, leg), keys, strict=True))[leg is Leg.MISSING :]  # there the first is always the same
    return statement.order_by(*(column.desc() if key.descending is not back else column.asc() for column, key in pairs))


def beyond(keys: Sequence[Key], leg: Leg, *, back: bool) -> ColumnElement[bool]:
    """Beyond the row bound as k0, k1 …: equal in the first keys and beyond in the next, for each length."""
    found = columns(keys, leg)
    last = [bindparam(f"k{place}", type_=_type(key)) for place, key in enumerate(keys)]
    further = or_(
        *(
            and_(
                *(found[former] == last[former] for former in range(place)),
                found[place] < last[place] if key.descending is not back else found[place] > last[place],
            )
            for place, key in enumerate(keys)
        )
    )
    # Said of the first key alone as well, so that an index can be entered there.
    return and_(found[0] <= last[0] if keys[0].descending is not back else found[0] >= last[0], further)


def _column(key: Key) -> SQLCoreOperations[Any]:
    if key.code in _COLUMNS:
        return _COLUMNS[key.code]
    table, order = TABLES[key.kind], _ORDERS[key.kind]
    column = table.c[order.column]
    extreme = func.max(column) if key.descending else func.min(column)
    values = select(extreme).where(table.c.resource_pk == resource.c.pk, table.c.name == key.code)
    return func.coalesce(values.correlate(resource).scalar_subquery(), literal_column(_missing(key)))


def _missing(key: Key) -> str:
    """In SQL, what stands for no value: that comes last, either way."""
    order = _ORDERS[key.kind]
    return order.least if key.descending else order.most


def _end(key: Key) -> Any:
    """The same as a value of Python."""
    text, type = _missing(key), _ORDERS[key.kind].type
    return text.strip("'") if type is String else type().python_type(text)


def _has_value(key: Key, row: Any) -> list[ColumnElement[bool]]:
    column = row[_ORDERS[key.kind].column]
    end: ColumnElement[Any] = literal_column(_missing(key))
    return [row.name == key.code, column > end if key.descending else column < end]


def bound(after: Sequence[Any]) -> dict[str, Any]:
    """The key a page goes on after, as values to bind: a number may have been to the client and back as a decimal."""
    return {f"k{place}": float(one) if isinstance(one, Decimal) else one for place, one in enumerate(after)}


def _type(key: Key) -> type[Any]:
    if key.code == "_id":
        return String
    return BigInteger if key.code == "_lastUpdated" else _ORDERS[key.kind].type
