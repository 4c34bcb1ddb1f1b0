"""Search: a query and a visibility become one SELECT, compiled once per shape of query."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import count as counter
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, bindparam, func, select

from gateway.fhir.search import Query
from gateway.rules.access import Visibility
from gateway.store import chains, sorting
from gateway.store.chains import Hop, Reach, Scope
from gateway.store.compartments import in_compartment
from gateway.store.database import Reader
from gateway.store.matching import Shape, condition, flatten
from gateway.store.resources import COLUMNS, Stored, permitted, stored
from gateway.store.statements import Prepared
from gateway.store.tables import resource
from gateway.store.visible import parameters, shielded

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A match, and the key that a next page would start after."""

    stored: Stored
    key: Key


class _Form(NamedTuple):
    """What decides the SQL text of a search. `type` is empty where several are searched."""

    type: str
    reach: Reach
    criteria: tuple[Shape, ...]
    hops: tuple[Hop, ...]
    in_compartment: bool
    sorts: tuple[sorting.Key, ...] = ()
    is_next: bool = False
    is_back: bool = False
    is_count: bool = False


def search(
    db: Reader,
    visibility: Visibility,
    query: Query,
    *,
    scope: Scope,
    after: Key | None = None,
    back: bool = False,
    count: int,
) -> list[Hit]:
    """At most `count` matches, beginning after a key; under `back` those before it, the nearest first.

    `scope` holds every type that the query reaches. Raises KeyError for one that it does not.
    """
    form, values = _form(query, scope)
    form = form._replace(sorts=sorting.keys_of(query.controls.sorts), is_next=after is not None, is_back=back)
    values |= sorting.bound(after or ())
    rows = db.all(_statement(form), {**parameters(visibility), **values, "count": count})
    keys = {row[0]: tuple(row[len(COLUMNS) :]) for row in rows}
    found = permitted(db, visibility, [stored(row[: len(COLUMNS)]) for row in rows])
    return [Hit(row, (*keys[row.pk], row.id)) for row in found]


def total(db: Reader, visibility: Visibility, query: Query, *, scope: Scope) -> int:
    """How many resources match in all."""
    form, values = _form(query, scope)
    row = db.one(_statement(form._replace(is_count=True)), {**parameters(visibility), **values})
    assert row is not None
    return int(row[0])


def _form(query: Query, scope: Scope) -> tuple[_Form, dict[str, Any]]:
    flat = [flatten(criterion) for criterion in query.criteria]
    hops = [chains.flatten(link, scope) for link in query.links]
    reach, limiting = chains.flatten_reach({type: scope[type] for type in query.wanted})
    values = [value for _, bound in [*flat, *hops] for value in bound] + limiting
    shapes, links = tuple(shape for shape, _ in flat), tuple(hop for hop, _ in hops)
    bound = {f"p{place}": value for place, value in enumerate(values)}
    return _Form(query.type, reach, shapes, links, query.patient is not None), bound | {"patient": query.patient}


@lru_cache(maxsize=1024)
def _statement(form: _Form) -> Prepared:
    names = (f"p{place}" for place in counter())
    columns: list[Any] = [func.count()] if form.is_count else [*COLUMNS, *sorting.columns(form.sorts)[:-1]]
    statement = select(*columns).select_from(resource).where(*_conditions(form, names))
    if form.is_next:
        statement = statement.where(sorting.beyond(form.sorts, back=form.is_back))
    if form.is_count:
        return shielded(statement)
    ordered = sorting.ordered(statement, form.sorts, back=form.is_back)
    return shielded(ordered.limit(bindparam("count", type_=BigInteger)))


def _conditions(form: _Form, names: Iterator[str]) -> list[ColumnElement[bool]]:
    driver = _driver(form)
    found = [resource.c.is_current, ~resource.c.is_deleted]
    found += [condition(form.type, shape, names, drives=shape is driver) for shape in form.criteria]
    found += [chains.condition(form.type, hop, names, drives=hop is driver) for hop in form.hops]
    if form.in_compartment:
        found.append(in_compartment([type for type, _ in form.reach]))
    drives = driver is None and not form.in_compartment
    if drives or any(limits for _, limits in form.reach):
        found.append(chains.within_reach(form.reach, names, drives=drives))
    return found  # an index row tells the type already; told twice, SQLite would begin with the type


def _driver(form: _Form) -> Shape | Hop | None:
    """What the engine should begin with, for it leaves the fewest rows: a compartment does in any case."""
    if form.in_compartment or not form.type:
        return None
    candidates: list[Shape | Hop] = [*form.criteria, *form.hops]
    return next((one for one in candidates if one.is_selective), None)
