"""The revisions and `tables.py` say the same; each goes up and down again."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_mock_engine
from sqlalchemy.dialects import postgresql

from gateway.store import migrate, tables
from gateway.store.engines import open_engine

REVISIONS = [script.revision for script in ScriptDirectory(str(migrate.REVISIONS)).walk_revisions()][::-1]


@pytest.fixture
def connection(place: Any) -> Iterator[Connection]:
    migrate.upgrade(place.url, place.key)
    engine = open_engine(place.url, place.key)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def statements(connection: Connection) -> set[str]:
    """What makes each table and index, without white space and the order of a table's parts."""
    found = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
    return {_sorted(sql) for (sql,) in found if "sqlite_sequence" not in sql and "alembic_version" not in sql}


def _sorted(sql: str) -> str:
    text = re.sub(r"\s+", " ", sql).replace("( ", "(").replace(" )", ")").replace(" ,", ",")
    return text if text.startswith("CREATE INDEX") else ", ".join(sorted(text.removesuffix(")").split(", ")))


def test_a_migrated_database_is_what_the_tables_say(connection: Connection) -> None:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    assert compare_metadata(context, tables.metadata) == []


def test_even_to_the_letter(connection: Connection, tmp_path: Any, place: Any) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'other.db'}", place.key)
    tables.metadata.create_all(engine)
    with engine.connect() as other:
        assert statements(connection) == statements(other)
    engine.dispose()


@pytest.mark.parametrize("revision", REVISIONS)
def test_each_revision_goes_down_and_up_again(place: Any, revision: str) -> None:
    def schema() -> set[str]:
        engine = open_engine(place.url, place.key)
        with engine.connect() as connection:
            return statements(connection)

    former = REVISIONS[REVISIONS.index(revision) - 1] if revision != REVISIONS[0] else None
    if former is not None:
        migrate.upgrade(place.url, place.key, former)
    down = schema() if former is not None else set()
    migrate.upgrade(place.url, place.key, revision)
    up = schema()
    migrate.downgrade(place.url, place.key, "-1")
    assert schema() == down
    migrate.upgrade(place.url, place.key, revision)
    assert schema() == up


def test_migrating_again_changes_nothing(place: Any, connection: Connection) -> None:
    before = statements(connection)
    connection.rollback()
    migrate.upgrade(place.url, place.key)
    assert statements(connection) == before


def test_processes_that_start_together_take_turns(place: Any) -> None:
    code = "import sys; from gateway.store.migrate import upgrade; upgrade(sys.argv[1], bytes.fromhex(sys.argv[2]))"
    started = [subprocess.Popen([sys.executable, "-c", code, place.url, place.key.hex()]) for _ in range(3)]
    assert [process.wait(60) for process in started] == [0, 0, 0]


def test_the_tables_can_be_written_for_postgresql() -> None:
    written: list[str] = []

    def write(statement: Any, *_: Any, **__: Any) -> None:
        written.append(str(statement.compile(dialect=postgresql.dialect())))  # type: ignore[no-untyped-call]

    tables.metadata.create_all(create_mock_engine("postgresql+psycopg://", write), checkfirst=False)
    sql = "\n".join(written)
    assert "pk BIGSERIAL" in sql
    assert "WHERE is_current" in sql
