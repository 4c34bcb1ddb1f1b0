"""Search: a query and a visibility become one SELECT, compiled once per shape of query.

Pages go by key (the sort values and the id of the last row), so rows that come or go meanwhile neither repeat nor hide
one. Without a sort the order is that of the ids, which never change.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count as counter
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Select, String, and_, bindparam, func, literal_column, or_, select
from sqlalchemy.sql.elements import SQLCoreOperations

from gateway.fhir.dates import BEGINNING, END
from gateway.fhir.search import Query
from gateway.fhir.search_controls import Include, Sort
from gateway.fhir.search_criteria import Criterion
from gateway.rules.access import Visibility
from gateway.store.database import Reader
from gateway.store.matching import Shape, condition, flatten
from gateway.store.resources import COLUMNS, Stored, permitted, stored
from gateway.store.statements import Prepared
from gateway.store.tables import ix_date, ix_reference, resource
from gateway.store.visible import parameters, shielded

Key = tuple[Any, ...]
# Which rows a scope lets through: any one of the inner lists, every criterion of it. Empty: all.
Limits = Sequence[Sequence[Criterion]]
_BATCHES = (1, 8, 64, 512)


@dataclass(frozen=True, slots=True)
class Hit:
    """A match, and the key that a next page would start after."""

    stored: Stored
    key: Key


class _Form(NamedTuple):
    """What decides the SQL text of a search."""

    type: str
    criteria: tuple[Shape, ...]
    limits: tuple[tuple[Shape, ...], ...]
    sorts: tuple[tuple[str, bool], ...] = ()
    is_next: bool = False
    is_count: bool = False


def search(
    db: Reader, visibility: Visibility, query: Query, *, limits: Limits = (), after: Key | None = None, count: int
) -> list[Hit]:
    """At most `count` matches, beginning after a key."""
    sorts = _sorts(query.controls.sorts)
    form, values = _form(query, limits)
    form = form._replace(sorts=sorts, is_next=after is not None)
    values |= {f"k{place}": value for place, value in enumerate(after or ())}
    rows = db.all(_statement(form), {**parameters(visibility), **values, "count": count})
    keys = {row[0]: tuple(row[len(COLUMNS) :]) for row in rows}
    found = permitted(db, visibility, [stored(row[: len(COLUMNS)]) for row in rows])
    return [Hit(row, (*keys[row.pk], row.id)) for row in found]


def total(db: Reader, visibility: Visibility, query: Query, *, limits: Limits = ()) -> int:
    """How many resources match in all."""
    form, values = _form(query, limits)
    row = db.one(_statement(form._replace(is_count=True)), {**parameters(visibility), **values})
    assert row is not None
    return int(row[0])


def included(
    db: Reader, visibility: Visibility, include: Include, matches: Sequence[Stored], *, count: int
) -> list[Stored]:
    """At most `count` current resources that the matches refer to (or that refer to them), by type and id."""
    found: dict[int, Stored] = {}
    batch = _BATCHES[-1]
    for start in range(0, len(matches), batch):
        some = [row.id if include.reverse else row.pk for row in matches[start : start + batch]]
        size = next(size for size in _BATCHES if size >= len(some))
        padded = [*some, *[some[-1]] * (size - len(some))]
        statement = _included(include.parameter.code, include.source, include.target, include.reverse, size)
        values = {f"m{place}": value for place, value in enumerate(padded)}
        values |= {"match_type": matches[0].type, "count": count}
        rows = db.all(statement, {**parameters(visibility), **values})
        found |= {row.pk: row for row in permitted(db, visibility, [stored(row) for row in rows])}
    return sorted(found.values(), key=lambda row: (row.type, row.id))[:count]


def _form(query: Query, limits: Limits) -> tuple[_Form, dict[str, Any]]:
    flat = [flatten(criterion) for criterion in query.criteria]
    flat_limits = [[flatten(criterion) for criterion in limit] for limit in limits]
    values = [value for _, bound in [*flat, *(one for limit in flat_limits for one in limit)] for value in bound]
    form = _Form(
        query.type,
        tuple(shape for shape, _ in flat),
        tuple(tuple(shape for shape, _ in limit) for limit in flat_limits),
    )
    return form, {f"p{place}": value for place, value in enumerate(values)}


def _sorts(sorts: Sequence[Sort]) -> tuple[tuple[str, bool], ...]:
    """Sort keys up to the first `_id`, which decides; it comes last in any case."""
    keys: list[tuple[str, bool]] = []
    for sort in sorts:
        keys.append((sort.parameter.code, sort.descending))
        if sort.parameter.code == "_id":
            return tuple(keys)
    return (*keys, ("_id", False))


@lru_cache(maxsize=1024)
def _statement(form: _Form) -> Prepared:
    names = (f"p{place}" for place in counter())
    keys = [_sort_key(code, descending) for code, descending in form.sorts]
    columns: list[Any] = [func.count()] if form.is_count else [*COLUMNS, *keys[:-1]]
    statement = select(*columns).select_from(resource).where(*_conditions(form, names))
    if form.is_next:
        statement = statement.where(_after(keys, [descending for _, descending in form.sorts]))
    if form.is_count:
        return shielded(statement)
    for key, (_, descending) in zip(keys, form.sorts, strict=True):
        statement = statement.order_by(key.desc() if descending else key.asc())
    return shielded(statement.limit(bindparam("count", type_=BigInteger)))


def _conditions(form: _Form, names: Iterator[str]) -> list[ColumnElement[bool]]:
    driver = next((shape for shape in form.criteria if shape.is_selective), None)
    found = [resource.c.is_current, ~resource.c.is_deleted]
    if driver is None:  # an index row tells the type already; told twice, SQLite would begin with the type
        found.append(resource.c.type == form.type)
    found += [condition(form.type, shape, names, drives=shape is driver) for shape in form.criteria]
    if form.limits:
        found.append(or_(*(and_(*(condition(form.type, one, names) for one in limit)) for limit in form.limits)))
    return found


def _sort_key(code: str, descending: bool) -> SQLCoreOperations[Any]:
    if code == "_id":
        return resource.c.id
    if code == "_lastUpdated":
        return resource.c.updated_at
    # What has no date comes last, either way.
    extreme, missing = (func.max(ix_date.c.low), BEGINNING - 1) if descending else (func.min(ix_date.c.low), END + 1)
    dates = select(extreme).where(ix_date.c.resource_pk == resource.c.pk, ix_date.c.name == code)
    return func.coalesce(dates.correlate(resource).scalar_subquery(), literal_column(str(missing)))


def _after(keys: Sequence[SQLCoreOperations[Any]], descending: Sequence[bool]) -> ColumnElement[bool]:
    """Beyond the last row: equal in the first sort values and beyond in the next, for each length."""
    last = [
        bindparam(f"k{place}", type_=String if place == len(keys) - 1 else BigInteger) for place in range(len(keys))
    ]
    return or_(
        *(
            and_(
                *(keys[former] == last[former] for former in range(place)),
                keys[place] < last[place] if descending[place] else keys[place] > last[place],
            )
            for place in range(len(keys))
        )
    )


@lru_cache(maxsize=512)
def _included(code: str, source: str, target: str | None, reverse: bool, size: int) -> Prepared:
    places = range(size)
    named = select(ix_reference.c.resource_pk).where(ix_reference.c.type == source, ix_reference.c.name == code)
    statement: Select[Any] = select(*COLUMNS).where(resource.c.is_current, ~resource.c.is_deleted)
    if reverse:
        ids = [bindparam(f"m{place}", type_=String) for place in places]
        referring = named.where(
            ix_reference.c.target_type == bindparam("match_type", type_=String), ix_reference.c.target_id.in_(ids)
        )
        statement = statement.where(resource.c.pk.in_(referring))
    else:
        pks = [bindparam(f"m{place}", type_=BigInteger) for place in places]
        aim = resource.alias("aim")
        reach = and_(aim.c.type == ix_reference.c.target_type, aim.c.id == ix_reference.c.target_id, aim.c.is_current)
        aims = select(aim.c.pk).join_from(ix_reference, aim, reach)
        aims = aims.where(ix_reference.c.resource_pk.in_(pks), ix_reference.c.name == code)
        statement = statement.where(resource.c.pk.in_(aims))
        if target:
            statement = statement.where(resource.c.type == target)
    ordered = statement.order_by(resource.c.type, resource.c.id)
    return shielded(ordered.limit(bindparam("count", type_=BigInteger)))
