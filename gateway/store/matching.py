"""One search criterion as SQL, in two halves: a shape that decides the SQL text, and the values bound to it.

Two searches of equal shape run the same compiled statement. The shape is taken apart in `flatten` and put together in
`condition`; both go through the values in the same order. What each value asks of a row is in `comparing`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, FromClause, Select, Table, and_, false, or_, select

from gateway.fhir.search.criteria import Criterion
from gateway.fhir.search.rows import OF_TYPE
from gateway.fhir.search.values import CompositeValue
from gateway.store import comparing
from gateway.store.statements import up_to
from gateway.store.tables import ix_date, ix_quantity, ix_reference, ix_string, ix_token, ix_uri, resource

TABLES = {
    "token": ix_token,
    "reference": ix_reference,
    "date": ix_date,
    "string": ix_string,
    "number": ix_quantity,
    "quantity": ix_quantity,
    "uri": ix_uri,
}
_NEGATED = ("not", "not-in")


class Shape(NamedTuple):
    """What decides the SQL of a criterion. A composite has the kind of its second part: its rows are of that kind."""

    code: str
    kind: str
    modifier: str | None
    missing: bool
    values: tuple[tuple[Any, ...], ...]
    is_composite: bool = False

    @property
    def table(self) -> Table:
        return ix_string if self.modifier == "text" else TABLES[self.kind]

    @property
    def name(self) -> str:
        return self.code + OF_TYPE if self.modifier == "of-type" else self.code


def flatten(criterion: Criterion) -> tuple[Shape, list[Any]]:
    """The shape of a criterion and its values in order."""
    bound: list[Any] = []
    shapes: list[tuple[Any, ...]] = []
    for value in criterion.values:
        parts = value if isinstance(value, CompositeValue) else (value,)
        found = [comparing.flatten(part, criterion.modifier) for part in parts]
        shapes.append(tuple(shape for shape, _ in found) if len(parts) > 1 else found[0][0])
        bound += [one for _, values in found for one in values]
    parameter = criterion.parameter
    kind = parameter.components[-1].kind if parameter.components else parameter.kind
    missing = criterion.missing
    return Shape(parameter.code, kind, criterion.modifier, missing, tuple(shapes), bool(parameter.components)), bound


def condition(
    type: str, shape: Shape, names: Iterator[str], *, at: FromClause = resource, drives: bool = False
) -> ColumnElement[bool]:
    """The SQL of a criterion on a row of `resource` (or of its alias `at`); takes a name for each bound value.

    `drives`: written so that the engine begins with the index of this criterion.
    """
    if shape.code == "_id":
        return _column(shape, or_(false(), *(comparing.equal(at.c.id, names) for _ in shape.values)), at.c.id)
    if shape.code == "_lastUpdated":
        times = (comparing.date(at.c.updated_at, at.c.updated_at, value, names) for value in shape.values)
        return _column(shape, or_(false(), *times), at.c.id)
    if drives:
        return at.c.pk.in_(rows(shape, names, type=type))
    # Without the type, so that the engine looks at the few rows of this resource, not at all that hold the value. With
    # a limit, as SQLite would else join them last of all, after consent was asked of rows that do not match.
    found = rows(shape, names).where(shape.table.c.resource_pk == at.c.pk).limit(up_to(1)).correlate(at).exists()
    return ~found if shape.modifier in _NEGATED or shape.missing else found


def rows(shape: Shape, names: Iterator[str], *, type: str | None = None) -> Select[Any]:
    """The resources with a row in the index that meets the criterion, of one type or whichever."""
    table = shape.table
    found = select(table.c.resource_pk).where(table.c.name == shape.name)
    if shape.modifier != "missing":
        found = found.where(or_(false(), *(_matches(shape, table, value, names) for value in shape.values)))
    return found if type is None else found.where(table.c.type == type)


def _column(shape: Shape, matches: ColumnElement[bool], present: ColumnElement[Any]) -> ColumnElement[bool]:
    """A criterion on a column that every resource has."""
    if shape.modifier == "missing":
        return present.is_(None) if shape.missing else present.is_not(None)
    return ~matches if shape.modifier in _NEGATED else matches


def _matches(shape: Shape, table: Table, value: tuple[Any, ...], names: Iterator[str]) -> ColumnElement[bool]:
    compare = comparing.of(shape.kind, shape.modifier)
    if not shape.is_composite:
        return compare(table.c, value, names)
    first, second = value
    beside = comparing.coded(table.c.of_system, table.c.of_code, first, names)
    return and_(beside, compare(table.c, second, names))
