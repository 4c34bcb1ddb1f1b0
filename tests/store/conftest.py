"""A fresh encrypted database, and short ways to fill it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.fhir.labels import CONFIDENTIALITY, label
from gateway.rules.access import Visibility
from gateway.rules.audit import Act, AuditEntry
from gateway.store import resources, tables
from gateway.store.database import Database
from gateway.store.resources import New, Stored

NOON = datetime(2026, 9, 2, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Place:
    url: str
    key: bytes
    path: Path


@pytest.fixture
def place(tmp_path: Path) -> Place:
    path = tmp_path / "gateway.db"
    return Place(f"sqlite:///{path}", os.urandom(32), path)


@pytest.fixture
def database(place: Place) -> Iterator[Database]:
    database = Database(place.url, place.key)
    tables.metadata.create_all(database.engine)
    yield database
    database.close()


@pytest.fixture
def entry() -> Callable[..., AuditEntry]:
    def make(act: Act = Act.CREATE, **fields: Any) -> AuditEntry:
        return AuditEntry(act, NOON, None, **fields)

    return make


@pytest.fixture
def publish(database: Database, entry: Callable[..., AuditEntry]) -> Callable[..., Stored]:
    """Publish one resource, in a transaction of its own."""

    def make(
        type: str = "DocumentReference",
        id: str = "d1",
        *,
        patient: str | None = "p1",
        custodian: str | None = "clinic",
        confidentiality: str = "R",
        **elements: Any,
    ) -> Stored:
        resource = label({"resourceType": type, "id": id, **elements}, CONFIDENTIALITY[confidentiality])
        with database.write() as writer:
            return resources.publish(writer, entry(), New(resource, patient, custodian))

    return make


@pytest.fixture
def seen_by() -> Callable[..., Visibility]:
    def make(organization: str = "clinic", purpose: str = "TREAT", at: datetime = NOON) -> Visibility:
        return Visibility(organization, purpose, at)

    return make


@pytest.fixture
def audited(database: Database) -> Callable[[], int]:
    """How many audit rows there are."""

    def count() -> int:
        with database.read() as db:
            found: int = db.connection.exec_driver_sql("SELECT count(*) FROM audit").scalar_one()
            return found

    return count
