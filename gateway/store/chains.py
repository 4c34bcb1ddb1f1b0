"""Conditions on other resources as SQL: every hop is asked for its consent and its scope, like a search of its own.

A hop is written in one of two ways. One that drives begins at its far end and gives out the few near rows; any other
is asked of each near row. Taken apart and put together in the same order, as in `matching`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, FromClause, and_, literal_column, or_, select, true

from gateway.fhir.search.chain import Link
from gateway.fhir.search.criteria import Criterion
from gateway.store import matching
from gateway.store.matching import Shape
from gateway.store.tables import ix_reference, resource
from gateway.store.visible import visible

# Which rows a scope lets through: any one of the inner lists, every criterion of it. Empty: all.
Limits = Sequence[Sequence[Criterion]]
# For each type that a search may reach. A type that is not named cannot be searched, not even on the way.
Scope = Mapping[str, Limits]
LimitShapes = tuple[tuple[Shape, ...], ...]
Reach = tuple[tuple[str, LimitShapes], ...]


class Way(NamedTuple):
    """The far end of a hop: its type, what it must meet, what the scope lets through."""

    type: str
    inner: Shape | Hop
    limits: LimitShapes


class Hop(NamedTuple):
    """What decides the SQL of a link."""

    code: str
    reverse: bool
    ways: tuple[Way, ...]


def flatten(link: Link, scope: Scope) -> tuple[Hop, list[Any]]:
    """The shape of a link and its values in order. Raises KeyError for a type that is not in the scope."""
    bound: list[Any] = []
    ways = []
    for branch in link.branches:
        condition = branch.condition
        inner, values = flatten(condition, scope) if isinstance(condition, Link) else matching.flatten(condition)
        bound += values
        limits, values = flatten_limits(scope[branch.type])
        bound += values
        ways.append(Way(branch.type, inner, limits))
    return Hop(link.parameter.code, link.reverse, tuple(ways)), bound


def flatten_limits(limits: Limits) -> tuple[LimitShapes, list[Any]]:
    flat = [[matching.flatten(criterion) for criterion in limit] for limit in limits]
    shapes = tuple(tuple(shape for shape, _ in limit) for limit in flat)
    return shapes, [value for limit in flat for _, values in limit for value in values]


def flatten_reach(scope: Scope) -> tuple[Reach, list[Any]]:
    """Several types at once, and what the scope lets through of each."""
    bound: list[Any] = []
    reach = []
    for type in sorted(scope):
        limits, values = flatten_limits(scope[type])
        reach.append((type, limits))
        bound += values
    return tuple(reach), bound


def within(type: str, limits: LimitShapes, names: Iterator[str], *, at: FromClause = resource) -> ColumnElement[bool]:
    """What the scope lets through of a type."""
    if not limits:
        return true()
    return or_(*(and_(*(matching.condition(type, one, names, at=at) for one in limit)) for limit in limits))


def within_reach(reach: Reach, names: Iterator[str], *, drives: bool) -> ColumnElement[bool]:
    """A row of one of these types, as far as the scope lets it through. Unless it `drives`, it is written so that the
    engine does not begin here."""
    type = resource.c.type if drives else resource.c.type.concat(literal_column("''"))
    whole = [name_of(name) for name, limits in reach if not limits]
    parts = [and_(type == name_of(name), within(name, limits, names)) for name, limits in reach if limits]
    return or_(*([type.in_(whole)] if whole else []), *parts)


def condition(
    type: str, hop: Hop, names: Iterator[str], *, at: FromClause = resource, drives: bool = False
) -> ColumnElement[bool]:
    """The SQL of a link on a row of `resource` or of its alias `at`; `drives` needs the type of that row."""
    write = _driving if drives else _asking
    return or_(*(write(type, hop, way, names, at) for way in hop.ways))


def _driving(type: str, hop: Hop, way: Way, names: Iterator[str], at: FromClause) -> ColumnElement[bool]:
    """Sets within sets, so that the engine cannot begin anywhere but at the far end."""
    row, far = ix_reference.alias().c, resource.alias()
    meant = _far(way, names, far, drives=True)
    if hop.reverse:
        referring = select(row.target_id).where(row.name == name_of(hop.code), row.target_type == name_of(type))
        referring = referring.where(row.resource_pk.in_(select(far.c.pk).where(*meant).correlate(None)))
        return and_(at.c.type == name_of(type), at.c.id.in_(referring.correlate(None)))
    referring = select(row.resource_pk).where(row.type == name_of(type), row.name == name_of(hop.code))
    aims = row.target_id.in_(select(far.c.id).where(*meant).correlate(None))
    return at.c.pk.in_(referring.where(aims, row.target_type == name_of(way.type)).correlate(None))


def _asking(type: str, hop: Hop, way: Way, names: Iterator[str], at: FromClause) -> ColumnElement[bool]:
    """One row at a time, by the references that it has or that lead to it."""
    row, far = ix_reference.alias().c, resource.alias()
    source, target = (far, at) if hop.reverse else (at, far)
    joined = [row.resource_pk == source.c.pk, row.name == name_of(hop.code)]
    joined += [row.target_type == target.c.type, row.target_id == target.c.id]
    if hop.reverse:
        joined.append(row.type == name_of(way.type))
    meant = _far(way, names, far, drives=False)
    return select(literal_column("1")).where(*joined, *meant).correlate(at).exists()


def _far(way: Way, names: Iterator[str], far: FromClause, *, drives: bool) -> list[ColumnElement[bool]]:
    """A row at the far end that may be seen and meets what is asked."""
    inner, drives = way.inner, drives and (isinstance(way.inner, Hop) or _has_rows(way.inner))
    if isinstance(inner, Hop):
        met = condition(way.type, inner, names, at=far, drives=drives)
    else:
        met = matching.condition(way.type, inner, names, at=far, drives=drives)
    # An index row that drives tells the type already; told twice, SQLite would begin with the type.
    kind = [] if drives else [far.c.type == name_of(way.type)]
    limits = within(way.type, way.limits, names, at=far)
    return [met, *kind, far.c.is_current, ~far.c.is_deleted, limits, visible(far)]


def _has_rows(shape: Shape) -> bool:
    return shape.code not in ("_id", "_lastUpdated")


def name_of(text: str) -> ColumnElement[Any]:
    """A name of our own tables, written into the SQL so that the engine can plan by it."""
    assert text.replace("-", "").replace("_", "").isalnum()
    return literal_column(f"'{text}'")
