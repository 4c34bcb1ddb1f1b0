"""Who a submission speaks of: the custodian's own patients only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gateway.rules.access import Visibility
from gateway.store import registry
from gateway.store.database import Database

MRN = {"system": "https://clinic.example/mrn", "value": "4711"}


@pytest.fixture
def patient(publish: Callable[..., Any]) -> Callable[..., Any]:
    def make(id: str = "p1", custodian: str = "clinic", identifier: dict[str, str] = MRN) -> Any:
        return publish("Patient", id, patient=id, custodian=custodian, identifier=[identifier])

    return make


def found(database: Database, visibility: Visibility, identifier: dict[str, str] = MRN) -> list[str]:
    with database.read() as db:
        rows = registry.patients_identified(db, visibility, identifier["system"], identifier["value"])
    return [row.id for row in rows]


def test_a_patient_is_found_by_id_and_by_identifier(
    database: Database, patient: Callable[..., Any], seen_by: Callable[..., Visibility]
) -> None:
    stored = patient()
    with database.read() as db:
        assert registry.patient(db, seen_by(), "p1") == stored
        assert registry.patients_identified(db, seen_by(), MRN["system"], MRN["value"]) == [stored]


def test_a_patient_of_another_custodian_is_not_found_even_with_the_same_identifier(
    database: Database, patient: Callable[..., Any], seen_by: Callable[..., Visibility]
) -> None:
    patient("p1", "clinic")
    patient("p2", "hospital")
    assert found(database, seen_by("clinic")) == ["p1"]
    assert found(database, seen_by("hospital")) == ["p2"]
    assert found(database, seen_by("elsewhere")) == []
    with database.read() as db:
        assert registry.patient(db, seen_by("clinic"), "p2") is None


def test_an_identifier_of_two_patients_is_ambiguous(
    database: Database, patient: Callable[..., Any], seen_by: Callable[..., Visibility]
) -> None:
    patient("p1")
    patient("p2")
    assert sorted(found(database, seen_by())) == ["p1", "p2"]


def test_system_and_value_must_both_fit(
    database: Database, patient: Callable[..., Any], seen_by: Callable[..., Visibility]
) -> None:
    patient()
    assert found(database, seen_by(), MRN | {"system": "https://other.example"}) == []
    assert found(database, seen_by(), MRN | {"value": "47110"}) == []


def test_an_identifier_of_a_former_version_finds_nothing(
    database: Database, patient: Callable[..., Any], seen_by: Callable[..., Visibility]
) -> None:
    patient()
    patient(identifier=MRN | {"value": "4712"})
    assert found(database, seen_by()) == []
    assert found(database, seen_by(), MRN | {"value": "4712"}) == ["p1"]


def test_organizations_and_practitioners_are_listed_for_everybody(
    database: Database, publish: Callable[..., Any]
) -> None:
    npi = {"system": "http://hl7.org/fhir/sid/us-npi", "value": "1234567893"}
    organization = publish("Organization", "o1", patient=None, custodian=None, confidentiality="U", identifier=[npi])
    practitioner = publish("Practitioner", "a1", patient=None, custodian=None, confidentiality="N", identifier=[npi])
    with database.read() as db:
        assert registry.organization(db, "o1") == organization
        assert registry.practitioner(db, "a1") == practitioner
        assert registry.organization(db, "a1") is None
        assert registry.listed(db, "Organization", npi["system"], npi["value"]) == [organization]
