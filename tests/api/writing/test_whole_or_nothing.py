"""A write is kept whole or not at all, whatever fails, and tells the audit log what it did."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.house import House
from tests.laws.test_transaction import faults_until_done
from tests.writers import CATEGORIES, created, delete, note, observation, post, put, send


def provenance(house: House) -> str:
    agent = [{"who": {"reference": f"Practitioner/{house.world.grace}"}}]
    return json.dumps({"resourceType": "Provenance", "recorded": "2026-09-01T10:00:00Z", "agent": agent})


def replacing(house: House) -> dict[str, Any]:
    former = created(house, note(house.world.patient))["id"]
    relation = [{"code": "replaces", "target": {"reference": f"DocumentReference/{former}"}}]
    return note(house.world.patient, relatesTo=relation)


def test_a_create_is_kept_whole_or_not_at_all(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a Provenance of its own, and superseding another note; the fault comes at every statement in turn."""
    sent = replacing(house)
    told = provenance(house)
    assert faults_until_done(house, monkeypatch, lambda: post(house, sent, X_Provenance=told)) > 15
    assert house.rows("SELECT version FROM resource WHERE type = 'DocumentReference' ORDER BY pk") == [(1,), (1,), (2,)]
    assert house.rows("SELECT count(*) FROM resource WHERE type = 'Provenance'") == [(1,)]


def test_an_update_and_a_deletion_are_kept_whole_or_not_at_all(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    made = created(house, observation(house.world.patient))
    assert faults_until_done(house, monkeypatch, lambda: put(house, made | {"status": "amended"})) > 8
    assert faults_until_done(house, monkeypatch, lambda: delete(house, f"Observation/{made['id']}")) > 6
    assert house.rows("SELECT version FROM resource WHERE type = 'Observation' ORDER BY pk") == [(1,), (2,), (3,)]


@pytest.mark.parametrize(
    "trigger",
    [
        "BEFORE INSERT ON audit",
        "BEFORE INSERT ON ix_token",
        "BEFORE INSERT ON resource WHEN new.type = 'Provenance'",
        "BEFORE UPDATE ON resource",
    ],
)
def test_a_failing_table_leaves_nothing_of_a_write(house: House, trigger: str) -> None:
    sent, told = replacing(house), provenance(house)
    before = house.tables()
    house.sabotage(trigger)
    assert post(house, sent, X_Provenance=told).status_code == 500
    house.mend()
    assert house.tables() == before
    assert post(house, sent, X_Provenance=told).status_code == 201


def test_a_refused_write_leaves_its_record_alone(house: House) -> None:
    before = house.tables()
    assert post(house, observation("unknown")).status_code == 403
    assert post(house, observation(house.world.patient, status="x")).status_code == 422
    assert delete(house, "Provenance/x").status_code == 405
    after = house.tables()
    assert {name for name in after if after[name] != before[name]} == {"audit"}
    recorded = "SELECT act, outcome, patient_id, target_type FROM audit WHERE outcome <> '0'"
    assert house.rows(recorded)[:2] == [("create", "8", None, "Observation"), ("create", "4", None, "Observation")]


def events(house: House, type: str) -> list[dict[str, Any]]:
    """What the log tells of the writes of a type, oldest first."""
    rows = "SELECT id FROM audit WHERE target_type = ? AND act IN ('create', 'update', 'patch', 'delete') ORDER BY pk"
    return [house.get(f"/fhir/AuditEvent/{id}", house.auditor).json() for (id,) in house.rows(rows, type)]


def test_each_write_is_told_as_an_audit_event_of_its_kind(house: House) -> None:
    made = created(house, observation(house.world.patient))
    address = f"Observation/{made['id']}"
    put(house, made | {"status": "amended"})
    patch = [{"op": "replace", "path": "/status", "value": "corrected"}]
    send(house, "PATCH", f"/fhir/{address}", patch, Content_Type="application/json-patch+json")
    delete(house, address)
    told = events(house, "Observation")
    profile = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.Patient"
    assert [
        (event["meta"]["profile"][0].removeprefix(profile), event["action"], event["subtype"][0]["code"])
        for event in told
    ] == [("Create", "C", "create"), ("Update", "U", "update"), ("Update", "U", "patch"), ("Delete", "D", "delete")]
    for number, event in enumerate(told, 1):
        assert event["outcome"] == "0"
        references = [entity["what"].get("reference") for entity in event["entity"]]
        assert f"{address}/_history/{number}" in references
        assert f"Patient/{house.world.patient}" in references
        assert [each["requestor"] for each in event["agent"]].count(True) == 1
    client, server = told[3]["agent"][:2]
    assert client["type"]["coding"][0]["code"] == "110150"
    assert server["type"]["coding"][0]["code"] == "custodian"


def test_what_is_about_nobody_is_told_without_a_patient(house: House) -> None:
    created(house, {"resourceType": "Practitioner", "name": [{"family": "Bell"}]})
    (event,) = events(house, "Practitioner")
    assert event["meta"]["profile"] == ["https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.Create"]


def test_what_a_repetition_gives_out_is_recorded_as_read(house: House) -> None:
    sent = note(house.world.patient, identifier=[{"value": "n-1"}])
    made = created(house, sent)
    post(house, sent, If_None_Exist="identifier=n-1")
    put(house, made)
    acts = "SELECT act, patient_id FROM audit WHERE target_id = ? ORDER BY pk"
    patient = house.world.patient
    assert house.rows(acts, made["id"]) == [("create", patient), ("read", patient), ("read", patient)]
    assert CATEGORIES in json.dumps(made)
