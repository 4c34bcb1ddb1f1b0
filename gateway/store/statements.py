"""Statements built once and compiled once per engine, then run by the driver's own cursor.

SQLAlchemy writes the SQL of both engines; executing through it costs several times the query itself on
a point read (README.md has the numbers), so the paths that matter hand the text to the driver.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from typing import Any, TypeVar

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Delete,
    Dialect,
    Insert,
    Select,
    Table,
    Update,
    bindparam,
    insert,
    literal_column,
)
from sqlalchemy.sql.compiler import SQLCompiler

from gateway.store.tables import audit

T = TypeVar("T")
_SIZES = (64, 32, 16, 8, 4, 2, 1)


@dataclass(frozen=True, slots=True)
class Compiled:
    """SQL text of one engine, and how that engine wants its values."""

    sql: str
    bind: Callable[[Mapping[str, Any]], Any]


class Prepared:
    """A statement with named parameters. `columns` names the columns an INSERT fills.

    Values are given as the driver takes them: str, int, bool, bytes or None. No lists: an IN over constants
    is written with literals, an IN over values goes through SQLAlchemy.
    """

    __slots__ = ("_columns", "_compiled", "_statement", "is_record", "is_write")

    def __init__(
        self,
        statement: Select[Any] | Insert | Update | Delete,
        columns: Iterable[str] | None = None,
    ) -> None:
        self._statement = statement
        self._columns = list(columns) if columns is not None else None
        self._compiled: dict[str, Compiled] = {}
        self.is_write = isinstance(statement, Insert | Update | Delete)
        self.is_record = isinstance(statement, Insert) and statement.table is audit

    def on(self, dialect: Dialect) -> Compiled:
        found = self._compiled.get(dialect.name)
        if found is None:
            found = self._compiled[dialect.name] = self._compile(dialect)
        return found

    def _compile(self, dialect: Dialect) -> Compiled:
        compiled = self._statement.compile(dialect=dialect, column_keys=self._columns)
        assert isinstance(compiled, SQLCompiler)
        constants = {
            name: bind.effective_value
            for bind, name in compiled.bind_names.items()
            if not bind.required and name not in (self._columns or ())
        }
        return Compiled(compiled.string, _binder(compiled.positiontup, constants))


def up_to(count: int | str) -> ColumnElement[int]:
    """How many rows a statement gives, for its `limit`: a number, or the name of what says it.

    SQLite looks at a bare parameter there when it plans, so it would prepare the statement anew whenever one is bound.
    """
    if isinstance(count, int):
        return literal_column(str(count), BigInteger)
    return bindparam(count, type_=BigInteger) + literal_column("0", BigInteger)


class Rows:
    """An INSERT of any number of rows into a table, its `columns` in their order; `returning` gives those back, the
    rows in no order.

    Each statement is a wait for the interpreter, which the requests that are served meanwhile hold, so they are few.
    """

    __slots__ = ("_columns", "_prepared", "_returning", "_table")

    def __init__(self, table: Table, columns: Iterable[str], returning: Iterable[str] = ()) -> None:
        self._table = table
        self._columns = list(columns)
        self._returning = [table.c[name] for name in returning]
        self._prepared: dict[int, tuple[Prepared, list[str]]] = {}

    def statements(self, rows: Sequence[Sequence[Any]]) -> Iterator[tuple[Prepared, dict[str, Any]]]:
        """What inserts the rows: each statement with its values."""
        for some in batches(rows):
            prepared, names = self._prepared.get(len(some)) or self._of(len(some))
            yield prepared, dict(zip(names, chain.from_iterable(some), strict=True))

    def _of(self, size: int) -> tuple[Prepared, list[str]]:
        rows: list[dict[str, BindParameter[Any]]] = [
            {column: bindparam(f"{column}{place}") for column in self._columns} for place in range(size)
        ]
        statement = insert(self._table).values(rows)
        prepared = Prepared(statement.returning(*self._returning) if self._returning else statement)
        names = [bound.key for row in rows for bound in row.values()]
        self._prepared[size] = prepared, names
        return prepared, names


def batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """The items in order, by lengths that are few, so that few statements are compiled."""
    done = 0
    for size in _SIZES:
        while len(items) - done >= size:
            yield items[done : done + size]
            done += size


def _binder(order: list[str] | None, constants: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], Any]:
    """How named values become what the driver takes: a tuple in the statement's order, or one mapping."""
    if order is None:
        return lambda values: {**constants, **values}
    if not order:
        return lambda values: ()
    pick = itemgetter(*order) if len(order) > 1 else lambda values: (values[order[0]],)
    if not set(order) & set(constants):
        return pick
    return lambda values: pick({**constants, **values})
