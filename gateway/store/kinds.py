"""Kinds of content and shapes of rules, each kept once, and which shape meets which kind.

Whatever is particular to a row is turned into its kind when it is written, so that queries join numbers and the pure
rule, which says here what meets what, is the same as the SQL by construction. Either is new but rarely: a new kind is
met with every shape, a new shape with every kind, where nobody else writes meanwhile (`Writer.alone`).

A shape that names selectors meets only kinds that were marked by them, which are those of one patient, and that of
content of which nothing is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Column, Select, String, Table, bindparam, select

from gateway.rules.content import Kind, kind_of
from gateway.rules.shape import PATIENT_ACCESS, Match, Shape, shape_of
from gateway.store.database import Reader, Writer
from gateway.store.statements import Prepared, Rows, batches
from gateway.store.tables import kind, kind_mark, shape, shape_kind, shape_mark

T = TypeVar("T")
NOTHING = Kind(frozenset())  # of content of which nothing is known: whatever is denied may be it
_NEW_KINDS = Rows(kind, ("digest", "body"), returning=("pk", "digest"))
_NEW_SHAPES = Rows(shape, ("digest", "body", "is_marked"), returning=("pk", "digest"))
_KIND_MARKS = Rows(kind_mark, ("selector_id", "kind_pk"))
_SHAPE_MARKS = Rows(shape_mark, ("selector_id", "shape_pk"))
_MET = Rows(shape_kind, ("shape_pk", "kind_pk", "redacts"))
_EVERY_KIND = Prepared(select(kind.c.pk, kind.c.body))
_UNMARKED_SHAPES = Prepared(select(shape.c.pk, shape.c.body).where(~shape.c.is_marked))
_MARKED_SHAPES = Prepared(select(shape.c.pk, shape.c.body).where(shape.c.is_marked))
_BODY = Prepared(select(kind.c.body).where(kind.c.pk == bindparam("pk")))


def kind_behind(db: Reader, pk: int) -> Kind:
    """The kind of this number; that of nothing known for content which is not classified."""
    row = db.one(_BODY, {"pk": pk})
    return kind_of(bytes(row[0])) if row else NOTHING


def keep_kinds(writer: Writer, kinds: Iterable[Kind]) -> dict[str, int]:
    """The number of each kind by its id; those that are new are met with every shape."""
    wanted = {each.id: each for each in kinds}
    pks = _known(writer, kind, list(wanted))
    new = [each for id, each in wanted.items() if id not in pks]
    if new:
        keep_shapes(writer, [PATIENT_ACCESS])
        pks |= _insert(writer, _NEW_KINDS, [(each.id, each.body) for each in new])
        marks = [(mark, pks[each.id]) for each in new for mark in sorted(_marks_of(each))]
        _write(writer, _KIND_MARKS, marks)
        everybodys = _read(writer, _UNMARKED_SHAPES, shape_of)
        for each in new:
            single = _marked(writer, shape, shape_mark, sorted(_marks_of(each)), shape_of)
            single = single if each.aspects else _read(writer, _MARKED_SHAPES, shape_of)
            _meet(writer, ((pk, one, pks[each.id], each) for pk, one in [*everybodys, *single]))
    return pks


def keep_shapes(writer: Writer, shapes: Iterable[Shape]) -> dict[str, int]:
    """The number of each shape by its id; those that are new are met with every kind."""
    wanted = {each.id: each for each in shapes}
    pks = _known(writer, shape, list(wanted))
    new = [each for id, each in wanted.items() if id not in pks]
    if new:
        pks |= _insert(writer, _NEW_SHAPES, [(each.id, each.body, bool(each.marks)) for each in new])
        marks = [(mark, pks[each.id]) for each in new for mark in sorted(set().union(*each.marks))]
        _write(writer, _SHAPE_MARKS, marks)
        unmarked = [each for each in new if not each.marks]
        every = _read(writer, _EVERY_KIND, kind_of) if unmarked else []
        for each in new:
            single = _single(writer, each) if each.marks else every
            _meet(writer, ((pks[each.id], each, pk, one) for pk, one in single))
    return pks


def _single(writer: Writer, each: Shape) -> list[tuple[int, Kind]]:
    """The kinds that one of its selectors marks, and that of which nothing is known."""
    unknown = _known(writer, kind, [NOTHING.id]).values()
    return [*_marked(writer, kind, kind_mark, sorted(each.marks[0]), kind_of), *((pk, NOTHING) for pk in unknown)]


def _marks_of(each: Kind) -> frozenset[str]:
    return frozenset(mark for aspect in each.aspects for mark in aspect.marks)


def _meet(writer: Writer, pairs: Iterable[tuple[int, Shape, int, Kind]]) -> None:
    met = ((shape_pk, kind_pk, one.meets(other)) for shape_pk, one, kind_pk, other in pairs)
    rows = [(shape_pk, kind_pk, how is Match.REST) for shape_pk, kind_pk, how in met if how is not Match.NO]
    _write(writer, _MET, rows)


def _write(writer: Writer, rows: Rows, values: Sequence[Sequence[Any]]) -> None:
    for prepared, bound in rows.statements(values):
        writer.run(prepared, bound)


def _insert(writer: Writer, rows: Rows, values: Sequence[Sequence[Any]]) -> dict[str, int]:
    found = (writer.all(prepared, bound) for prepared, bound in rows.statements(values))
    return {digest: pk for some in found for pk, digest in some}


def _known(writer: Writer, table: Table, ids: Sequence[str]) -> dict[str, int]:
    rows = _listed(writer, lambda size: _by_digest(table, size), ids)
    return dict(rows)


def _marked(
    writer: Writer, table: Table, marks: Table, ids: Sequence[str], read: Callable[[bytes], T]
) -> list[tuple[int, T]]:
    """Those that one of the selectors marks."""
    rows = _listed(writer, lambda size: _by_mark(table, marks, size), ids)
    return [(pk, read(bytes(body))) for pk, body in dict(rows).items()]


def _read(writer: Writer, prepared: Prepared, read: Callable[[bytes], T]) -> list[tuple[int, T]]:
    return [(pk, read(bytes(body))) for pk, body in writer.all(prepared, {})]


def _listed(writer: Writer, prepared: Callable[[int], Prepared], ids: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    for some in batches(ids):
        yield from writer.all(prepared(len(some)), {f"id{place}": id for place, id in enumerate(some)})


@cache
def _by_digest(table: Table, size: int) -> Prepared:
    return Prepared(_in(select(table.c.digest, table.c.pk), table.c.digest, size))


@cache
def _by_mark(table: Table, marks: Table, size: int) -> Prepared:
    joined = select(table.c.pk, table.c.body).join(marks, marks.c[f"{table.name}_pk"] == table.c.pk)
    return Prepared(_in(joined, marks.c.selector_id, size))


def _in(statement: Select[Any], column: Column[Any], size: int) -> Select[Any]:
    return statement.where(column.in_([bindparam(f"id{place}", type_=String) for place in range(size)]))
