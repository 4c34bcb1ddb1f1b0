"""The versions that resources had, newest first: of one resource, of a type, of several types.

Several types are walked one by one along the index of their times, each no further than the page is long.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, FromClause, Select, String, bindparam, literal_column, or_, select, union_all

from gateway.fhir.dates import Interval
from gateway.rules.access import Visibility
from gateway.store.chains import name_of
from gateway.store.database import Reader
from gateway.store.pages import page_of
from gateway.store.resources import COLUMNS, Stored, permitted, stored
from gateway.store.statements import Prepared, up_to
from gateway.store.tables import resource
from gateway.store.times import micros
from gateway.store.visible import shielded, visible


class _Form(NamedTuple):
    """What decides the SQL text."""

    types: tuple[str, ...]
    has_id: bool
    has_since: bool
    has_at: bool
    has_before: bool


def history(
    db: Reader,
    visibility: Visibility,
    types: Sequence[str],
    id: str | None = None,
    *,
    since: datetime | None = None,
    at: Interval | None = None,
    before: tuple[int, int] | None = None,
    count: int,
) -> list[Stored]:
    """At most `count` versions, no more than fill a page: those made `since` a moment, those that were current some
    time during `at`; `before` is (updated_at µs, pk) of the last seen."""
    form = _Form(tuple(types), id is not None, since is not None, at is not None, before is not None)
    values: dict[str, Any] = {"id": id, "since": micros(since) if since else None, "count": count}
    values |= {"first": at.low, "last": at.high} if at else {}
    values |= {"before_at": before[0], "before_pk": before[1]} if before else {}
    rows = page_of(db, visibility, _statement(form), values)
    return permitted(db, visibility, [stored(row) for row in rows])


@lru_cache(maxsize=256)
def _statement(form: _Form) -> Prepared:
    statement: Select[Any] = select(*COLUMNS).order_by(resource.c.updated_at.desc(), resource.c.pk.desc())
    if len(form.types) == 1:
        statement = _narrowed(statement, resource, form.types[0], form)
    else:
        newest = union_all(*(_newest(type, form) for type in form.types)).subquery()
        statement = statement.where(resource.c.pk.in_(select(newest.c.pk)))
    return shielded(statement.limit(_COUNT))


def _newest(type: str, form: _Form) -> Select[Any]:
    row = resource.alias()
    statement = _narrowed(select(row.c.pk), row, type, form).where(visible(row))
    ordered = statement.order_by(row.c.updated_at.desc(), row.c.pk.desc()).limit(_COUNT).subquery()
    return select(ordered.c.pk)


def _narrowed(statement: Select[Any], row: FromClause, type: str, form: _Form) -> Select[Any]:
    statement = statement.where(row.c.type == name_of(type))
    if form.has_id:
        statement = statement.where(row.c.id == bindparam("id", type_=String))
    if form.has_since:
        statement = statement.where(row.c.updated_at >= bindparam("since", type_=BigInteger))
    if form.has_before:
        at, pk = bindparam("before_at", type_=BigInteger), bindparam("before_pk", type_=BigInteger)
        statement = statement.where(row.c.updated_at <= at, or_(row.c.updated_at < at, row.c.pk < pk))
    if form.has_at:
        follower = resource.alias()
        replaced: Select[Any] = select(literal_column("1")).where(
            follower.c.type == row.c.type,
            follower.c.id == row.c.id,
            follower.c.version == row.c.version + 1,
            follower.c.updated_at <= bindparam("first", type_=BigInteger),
        )
        statement = statement.where(
            row.c.updated_at <= bindparam("last", type_=BigInteger), ~replaced.correlate(row).exists()
        )
    return statement


_COUNT = up_to("count")
