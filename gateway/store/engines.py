"""How a connection to each engine is opened: an encrypted SQLite file, or PostgreSQL.

SQLCipher: https://www.zetetic.net/sqlcipher/sqlcipher-api/ . The key is given raw (`x'…'`): deriving it from a
passphrase would cost half a second per connection.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

import sqlcipher3.dbapi2 as sqlcipher
from sqlalchemy import Engine, NullPool, create_engine, make_url

OperationalError = sqlcipher.OperationalError
BUSY_MILLISECONDS = 15_000
_PRAGMAS = (
    f"busy_timeout = {BUSY_MILLISECONDS}",
    "journal_mode = WAL",
    "synchronous = FULL",  # an audit row is durable when its commit returns
    "foreign_keys = ON",
    "wal_autocheckpoint = 4000",  # pages; a page that every commit touches is copied once for all of them
    "cache_size = -32768",  # KiB; pages are deciphered when read from the file, not when found in the cache
    "temp_store = MEMORY",  # nothing deciphered is spilled to a plain file
)


class CannotOpen(Exception):
    """The database is not there to be opened, or not under this key."""


def open_engine(url: str, key: bytes | None) -> Engine:
    """The engine of a database URL: `sqlite:///path` (with a 32-byte key) or `postgresql+psycopg://…`."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_size=16, max_overflow=0, pool_pre_ping=True)
    if key is None or len(key) != 32:
        raise CannotOpen("an SQLite database is encrypted: a key of 32 bytes is needed")
    if not parsed.database or parsed.database == ":memory:":
        raise CannotOpen("an SQLite database is a file: name it in the URL")
    connect = partial(_connect, Path(parsed.database), key)
    return create_engine("sqlite://", module=sqlcipher, creator=connect, poolclass=NullPool)


def _connect(path: Path, key: bytes) -> Any:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    # No implicit transactions: the unit of work opens and ends each one itself.
    connection = sqlcipher.connect(str(path), isolation_level=None, check_same_thread=False, cached_statements=512)
    try:
        connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
    except sqlcipher.DatabaseError as error:
        connection.close()
        raise CannotOpen("the database file cannot be read with this key") from error
    return connection
