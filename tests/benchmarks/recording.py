"""What the gateway says to its database: every statement, as the driver hears it; and the same said again raw."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from gateway.store.database import Database, Kept


class Statement(NamedTuple):
    """SQL text and its values: of one row, or of several."""

    sql: str
    values: Any
    is_many: bool = False

    @property
    def is_write(self) -> bool:
        return not self.sql.lstrip().upper().startswith(("SELECT", "WITH"))

    @property
    def reads_resources(self) -> bool:
        return not self.is_write and "resource.text" in self.sql


class Recording(Database):
    """A database that writes down in `said` what is asked of it, until `take` is called."""

    def __init__(self, url: str, key: bytes) -> None:
        super().__init__(url, key)
        self.said: list[Statement] = []

    def take(self) -> list[Statement]:
        taken, self.said[:] = list(self.said), []
        return taken

    def _take(self) -> Kept:
        kept = super()._take()
        if not isinstance(kept.driver, _Driver):
            kept.driver = _Driver(kept.driver, self.said)
        return kept


class _Driver:
    def __init__(self, driver: Any, said: list[Statement]) -> None:
        self._driver = driver
        self._said = said

    def __getattr__(self, name: str) -> Any:
        return getattr(self._driver, name)

    def cursor(self) -> _Cursor:
        return _Cursor(self._driver.cursor(), self._said)


class _Cursor:
    def __init__(self, cursor: Any, said: list[Statement]) -> None:
        self._cursor = cursor
        self._said = said

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._cursor)

    def execute(self, sql: str, values: Any) -> None:
        self._said.append(Statement(sql, values))
        self._cursor.execute(sql, values)

    def executemany(self, sql: str, values: Any) -> None:
        self._said.append(Statement(sql, values, is_many=True))
        self._cursor.executemany(sql, values)


def replay(driver: Any, statements: list[Statement]) -> None:
    """The writes among the statements, in one transaction of the raw driver."""
    driver.execute("BEGIN IMMEDIATE")
    for sql, values, is_many in statements:
        cursor = driver.cursor()
        if is_many:
            cursor.executemany(sql, values)
        else:
            cursor.execute(sql, values)
            if "RETURNING" in sql:
                cursor.fetchall()
    driver.commit()
