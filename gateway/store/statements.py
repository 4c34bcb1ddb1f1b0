"""Statements built once and compiled once per engine, then run by the driver's own cursor.

SQLAlchemy writes the SQL of both engines; executing through it costs several times the query itself on
a point read (README.md has the numbers), so the paths that matter hand the text to the driver.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from sqlalchemy import Delete, Dialect, Insert, Select, Update
from sqlalchemy.sql.compiler import SQLCompiler

from gateway.store.tables import audit


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
