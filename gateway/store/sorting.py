"""The order of a search, and where a page of it goes on: by key, so that rows that come or go meanwhile neither repeat
nor hide one. Without a sort the order is that of the ids, which never change.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Select, String, and_, bindparam, func, literal_column, or_, select
from sqlalchemy.sql.elements import SQLCoreOperations

from gateway.fhir.dates import BEGINNING, END
from gateway.fhir.search_controls import Sort
from gateway.store.tables import ix_date, resource


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
    last = [
        bindparam(f"k{place}", type_=String if place == len(keys) - 1 else BigInteger) for place in range(len(keys))
    ]
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
    # What has no date comes last, either way.
    extreme, missing = (
        (func.max(ix_date.c.low), BEGINNING - 1) if key.descending else (func.min(ix_date.c.low), END + 1)
    )
    dates = select(extreme).where(ix_date.c.resource_pk == resource.c.pk, ix_date.c.name == key.code)
    return func.coalesce(dates.correlate(resource).scalar_subquery(), literal_column(str(missing)))
