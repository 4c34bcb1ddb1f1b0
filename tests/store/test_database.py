"""The unit of work: encrypted, all or nothing, never unaudited."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import bindparam, delete, insert, select

from gateway.rules.audit import AuditEntry
from gateway.store import audit, tables
from gateway.store.database import Database, UnauditedWrite
from gateway.store.engines import CannotOpen
from gateway.store.resources import Stored
from gateway.store.statements import Prepared

CUSTODIAN = {"organization_id": "o1"}
ADD = Prepared(insert(tables.custodian), CUSTODIAN)
CUSTODIANS = Prepared(select(tables.custodian.c.organization_id))


def custodians(database: Database) -> list[Any]:
    with database.read() as db:
        return [id for (id,) in db.all(CUSTODIANS, {})]


def test_the_file_says_nothing_without_its_key(database: Database, place: Any, publish: Callable[..., Stored]) -> None:
    publish(description="a word nobody else uses: quillwort")
    files = [path for path in place.path.parent.iterdir() if path.name.startswith(place.path.name)]
    assert len(files) > 1  # the write-ahead log lies beside the database
    assert all(b"quillwort" not in path.read_bytes() and b"CREATE" not in path.read_bytes() for path in files)
    with pytest.raises(sqlite3.DatabaseError):
        sqlite3.connect(place.path).execute("SELECT * FROM sqlite_master").fetchall()


def test_another_key_does_not_open_it(database: Database, place: Any) -> None:
    with pytest.raises(CannotOpen), Database(place.url, os.urandom(32)).read():
        pass


@pytest.mark.parametrize("key", [None, b"short"])
def test_there_is_no_unencrypted_database(place: Any, key: bytes | None) -> None:
    with pytest.raises(CannotOpen):
        Database(place.url, key)


def test_only_the_owner_may_read_the_files(database: Database, place: Any, publish: Callable[..., Stored]) -> None:
    publish()
    modes = {path.name: path.stat().st_mode & 0o777 for path in place.path.parent.iterdir()}
    assert set(modes.values()) == {0o600}, modes


def test_a_commit_is_on_the_disk_when_it_returns(database: Database) -> None:
    with database.read() as db:
        pragmas = [db.connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")]
    assert pragmas == ["wal", 2]


def test_a_prepared_write_without_an_entry_is_refused(database: Database) -> None:
    with pytest.raises(UnauditedWrite), database.write() as writer:
        writer.run(ADD, CUSTODIAN)
    assert custodians(database) == []


def test_a_write_through_sqlalchemy_without_an_entry_is_refused(database: Database) -> None:
    with pytest.raises(UnauditedWrite), database.write() as writer:
        writer.connection.execute(insert(tables.custodian), [CUSTODIAN])
    assert custodians(database) == []


def test_a_write_as_plain_sql_without_an_entry_is_refused(database: Database, entry: Callable[..., AuditEntry]) -> None:
    with database.write() as writer:
        writer.run(ADD, CUSTODIAN)
        audit.record(writer, entry())
    with pytest.raises(UnauditedWrite), database.write() as writer:
        writer.connection.exec_driver_sql("  delete from custodian")
    assert custodians(database) == ["o1"]


def test_an_audited_write_is_kept_with_its_entry_once(
    database: Database, entry: Callable[..., AuditEntry], audited: Callable[[], int]
) -> None:
    one = entry()
    with database.write() as writer:
        writer.run(ADD, CUSTODIAN)
        audit.record(writer, one)
        audit.record(writer, one)
    assert custodians(database) == ["o1"]
    assert audited() == 1


def test_equal_entries_of_two_acts_are_two_rows(
    database: Database, entry: Callable[..., AuditEntry], audited: Callable[[], int]
) -> None:
    with database.write() as writer:
        audit.record(writer, entry())
        audit.record(writer, entry())
    assert audited() == 2


def test_an_exception_leaves_nothing(
    database: Database, entry: Callable[..., AuditEntry], audited: Callable[[], int]
) -> None:
    with pytest.raises(KeyError), database.write() as writer:
        writer.run(ADD, CUSTODIAN)
        audit.record(writer, entry())
        raise KeyError
    assert custodians(database) == []
    assert audited() == 0


@pytest.mark.parametrize("way", ["prepared", "sqlalchemy"])
def test_a_reader_cannot_write(database: Database, way: str) -> None:
    with pytest.raises(UnauditedWrite), database.read() as db:
        if way == "prepared":
            db.all(
                Prepared(
                    delete(tables.custodian).where(tables.custodian.c.organization_id == bindparam("the_organization"))
                ),
                {"the_organization": "o1"},
            )
        else:
            db.connection.execute(insert(tables.custodian), [CUSTODIAN])


def test_a_reader_sees_one_state_while_others_write(database: Database, entry: Callable[..., AuditEntry]) -> None:
    with database.read() as db:
        before = db.all(CUSTODIANS, {})
        with database.write() as writer:
            writer.run(ADD, CUSTODIAN)
            audit.record(writer, entry())
        assert db.all(CUSTODIANS, {}) == before
    assert custodians(database) == ["o1"]


KILLED = """
import os, sys
from gateway.rules.audit import Act, AuditEntry
from gateway.store import resources
from gateway.store.database import Database
from datetime import UTC, datetime
database = Database(sys.argv[1], bytes.fromhex(sys.argv[2]))
entry = AuditEntry(Act.CREATE, datetime.now(UTC), None)
with database.write() as writer:
    for number in range(200):
        body = {"resourceType": "DocumentReference", "id": f"d{number}", "description": "x" * 100_000}
        resources.publish(writer, entry, resources.New(body, "p1", "clinic"))
    print("midway", flush=True)
    sys.stdin.read()
"""


def test_a_process_killed_midway_leaves_nothing(
    database: Database, place: Any, audited: Callable[[], int], publish: Callable[..., Stored]
) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, place.url, place.key.hex()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None and child.stdout.readline() == b"midway\n"
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    with database.read() as db:
        assert db.connection.exec_driver_sql("SELECT count(*) FROM resource").scalar() == 0
    assert audited() == 0
    assert publish().version == 1  # and the lock died with it
