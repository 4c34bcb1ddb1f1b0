"""Versions: each stays, one is current, the stored text is what was published."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import bindparam, func, select

from gateway.fhir.json import parse
from gateway.fhir.labels import RESTRICTED, label
from gateway.rules.access import Visibility
from gateway.rules.audit import AuditEntry
from gateway.store import history, resources, succession
from gateway.store.database import Database
from gateway.store.resources import New, Stored
from gateway.store.succession import Stale
from gateway.store.tables import ix_token
from gateway.store.times import micros

Publish = Callable[..., Stored]
Seen = Callable[..., Visibility]


def test_what_was_published_is_read_back_with_version_and_time(
    database: Database, publish: Publish, seen_by: Seen
) -> None:
    stored = publish(description="first")
    with database.read() as db:
        found = resources.read(db, seen_by(), "DocumentReference", "d1")
    assert found == stored
    body = parse(stored.text)
    assert list(body)[:3] == ["resourceType", "id", "meta"]
    assert body["meta"]["versionId"] == "1"
    assert datetime.fromisoformat(body["meta"]["lastUpdated"]) == stored.updated_at
    assert body["description"] == "first"


def test_a_decimal_keeps_its_digits(publish: Publish) -> None:
    assert b'"value":1.50' in publish(value=Decimal("1.50")).text


def test_publishing_does_not_touch_what_it_was_given(database: Database, entry: Callable[..., AuditEntry]) -> None:
    given = {"resourceType": "Basic", "id": "b1"}
    with database.write() as writer:
        resources.publish(writer, entry(), New(given, None, "clinic"))
    assert given == {"resourceType": "Basic", "id": "b1"}


@pytest.mark.spec("F-052")
def test_every_version_stays_and_the_newest_is_current(database: Database, publish: Publish, seen_by: Seen) -> None:
    first, second = publish(description="first"), publish(description="second")
    assert (first.version, second.version) == (1, 2)
    assert second.updated_at > first.updated_at
    with database.read() as db:
        assert resources.read(db, seen_by(), "DocumentReference", "d1") == second
        assert resources.vread(db, seen_by(), "DocumentReference", "d1", 1) == first
        assert resources.vread(db, seen_by(), "DocumentReference", "d1", 3) is None


def test_versions_follow_each_other_in_time_even_if_the_clock_goes_back(
    database: Database, place: object, entry: Callable[..., AuditEntry], monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter([datetime(2026, 9, 2, tzinfo=UTC), datetime(2026, 9, 1, tzinfo=UTC)])
    monkeypatch.setattr(database, "_clock", lambda: next(times))
    body = {"resourceType": "Basic", "id": "b1"}
    stored = []
    for _ in range(2):
        with database.write() as writer:
            stored.append(resources.publish(writer, entry(), New(body, None, "clinic")))
    assert stored[1].updated_at == stored[0].updated_at + timedelta(microseconds=1)


def test_many_are_published_as_one_by_one_each_with_its_entry(
    database: Database, publish: Publish, seen_by: Seen, entry: Callable[..., AuditEntry]
) -> None:
    """More than one statement takes: the rows that are given back are in no order."""
    first = publish(id="d7")
    ids = [f"d{number}" for number in range(90)]
    made = [(entry(), _document(id)) for id in ids]
    with database.write() as writer:
        stored = resources.publish_all(writer, made)
        assert len(writer.entries) == len(made)
    assert [(each.id, each.version) for each in stored] == [(id, 2 if id == "d7" else 1) for id in ids]
    with database.read() as db:
        assert [resources.read(db, seen_by(), "DocumentReference", id) for id in ids] == stored
        assert resources.vread(db, seen_by(), "DocumentReference", "d7", 1) == first
        counted = select(func.count()).select_from(ix_token).where(ix_token.c.resource_pk == bindparam("pk"))
        rows = [db.connection.scalar(counted, {"pk": each.pk}) for each in (first, *stored)]
    assert rows == [0] + [rows[1]] * len(ids)
    assert rows[1]


def test_of_many_none_is_kept_if_one_does_not_follow(
    database: Database, publish: Publish, seen_by: Seen, entry: Callable[..., AuditEntry]
) -> None:
    publish(id="d2")
    made = [(entry(), replace(_document(id), after=0)) for id in ("d1", "d2")]
    with pytest.raises(Stale), database.write() as writer:
        resources.publish_all(writer, made)
    with database.read() as db:
        assert resources.read(db, seen_by(), "DocumentReference", "d1") is None


@pytest.mark.parametrize("size", [1, 64])
def test_the_versions_that_are_followed_are_looked_up_one_by_one(database: Database, size: int) -> None:
    with database.read() as db:
        compiled = succession._latest(size).on(db.connection.dialect)
        rows = db._driver.execute(f"EXPLAIN QUERY PLAN {compiled.sql}", ["x"] * 2 * size)
        steps = [row[-1] for row in rows]
    assert "SEARCH resource USING INDEX ix_resource_current (type=? AND id=?)" in steps
    assert not [step for step in steps if step.startswith("SCAN resource")]


def _document(id: str) -> New:
    return New(label({"resourceType": "DocumentReference", "id": id, "status": "current"}, RESTRICTED), "p1", "clinic")


@pytest.mark.spec("F-055", "F-056")
def test_history_pages_newest_first_without_gap_or_repeat(database: Database, publish: Publish, seen_by: Seen) -> None:
    published = [publish(id=f"d{number % 2}") for number in range(7)]
    before, pages = None, []
    with database.read() as db:
        while page := history.history(db, seen_by(), ["DocumentReference"], before=before, count=3):
            pages.append(page)
            before = (page[-1].updated_micros, page[-1].pk)
    assert [len(page) for page in pages] == [3, 3, 1]
    assert [row for page in pages for row in page] == published[::-1]


def test_history_of_one_resource_since_a_time(database: Database, publish: Publish, seen_by: Seen) -> None:
    first, second, _ = publish(), publish(), publish(id="other")
    with database.read() as db:
        everything = history.history(db, seen_by(), ["DocumentReference"], "d1", count=10)
        later = history.history(db, seen_by(), ["DocumentReference"], "d1", since=second.updated_at, count=10)
    assert everything == [second, first]
    assert later == [second]
    assert micros(second.updated_at) == second.updated_micros


def test_unlabelled_content_counts_as_very_restricted(database: Database, entry: Callable[..., AuditEntry]) -> None:
    with database.write() as writer:
        stored = resources.publish(writer, entry(), New({"resourceType": "Basic", "id": "b1"}, None, None))
    assert stored.confidentiality == "V"


@pytest.mark.parametrize(
    ("patient", "confidentiality", "is_open"),
    [(None, "U", True), (None, "N", True), (None, "R", False), ("p1", "N", False)],
)
def test_only_open_content_about_no_patient_is_read_without_a_visibility(
    database: Database, publish: Publish, patient: str | None, confidentiality: str, is_open: bool
) -> None:
    publish("Organization", "o1", patient=patient, confidentiality=confidentiality)
    with database.read() as db:
        assert (resources.current(db, "Organization", "o1") is not None) == is_open
