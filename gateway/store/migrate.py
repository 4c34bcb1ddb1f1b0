"""Bring a database to the schema of this release: the revisions in migrations/, the same on both engines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from gateway.store.engines import open_engine

REVISIONS = Path(__file__).parents[2] / "migrations"
_LOCK = 0x6761_7465  # any number, the same for every process that migrates


def upgrade(database_url: str, key: bytes | None, revision: str = "head") -> None:
    """All steps in one transaction; processes that start together take turns. Raises `CannotOpen`."""
    _run(database_url, key, lambda config: command.upgrade(config, revision))


def downgrade(database_url: str, key: bytes | None, revision: str) -> None:
    _run(database_url, key, lambda config: command.downgrade(config, revision))


def _run(database_url: str, key: bytes | None, step: Callable[[Config], None]) -> None:
    engine = open_engine(database_url, key)
    try:
        with engine.connect() as connection:
            _take_turn(connection)
            config = Config()
            config.set_main_option("script_location", str(REVISIONS).replace("%", "%%"))
            config.attributes["connection"] = connection
            step(config)
            connection.commit()
    finally:
        engine.dispose()


def _take_turn(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
