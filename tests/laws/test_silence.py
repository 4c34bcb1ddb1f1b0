"""Law 1: silence means no. No consent, no label, no audit row, no approval: no answer."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from gateway.fhir.labels import CONFIDENTIALITY, label
from gateway.rules.audit import Act
from gateway.store import resources
from gateway.store.resources import New
from tests.house import House

TEXT = "Sleeps five hours a night."


def publish(house: House, id: str, patient: str | None, confidentiality: str | None) -> None:
    """A resource as a careless room of the house would store it: with this label, or with none."""
    resource = {"resourceType": "DocumentReference", "id": id, "status": "current", "description": TEXT}
    if confidentiality:
        label(resource, CONFIDENTIALITY[confidentiality])
    with house.world.services.database.write() as writer:
        entry = house.world.scribe.entry(Act.CREATE, None)
        resources.publish(writer, entry, New(resource, patient, house.world.clinic))


@pytest.mark.spec("X-001")
def test_without_a_consent_approved_content_is_not_there(house: House) -> None:
    document = house.approve(house.draft())["DocumentReference"]
    assert house.get(f"/fhir/DocumentReference/{document}", house.ehr).status_code == 404
    assert house.found("/fhir/DocumentReference?type=34904-3", house.ehr) == []
    house.grant()
    assert house.get(f"/fhir/DocumentReference/{document}", house.ehr).status_code == 200


@pytest.mark.parametrize(
    "consent",
    [
        {"purpose": "HRESCH"},
        {"start": (date.today() + timedelta(days=99)).isoformat()},
        {"start": "2020-01-01", "end": "2020-12-31"},
    ],
)
def test_a_consent_speaks_only_of_its_purpose_and_its_time(house: House, consent: dict[str, str]) -> None:
    document = house.approve(house.draft())["DocumentReference"]
    house.grant(**consent)
    assert house.get(f"/fhir/DocumentReference/{document}", house.ehr).status_code == 404


def test_a_consent_speaks_only_of_its_patient(house: House) -> None:
    document = house.approve(house.draft())["DocumentReference"]
    house.grant(patient=house.cast.neighbour)
    assert house.get(f"/fhir/DocumentReference/{document}", house.ehr).status_code == 404


def test_content_without_a_label_is_as_hidden_as_the_most_restricted(house: House) -> None:
    house.grant()
    for confidentiality in ("R", "V", None):
        publish(house, f"labelled-{confidentiality}", house.world.patient, confidentiality)
    seen = {c: house.get(f"/fhir/DocumentReference/labelled-{c}", house.ehr).status_code for c in ("R", "V", None)}
    assert seen == {"R": 200, "V": 404, None: 404}


def test_content_about_nobody_is_open_only_when_a_label_says_so(house: House) -> None:
    publish(house, "open", None, "N")
    publish(house, "unlabelled", None, None)
    seen = [house.get(f"/fhir/DocumentReference/{id}", house.ehr).status_code for id in ("open", "unlabelled")]
    assert seen == [200, 404]


@pytest.mark.parametrize("end", [None, "return", "rejection"])
def test_what_nobody_approved_is_not_there_even_for_the_custodian(house: House, end: str | None) -> None:
    house.grant()
    draft = house.draft()
    if end:
        assert house.step(draft, end, body={"reason": "Not what was said."}).status_code == 200
    for token in (house.own_ehr, house.ehr, house.clinician):
        for kind in ("Composition", "DocumentReference", "Provenance"):
            assert house.found(f"/fhir/{kind}?patient={house.world.patient}", token) == []


def test_without_an_audit_row_there_is_no_answer(house: House) -> None:
    draft, second = house.draft(), house.draft("s-2")
    document = house.approve(draft)["DocumentReference"]
    submission = house.submit().json()["submission"]
    asked = [
        (f"/fhir/DocumentReference/{document}", house.own_ehr),
        (f"/fhir/DocumentReference/{document}/_history/1", house.own_ehr),
        (f"/fhir/DocumentReference/{document}/_history", house.own_ehr),
        ("/fhir/DocumentReference/_history", house.own_ehr),
        ("/fhir/_history", house.own_ehr),
        ("/fhir/DocumentReference", house.own_ehr),
        ("/fhir/Patient?_summary=count", house.own_ehr),
        ("/fhir/AuditEvent", house.auditor),
        (f"/reviews/{second}", house.clinician),
        ("/reviews", house.clinician),
        (f"/consents?patient={house.world.patient}", house.clinician),
        (f"/lineage/DocumentReference/{document}", house.auditor),
        (f"/submissions/{submission}", house.scribe),
    ]
    assert {path: house.get(path, token).status_code for path, token in asked} == {path: 200 for path, _ in asked}
    house.sabotage("BEFORE INSERT ON audit")
    for path, token in asked:
        answer = house.get(path, token)
        assert answer.status_code == 500, path
        assert answer.json()["resourceType"] == "OperationOutcome"
        assert not any(word in answer.text for word in (TEXT, "Rivers", '"entry"', "fullUrl")), path
    assert house.get("/fhir/DocumentReference/unknown", house.own_ehr).status_code == 500, (
        "a refusal is recorded as well"
    )


def test_without_an_audit_row_there_is_no_page(house: House) -> None:
    draft = house.draft()

    def page() -> str:
        return str(
            house.http.get(f"/pages/reviews/{draft}", headers={"Cookie": f"__Host-gateway={house.clinician}"}).text
        )

    assert TEXT in page()
    house.sabotage("BEFORE INSERT ON audit")
    assert TEXT not in page()
