"""How long a caller may keep the database at work: nobody holds a thread, or the lock of those who write, for long.

On SQLite the work of this thread is counted, told by the progress handler; on PostgreSQL the time of each statement.
https://www.sqlite.org/c3ref/progress_handler.html
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import thread_time

from gateway.store.database import Reader

_STEPS = 200_000  # of SQLite's machine between two looks at the clock: some ten milliseconds
_CANCELLED = "57014"  # https://www.postgresql.org/docs/current/errcodes-appendix.html


class TooLong(Exception):
    """The work was given up."""


@contextmanager
def at_most(db: Reader, seconds: float) -> Iterator[None]:
    """What the block may take, together with such blocks before it in this unit of work. Raises TooLong."""
    begun, left = thread_time(), seconds - db.spent
    is_file = db.connection.dialect.name == "sqlite"

    def is_over() -> bool:
        return thread_time() - begun > left

    if is_file:
        db._driver.set_progress_handler(is_over, _STEPS)
    else:
        db.connection.exec_driver_sql(f"SET LOCAL statement_timeout = {max(1, int(left * 1000))}")
    try:
        yield
    except Exception as error:
        if is_over() if is_file else _is_cancelled(error):
            raise TooLong from None
        raise
    else:
        if not is_file:
            db.connection.exec_driver_sql("SET LOCAL statement_timeout = DEFAULT")
    finally:
        db.spent += thread_time() - begun
        if is_file:
            db._driver.set_progress_handler(None, 0)


def _is_cancelled(error: Exception) -> bool:
    return getattr(getattr(error, "orig", error), "sqlstate", None) == _CANCELLED
