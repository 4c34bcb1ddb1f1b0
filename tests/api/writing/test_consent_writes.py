"""Consents written through the FHIR API: enforced in the act, and only by those who may record them."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.errors import Forbidden
from gateway.fhir.json import dump
from gateway.rules.consent_form import consent_of, permit
from gateway.usecases import create
from tests.house import House
from tests.writers import count, created, observation, post, put


def consent(house: House, patient: str = "", recipient: str = "", **elements: Any) -> dict[str, Any]:
    form = permit(patient or house.world.patient, recipient or house.world.other, "TREAT", "2020-01-01")
    made = consent_of(form, "unused", house.world.clinic, house.world.asked().at)
    return {name: value for name, value in made.items() if name != "id"} | elements


def sees(house: House, address: str) -> bool:
    return house.get(f"/fhir/{address}", house.ehr).status_code == 200


def test_a_consent_opens_and_closes_from_the_next_request_on(house: House) -> None:
    address = f"Observation/{created(house, observation(house.world.patient))['id']}"
    assert not sees(house, address)
    permit = created(house, consent(house))
    assert sees(house, address)
    ended = put(house, permit | {"status": "inactive"}).json()
    assert not sees(house, address)
    again = put(house, ended | {"status": "active"}).json()
    assert sees(house, address)
    far = again["provision"] | {"period": {"start": "2030-01-01"}}
    assert put(house, again | {"provision": far}).status_code == 200
    assert not sees(house, address)
    rows = "SELECT DISTINCT consent_id, consent_version FROM consent_rule"
    assert house.rows(rows) == [(permit["id"], 4)]


@pytest.mark.spec("X-050")
def test_a_consent_takes_a_scope_of_its_own(house: House) -> None:
    services = house.world.services
    with pytest.raises(Forbidden):
        create.create(services, house.world.asked("system/*.cruds"), "Consent", dump(consent(house)))
    assert create.create(
        services, house.world.asked("system/*.cruds", "consent"), "Consent", dump(consent(house))
    ).created
    assert count(house, "Consent") == 1


@pytest.mark.spec("F-035")
def test_what_cannot_be_enforced_is_refused_by_name(house: House) -> None:
    provision = consent(house)["provision"]
    faulty = {
        "Consent.provision.type": consent(house, provision=provision | {"type": "perhaps"}),
        "Consent.verification": consent(house, verification=[{"verified": True}]),
        "Consent.status": consent(house, status="proposed"),
        "Consent.organization": consent(house, organization=[{"reference": f"Organization/{house.world.other}"}]),
        "Consent.provision.actor[0].reference": consent(house, recipient="unknown"),
    }
    for place, resource in faulty.items():
        answer = post(house, resource)
        assert answer.status_code == 422, place
        assert place in [issue["expression"][0] for issue in answer.json()["issue"]]
    assert count(house, "Consent") == 0
    assert house.rows("SELECT count(*) FROM consent_rule") == [(0,)]


@pytest.mark.spec("X-005")
def test_a_consent_is_given_for_own_patients_alone(house: House) -> None:
    mine = consent(house, recipient=house.world.other)
    foreign = mine | {"organization": [{"reference": f"Organization/{house.world.other}"}]}
    assert post(house, foreign, house.foreign_writer).status_code == 403
    assert post(house, consent(house, patient="unknown")).status_code == 403
    made = created(house, mine)
    moved = consent(house, patient=house.cast.neighbour, id=made["id"], meta=made["meta"])
    assert put(house, moved).status_code == 403
    assert house.rows("SELECT DISTINCT patient_id FROM consent_rule") == [(house.world.patient,)]


def test_what_leads_nowhere_or_out_of_the_record_is_refused_by_name(house: House) -> None:
    neighbours = created(house, observation(house.cast.neighbour))["id"]
    role = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP"}]}

    def to(reference: str) -> dict[str, Any]:
        return {"actor": [{"role": role, "reference": {"reference": reference}}]}

    def about(meaning: str, reference: str) -> dict[str, Any]:
        return {"data": [{"meaning": meaning, "reference": {"reference": reference}}]}

    provisions = {
        **{
            f"{type}/x": to(f"{type}/x") for type in ("Practitioner", "PractitionerRole", "CareTeam", "Group", "Device")
        },
        "another clinic's patient": to("Patient/unknown"),
        "absent content": about("instance", "Observation/absent"),
        "absent dependents": about("dependents", "Encounter/absent"),
        "an absent author": about("authoredby", "Practitioner/absent"),
        "another patient's content": about("instance", f"Observation/{neighbours}"),
        "what belongs to another patient's": about("related", f"Observation/{neighbours}"),
    }
    for name, provision in provisions.items():
        answer = post(house, consent(house, provision={"type": "deny"} | provision))
        element = "actor" if "actor" in provision else "data"
        assert answer.status_code == 422, name
        assert answer.json()["issue"][0]["expression"] == [f"Consent.provision.{element}[0].reference"], name
    absent = consent(house, performer=[{"reference": "RelatedPerson/absent"}])
    assert post(house, absent).json()["issue"][0]["expression"] == ["Consent.performer[0]"]
    unsigned = {name: value for name, value in consent(house).items() if name != "sourceAttachment"}
    form = unsigned | {"sourceReference": {"reference": "DocumentReference/absent"}}
    assert post(house, form).json()["issue"][0]["expression"] == ["Consent.sourceReference"]
    assert count(house, "Consent") == 0


def test_content_persons_and_other_patients_that_are_known_may_be_named(house: House) -> None:
    what = f"Observation/{created(house, observation(house.world.patient))['id']}"
    made = consent(house)
    actor = made["provision"]["actor"][0]
    for reference in (f"Practitioner/{house.world.lee}", f"Patient/{house.cast.neighbour}"):
        provision = {"type": "permit", "actor": [actor | {"reference": {"reference": reference}}]}
        data = {"data": [{"meaning": "instance", "reference": {"reference": what}}]}
        kept = created(house, made | {"provision": provision | data})
        assert house.rows("SELECT patient_id FROM resource WHERE id = ?", kept["id"]) == [(house.world.patient,)]
