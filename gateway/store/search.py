"""Search: a query and a visibility become one SELECT, compiled once per shape of query."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import count as counter
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, select, union_all

from gateway.fhir.search.query import Query
from gateway.rules.access import Visibility
from gateway.store import chains, sorting
from gateway.store.chains import Hop, Reach, Scope
from gateway.store.compartments import in_compartment
from gateway.store.counting import counted
from gateway.store.database import Reader
from gateway.store.driving import CONSENTS, driver_of
from gateway.store.matching import Shape, condition, flatten
from gateway.store.pages import TEXT, is_full, page_of
from gateway.store.reaching import open_rows
from gateway.store.resources import COLUMNS, Stored, permitted, stored
from gateway.store.sorting import Leg
from gateway.store.statements import Prepared, up_to
from gateway.store.tables import resource
from gateway.store.visible import parameters, shielded, visible

Key = tuple[Any, ...]
_SAMPLE, _COMMON = 300, 3


@dataclass(frozen=True, slots=True)
class Hit:
    """A match, and the key that a next page would start after."""

    stored: Stored
    key: Key


class _Form(NamedTuple):
    """What decides the SQL text of a search. `type` is empty where several are searched; `driver` is the place of what
    the engine should begin with, among the criteria and hops, or CONSENTS."""

    type: str
    reach: Reach
    criteria: tuple[Shape, ...]
    hops: tuple[Hop, ...]
    in_compartment: bool
    sorts: tuple[sorting.Key, ...] = ()
    driver: int | None = None
    leg: Leg = Leg.WHOLE
    is_next: bool = False
    is_back: bool = False
    is_count: bool = False
    is_sample: bool = False

    @property
    def is_apart(self) -> bool:
        """Whether each type is searched along its own order."""
        return not self.type and not self.in_compartment


def search(
    db: Reader,
    visibility: Visibility,
    query: Query,
    *,
    scope: Scope,
    after: Key | None = None,
    back: bool = False,
    count: int,
    paged: bool = True,
) -> list[Hit]:
    """At most `count` matches, beginning after a key; under `back` those before it, the nearest first. `paged`: no
    more than fills a page with its bytes.

    `scope` holds every type that the query reaches. Raises KeyError for one that it does not.
    """
    form, values = _form(query, scope)
    driver, sorts = driver_of(db, visibility, query, whole=False), sorting.keys_of(query.controls.sorts)
    form = form._replace(sorts=sorts, driver=driver, is_next=after is not None, is_back=back)
    values |= {**parameters(visibility), **sorting.bound(after or ())}
    rows: list[tuple[Any, ...]] = []
    for leg in _legs(form, after) if _is_common(db, form, values) else (Leg.WHOLE,):
        if len(rows) < count and not (paged and is_full(len(row[TEXT]) for row in rows)):
            statement, rest = _statement(form._replace(leg=leg)), {**values, "count": count - len(rows)}
            rows += page_of(db, visibility, statement, rest) if paged else db.all(statement, rest)
    keys = {row[0]: tuple(row[len(COLUMNS) :]) for row in rows}
    found = permitted(db, visibility, [stored(row[: len(COLUMNS)]) for row in rows])
    return [Hit(row, (*keys[row.pk], row.id)) for row in found]


def total(db: Reader, visibility: Visibility, query: Query, *, scope: Scope) -> int:
    """How many resources match in all."""
    if not query.type and query.patient is None:
        each = (replace(query, type=type, types=()) for type in query.wanted)
        return sum(total(db, visibility, one, scope=scope) for one in each)
    form, values = _form(query, scope)
    form = form._replace(driver=driver_of(db, visibility, query, whole=True), is_count=True)
    row = db.one(_statement(form), {**parameters(visibility), **values})
    assert row is not None
    return int(row[0])


def _legs(form: _Form, after: Key | None) -> Sequence[Leg]:
    if form.driver is not None or form.in_compartment or form.is_apart:
        return (Leg.WHOLE,)
    return sorting.legs(form.sorts, after, back=form.is_back)


def _is_common(db: Reader, form: _Form, values: dict[str, Any]) -> bool:
    """Whether, judged by some resources of the type, going along an index soon fills a page with what matches and may
    be seen. To look at all rows in the order of an index takes longer than in their own."""
    if _legs(form, None) == (Leg.WHOLE,):
        return False
    row = db.one(_statement(form._replace(sorts=(), is_next=False, is_count=True, is_sample=True)), values)
    return row is not None and row[0] >= _COMMON


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
    names = _names()
    if form.is_count:
        conditions = _conditions(form, form.type, form.reach, names, names)
        return counted(conditions, are_few=form.is_sample or form.driver == CONSENTS)
    met = _of_each(form) if form.is_apart else and_(*_conditions(form, form.type, form.reach, names, names))
    return shielded(_page(select(*COLUMNS, *sorting.columns(form.sorts, form.leg)[:-1]).where(met), form))


def _names() -> Iterator[str]:
    return (f"p{place}" for place in counter())


def _page(statement: Select[Any], form: _Form) -> Select[Any]:
    if form.is_next:
        statement = statement.where(sorting.beyond(form.sorts, form.leg, back=form.is_back))
    ordered = sorting.ordered(statement, form.sorts, form.leg, back=form.is_back)
    return ordered.limit(up_to("count"))


def _of_each(form: _Form) -> ColumnElement[bool]:
    """A row on the page of its own type: the page of all types is among those."""
    pages: list[Select[Any]] = []
    limiting: Iterator[str] | None = None
    for one in form.reach:
        names = _names()
        limiting = limiting or names  # the limits of all types come after the criteria, which are the same for each
        conditions = _conditions(form, one[0], (one,), names, limiting)
        page = _page(select(resource.c.pk).where(*conditions, visible(resource)), form).subquery()
        pages.append(select(page.c.pk))
    return resource.c.pk.in_(union_all(*pages))


def _conditions(
    form: _Form, type: str, reach: Reach, names: Iterator[str], limiting: Iterator[str]
) -> list[ColumnElement[bool]]:
    found = [resource.c.is_current, ~resource.c.is_deleted, *sorting.within(type, form.sorts, form.leg)]
    asked: list[Shape | Hop] = [*form.criteria, *form.hops]
    for place, one in enumerate(asked):
        drives = place == form.driver
        if isinstance(one, Shape):
            found.append(condition(type, one, names, drives=drives))
        else:
            found.append(chains.condition(type, one, names, drives=drives))
    if form.driver == CONSENTS:
        found.append(resource.c.pk.in_(open_rows(type)))
    if form.in_compartment:
        found.append(in_compartment([type for type, _ in reach]))
    if form.is_sample:
        found.append(resource.c.pk.in_(_sample(type)))
    # An index row tells the type already; told twice, SQLite would begin with the type.
    drives = form.driver is None and form.leg is not Leg.VALUED and not (form.in_compartment or form.is_sample)
    if drives or any(limits for _, limits in reach):
        found.append(chains.within_reach(reach, limiting, drives=drives))
    return found


def _sample(type: str) -> Select[Any]:
    """The first of a type by their ids, which are given out at random."""
    row = resource.alias()
    current = select(row.c.pk).where(row.c.type == chains.name_of(type), row.c.is_current)
    return current.order_by(row.c.id).limit(up_to(_SAMPLE))
