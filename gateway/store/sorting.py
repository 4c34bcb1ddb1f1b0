"""The order of a search, and where a page of it goes on: by key, so that rows that come or go meanwhile neither repeat
nor hide one. Without a sort the order is that of the ids, which never change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
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
from gateway.fhir.search_controls import Sort
from gateway.fhir.search_numbers import FARTHEST
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


_ID = Key("_id", "token", descending=False)


def keys_of(sorts: Sequence[Sort]) -> tuple[Key, ...]:
    """Sort keys up to the first `_id`, which decides; it comes last in any case."""
    keys: list[Key] = []
    for sort in sorts:
        keys.append(Key(sort.parameter.code, sort.parameter.kind, sort.descending))
        if sort.parameter.code == "_id":
            return tuple(keys)
    return (*keys, _ID)


def columns(keys: Sequence[Key]) -> list[SQLCoreOperations[Any]]:
    """What is compared, key by key; the last is the id."""
    return [_column(key) for key in keys]


def ordered(statement: Select[Any], keys: Sequence[Key], *, back: bool) -> Select[Any]:
    """In the order of the keys, or under `back` in exactly the opposite one."""
    pairs = zip(columns(keys), keys, strict=True)
    return statement.order_by(*(column.desc() if key.descending is not back else column.asc() for column, key in pairs))


def beyond(keys: Sequence[Key], *, back: bool) -> ColumnElement[bool]:
    """Beyond the row bound as k0, k1 …: equal in the first keys and beyond in the next, for each length."""
    found = columns(keys)
    last = [bindparam(f"k{place}", type_=_type(key)) for place, key in enumerate(keys)]
    return or_(
        *(
            and_(
                *(found[former] == last[former] for former in range(place)),
                found[place] < last[place] if key.descending is not back else found[place] > last[place],
            )
            for place, key in enumerate(keys)
        )
    )


def _column(key: Key) -> SQLCoreOperations[Any]:
    if key.code == "_id":
        return resource.c.id
    if key.code == "_lastUpdated":
        return resource.c.updated_at
    table, order = TABLES[key.kind], _ORDERS[key.kind]
    column = table.c[order.column]
    # What has no value comes last, either way.
    extreme, missing = (func.max(column), order.least) if key.descending else (func.min(column), order.most)
    values = select(extreme).where(table.c.resource_pk == resource.c.pk, table.c.name == key.code)
    return func.coalesce(values.correlate(resource).scalar_subquery(), literal_column(missing))


def bound(after: Sequence[Any]) -> dict[str, Any]:
    """The key a page goes on after, as values to bind: a number may have been to the client and back as a decimal."""
    return {f"k{place}": float(one) if isinstance(one, Decimal) else one for place, one in enumerate(after)}


def _type(key: Key) -> type[Any]:
    if key.code == "_id":
        return String
    return BigInteger if key.code == "_lastUpdated" else _ORDERS[key.kind].type
