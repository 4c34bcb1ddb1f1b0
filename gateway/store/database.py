"""The unit of work: one transaction, for reading or for writing, on SQLite or PostgreSQL.

A `Reader` sees one consistent state. A `Writer` commits everything or nothing, and refuses to commit what no
audit entry speaks of. `.connection` is SQLAlchemy's; `one`, `all` and `run` take prepared statements and go
straight to the driver.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock, get_ident
from typing import Any

from sqlalchemy import Connection, event

from gateway.rules.audit import AuditEntry
from gateway.store.engines import BUSY_MILLISECONDS, OperationalError, open_engine
from gateway.store.statements import Prepared
from gateway.store.tables import audit

_WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")
_WRITE_LOCK_SECONDS = 60.0


class Busy(Exception):
    """Somebody else is writing, and the caller does not want to wait."""


class UnauditedWrite(Exception):
    """A transaction wrote without an audit entry, or wrote where only reading was asked for; nothing is kept."""


@dataclass(slots=True)
class Kept:
    """An open connection: SQLAlchemy's, the driver's beneath it, and the notes both share."""

    connection: Connection
    driver: Any
    notes: dict[Any, Any]


class Reader:
    """One transaction in which nothing can be written. `spent`: seconds of work that were counted (budget.py)."""

    __slots__ = ("_dialect", "_driver", "connection", "spent")

    def __init__(self, kept: Kept) -> None:
        self.connection = kept.connection
        self._driver = kept.driver
        self._dialect = kept.connection.dialect
        self.spent = 0.0

    def one(self, prepared: Prepared, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """The first row, or None."""
        row: tuple[Any, ...] | None = self._execute(prepared, values).fetchone()
        return row

    def all(self, prepared: Prepared, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = self._execute(prepared, values).fetchall()
        return rows

    def each(self, prepared: Prepared, values: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
        """The rows one by one; those that are not asked for are not read."""
        cursor = self._execute(prepared, values)
        try:
            yield from cursor
        finally:
            cursor.close()

    def _execute(self, prepared: Prepared, values: Mapping[str, Any]) -> Any:
        self.note(prepared.is_write, prepared.is_record)
        compiled = prepared.on(self._dialect)
        cursor = self._driver.cursor()
        cursor.execute(compiled.sql, compiled.bind(values))
        return cursor

    def note(self, is_write: bool, is_record: bool) -> None:
        """Told of every statement before it runs."""
        if is_write:
            raise UnauditedWrite("a reader cannot write")


class Writer(Reader):
    """One transaction that may write. `at` is when it began, and the time its versions carry."""

    __slots__ = ("at", "entries", "has_written")

    def __init__(self, kept: Kept, at: datetime) -> None:
        super().__init__(kept)
        self.at = at
        self.entries: dict[int, AuditEntry] = {}  # by identity; holding them keeps the identities apart
        self.has_written = False

    def run(self, prepared: Prepared, values: Mapping[str, Any]) -> int:
        """Execute one write; how many rows it touched."""
        count: int = self._execute(prepared, values).rowcount
        return count

    def run_many(self, prepared: Prepared, rows: Iterable[Mapping[str, Any]]) -> None:
        """Execute one write for each row of values."""
        self.note(prepared.is_write, prepared.is_record)
        compiled = prepared.on(self._dialect)
        self._driver.cursor().executemany(compiled.sql, [compiled.bind(row) for row in rows])

    def alone(self) -> None:
        """What is asked from now on stays so until this transaction ends. On SQLite nobody else writes meanwhile;
        elsewhere transactions that ask for this take turns."""
        if self._dialect.name == "postgresql":
            self.connection.exec_driver_sql("SELECT pg_advisory_xact_lock(4002)")

    def note(self, is_write: bool, is_record: bool) -> None:
        if is_write and not is_record:
            self.has_written = True

    def check(self) -> None:
        """Raise `UnauditedWrite` if something was written that no entry records."""
        if self.has_written and not self.entries:
            raise UnauditedWrite("a transaction wrote without an audit entry")


def _now() -> datetime:
    return datetime.now(UTC)


class Database:
    """Gives units of work. SQLite connections are kept open between them; PostgreSQL's come from a pool."""

    def __init__(self, url: str, key: bytes | None, *, clock: Callable[[], datetime] = _now) -> None:
        self.engine = open_engine(url, key)
        self._clock = clock
        self.is_file = self.engine.dialect.name == "sqlite"
        self._free: list[Kept] = []
        self._home: int | None = None
        self._at_home: list[Kept] = []
        self._writing = Lock()
        event.listen(self.engine, "before_cursor_execute", _notice)

    @contextmanager
    def read(self) -> Iterator[Reader]:
        """One consistent state for all that is read in the block."""
        kept = self._take()
        try:
            if self.is_file:
                kept.driver.execute("BEGIN")
            reader = kept.notes["unit"] = Reader(kept)
            yield reader
        finally:
            self._give_back(kept)

    def glance(self) -> Glance:
        """For a point read: each statement sees the newest state. To begin and end a transaction costs as much as the
        read itself."""
        return Glance(self)

    def make_home(self) -> None:
        """Give this thread a connection of its own. What another connection commits empties the cache of pages, which
        are deciphered anew; a thread that reads and commits on one connection keeps its cache."""
        self._home = get_ident()

    @contextmanager
    def write(self, *, wait: bool = True) -> Iterator[Writer]:
        """Commit at the end of the block; roll back on any exception. Raises `UnauditedWrite`; without `wait`, Busy."""
        with self._turn(wait):
            kept = self._take()
            try:
                self._begin(kept, wait)
                writer = kept.notes["unit"] = Writer(kept, self._clock())
                yield writer
                writer.check()
                kept.driver.commit()
            finally:
                self._give_back(kept)

    def _begin(self, kept: Kept, wait: bool) -> None:
        if not self.is_file:
            return
        if wait:
            kept.driver.execute("BEGIN IMMEDIATE")
            return
        kept.driver.execute("PRAGMA busy_timeout = 0")
        try:
            kept.driver.execute("BEGIN IMMEDIATE")
        except OperationalError:
            raise Busy from None
        finally:
            kept.driver.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")

    def close(self) -> None:
        """Close every connection that is not in use."""
        for pool in (self._free, self._at_home):
            while pool:
                pool.pop().connection.close()
        self.engine.dispose()

    @contextmanager
    def _turn(self, wait: bool) -> Iterator[None]:
        """SQLite has one writer at a time: threads of one process queue here rather than poll the file's lock."""
        if not self.is_file:
            yield
            return
        if not self._writing.acquire(timeout=_WRITE_LOCK_SECONDS if wait else 0):
            raise TimeoutError("another transaction of this process holds the database") if wait else Busy
        try:
            yield
        finally:
            self._writing.release()

    def _pool(self) -> list[Kept]:
        return self._at_home if self._home == get_ident() else self._free

    def _take(self) -> Kept:
        try:
            return self._pool().pop()  # atomic: shared by threads
        except IndexError:
            connection = self.engine.connect()
            return Kept(connection, connection.connection.driver_connection, connection.info)

    def _give_back(self, kept: Kept) -> None:
        """End whatever is open (a commit has left nothing), and keep the connection if it is sound."""
        kept.notes.pop("unit", None)
        try:
            if not self.is_file or kept.driver.in_transaction:
                kept.driver.rollback()
            if kept.connection.in_transaction():
                kept.connection.rollback()
        except BaseException:
            kept.connection.invalidate()
            raise
        if self.is_file:
            self._pool().append(kept)
        else:
            kept.connection.close()


class Glance:
    """Lends a connection for a block, without a transaction. A class, as a generator would cost more."""

    __slots__ = ("_database", "_kept")

    def __init__(self, database: Database) -> None:
        self._database = database

    def __enter__(self) -> Reader:
        self._kept = self._database._take()
        return Reader(self._kept)

    def __exit__(self, *_: object) -> None:
        self._database._give_back(self._kept)


def _notice(connection: Connection, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
    """Statements that go through SQLAlchemy are noticed as well."""
    unit = connection.info.get("unit")
    if unit is None:  # no unit of work: a migration
        return
    compiled = getattr(context, "compiled", None)
    changes = compiled is not None and (context.isinsert or context.isupdate or context.isdelete)
    is_record = compiled is not None and context.isinsert and compiled.statement.table is audit
    unit.note(changes or statement.lstrip()[:8].upper().startswith(_WRITES), is_record)
