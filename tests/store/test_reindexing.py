"""An index made by other search parameters: carried over by the upgrade, told of, made anew in steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.fhir.search.query import parse
from gateway.rules.access import Visibility
from gateway.rules.audit import Act
from gateway.store import migrate, reindexing, resources, search
from gateway.store.database import Database
from gateway.store.engines import open_engine
from gateway.store.resources import New, Stored
from tests.store.conftest import NOON, Place

SEEN = Visibility("clinic", "TREAT", NOON)


def found(database: Database, kind: str, *pairs: tuple[str, str]) -> list[str]:
    with database.read() as db:
        hits = search.search(db, SEEN, parse(kind, list(pairs)), scope={kind: []}, count=10)
    return [hit.stored.id for hit in hits]


def steps(database: Database, entry: Callable[..., Any], count: int) -> int:
    with database.write() as writer:
        return reindexing.go_on(writer, entry(Act.REINDEX), count=count)


def test_a_fresh_database_is_never_behind(database: Database, publish: Callable[..., Stored]) -> None:
    publish()
    with database.read() as db:
        assert not reindexing.is_behind(db)
        assert reindexing.behind(db) == 0


def test_the_work_goes_on_where_it_stopped(
    database: Database, publish: Callable[..., Stored], entry: Callable[..., Any], audited: Callable[[], int]
) -> None:
    for id in ("a", "b", "c"):
        publish(id=id, status="current")
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE resource SET indexed_by = 'former'")
        connection.exec_driver_sql("DELETE FROM ix_token")
    assert found(database, "DocumentReference", ("status", "current")) == []
    before = audited()
    assert steps(database, entry, 2) == 2
    assert found(database, "DocumentReference", ("status", "current")) == ["a", "b"]
    with database.read() as db:
        assert reindexing.behind(db) == 1
    assert (steps(database, entry, 2), steps(database, entry, 2)) == (1, 0)
    assert found(database, "DocumentReference", ("status", "current")) == ["a", "b", "c"]
    assert audited() == before + 2


def test_an_upgrade_keeps_what_was_indexed_and_says_what_is_to_be_done(place: Place, entry: Callable[..., Any]) -> None:
    migrate.upgrade(place.url, place.key)
    database = Database(place.url, place.key)
    person = {"resourceType": "Patient", "id": "p", "name": [{"family": "Müller"}], "birthDate": "1980-02-03"}
    with database.write() as writer:
        resources.publish(writer, entry(), New(person, "p", "clinic"))
    database.close()
    migrate.downgrade(place.url, place.key, "0003")
    engine = open_engine(place.url, place.key)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM ix_string WHERE folded = 'muller'").scalar_one()
    engine.dispose()
    migrate.upgrade(place.url, place.key)
    database = Database(place.url, place.key)
    assert found(database, "Patient", ("family", "mül")) == ["p"]
    assert found(database, "Patient", ("birthdate", "1980")) == ["p"]
    with database.read() as db:
        assert reindexing.behind(db) == 2
    assert [steps(database, entry, 10) for _ in range(3)] == [1, 1, 0]
    assert found(database, "Patient", ("phonetic", "miller")) == ["p"]
    database.close()
