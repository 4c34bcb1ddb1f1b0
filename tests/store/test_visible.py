"""Consent in SQL and the pure rule are one: over random small worlds, and on the cases of the truth table."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import bindparam, select

from gateway.rules.access import Visibility
from gateway.rules.audit import Act, AuditEntry
from gateway.store import consents, history, resources, tables
from gateway.store.database import Database
from gateway.store.visible import shielded
from tests.permits import permit

START = datetime(2026, 9, 1, tzinfo=UTC)
ENTRY = AuditEntry(Act.CREATE, START, None)

IDS = select(tables.resource.c.id)
SHIELDED = shielded(IDS.where(tables.resource.c.is_current == bindparam("current")))


def test_a_prepared_statement_does_not_run_without_a_visibility(database: Database) -> None:
    with pytest.raises(KeyError), database.read() as db:
        db.all(SHIELDED, {"current": True})


def test_the_pure_rule_holds_even_where_the_sql_would_not(
    database: Database, publish: Callable[..., Any], seen_by: Callable[..., Visibility]
) -> None:
    stored = publish(patient="p1", custodian="clinic")
    with database.read() as db:
        assert resources.permitted(db, seen_by("elsewhere"), [stored]) == []
        assert resources.permitted(db, seen_by("clinic"), [stored]) == [stored]


def test_what_is_hidden_reads_like_what_is_absent(
    database: Database, publish: Callable[..., Any], seen_by: Callable[..., Visibility]
) -> None:
    publish(id="hidden")
    with database.read() as db:
        for id in ("hidden", "absent"):
            assert resources.read(db, seen_by("elsewhere"), "DocumentReference", id) is None
            assert resources.vread(db, seen_by("elsewhere"), "DocumentReference", id, 1) is None
            assert history.history(db, seen_by("elsewhere"), ["DocumentReference"], id, count=9) == []


@pytest.mark.spec("F-059")
def test_each_version_is_judged_by_its_own_labels_and_todays_consent(
    database: Database, publish: Callable[..., Any], seen_by: Callable[..., Visibility]
) -> None:
    publish(confidentiality="V")
    second = publish(confidentiality="R")

    def versions() -> list[int]:
        with database.read() as db:
            found = history.history(db, seen_by("hospital"), ["DocumentReference"], "d1", count=9)
            assert resources.vread(db, seen_by("hospital"), "DocumentReference", "d1", 1) is None
            return [row.version for row in found]

    assert versions() == []
    with database.write() as writer:
        consents.enforce(writer, ENTRY, "p1", [permit("p1")])
    assert versions() == [second.version]
    with database.write() as writer:
        consents.enforce(writer, ENTRY, "p1", [])
    assert versions() == []
