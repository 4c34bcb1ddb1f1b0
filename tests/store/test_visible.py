"""Consent in SQL and the pure rule are one: over random small worlds, and on the cases of the truth table."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import bindparam, insert, select

from gateway.rules.access import Visibility
from gateway.rules.audit import Act, AuditEntry
from gateway.rules.consent import ROOT_PERMIT, Effect, Facts, Rule, Shape, decide
from gateway.store import consents, history, resources, tables
from gateway.store.database import Database, Writer
from gateway.store.visible import parameters, shielded

START = datetime(2026, 9, 1, tzinfo=UTC)
# Few values, so that rules often meet the rows they speak of.
PATIENTS, ORGANIZATIONS, PURPOSES = ["p1", "p2"], ["a", "b"], ["TREAT", "HRESCH"]
ENTRY = AuditEntry(Act.CREATE, START, None)
days = st.sampled_from([START + timedelta(days=number) for number in range(3)])

facts = st.builds(
    Facts,
    patient_id=st.sampled_from([*PATIENTS, None]),
    custodian_id=st.sampled_from([None, *ORGANIZATIONS]),
    confidentiality=st.sampled_from("UMNRV"),
    consent_id=st.sampled_from([None, None, "its own"]),
)
rules = st.builds(
    Rule,
    patient_id=st.sampled_from(PATIENTS),
    consent_id=st.sampled_from(["0", "1"]),
    consent_version=st.integers(1, 2),
    recipient_id=st.sampled_from(ORGANIZATIONS),
    purpose=st.sampled_from(PURPOSES),
    shape=st.builds(Shape, st.sampled_from([Effect.PERMIT, Effect.PERMIT, Effect.DENY]), st.sampled_from("NRV")),
    valid_from=days,
    valid_until=days.map(lambda day: day + timedelta(days=1)),
)
sights = st.builds(Visibility, st.sampled_from(ORGANIZATIONS), st.sampled_from(PURPOSES), days)

IDS = select(tables.resource.c.id)
SHIELDED = shielded(IDS.where(tables.resource.c.is_current == bindparam("current")))


class Undone(Exception):
    """Leaves a world as if it had never been."""


def build(writer: Writer, world: list[Facts], rules: list[Rule]) -> None:
    rows = [
        {
            "type": "Consent" if each.consent_id else "Basic",
            "id": str(number),
            "version": 1,
            "is_current": True,
            "is_deleted": False,
            "patient_id": each.patient_id,
            "custodian_id": each.custodian_id,
            "confidentiality": each.confidentiality,
            "updated_at": number,
            "method": "POST",
            "text": b"{}",
        }
        for number, each in enumerate(world)
    ]
    writer.connection.execute(insert(tables.resource), rows)
    for consent in {rule.consent_id for rule in rules}:
        consents.enforce(writer, ENTRY, consent, [rule for rule in rules if rule.consent_id == consent])


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(facts, min_size=1, max_size=8), st.lists(rules, max_size=8), st.lists(sights, min_size=1, max_size=4))
def test_sql_and_rule_let_the_same_rows_out(
    database: Database, world: list[Facts], rules: list[Rule], sights: list[Visibility]
) -> None:
    with pytest.raises(Undone), database.write() as writer:
        world = [each._replace(consent_id=each.consent_id and str(number)) for number, each in enumerate(world)]
        build(writer, world, rules)
        for sight in sights:
            decisions = [decide(each, sight, rules) for each in world]
            expected = {str(number) for number, decision in enumerate(decisions) if decision.permits}
            assert {id for (id,) in writer.all(SHIELDED, {**parameters(sight), "current": True})} == expected
            found = history.history(writer, sight, ("Basic", "Consent"), count=100)
            assert {row.id for row in found} == expected
            assert {row.id: set(row.consents) for row in found} == {
                id: set(decisions[int(id)].consents) for id in expected
            }
        raise Undone


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
    rule = Rule("p1", "c1", 1, "hospital", "TREAT", ROOT_PERMIT, START, START + timedelta(days=9))

    def versions() -> list[int]:
        with database.read() as db:
            found = history.history(db, seen_by("hospital"), ["DocumentReference"], "d1", count=9)
            assert resources.vread(db, seen_by("hospital"), "DocumentReference", "d1", 1) is None
            return [row.version for row in found]

    assert versions() == []
    with database.write() as writer:
        consents.enforce(writer, ENTRY, "c1", [rule])
    assert versions() == [second.version]
    with database.write() as writer:
        consents.enforce(writer, ENTRY, "c1", [])
    assert versions() == []
