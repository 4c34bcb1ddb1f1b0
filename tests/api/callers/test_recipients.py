"""Consents that name people, teams, roles and devices: whom they mean, and that a change of a team counts at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from gateway.usecases import clients, register, signin
from gateway.usecases.asked import Origin
from tests.house import PASSWORD, READER, Backend, House

CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"


@pytest.fixture
def document(house: House) -> str:
    published = house.approve(house.draft())
    return f"/fhir/DocumentReference/{published['DocumentReference']}"


def decide(house: House, *recipients: str, **clause: Any) -> str:
    """A consent of the patient, recorded by the clinic; its id."""
    form = {"patient": house.world.patient, "recipients": list(recipients), "purposes": ["TREAT"]} | clause
    response = house.ask("POST", "/consents", house.clinician, json=form)
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


def kept(house: House, resource: dict[str, Any]) -> str:
    """Written by the clinic; its reference."""
    response = house.ask("POST", f"/fhir/{resource['resourceType']}", house.writer, json=resource)
    assert response.status_code == 201, response.text
    return f"{resource['resourceType']}/{response.json()['id']}"


def change(house: House, reference: str, **elements: Any) -> None:
    held = house.get(f"/fhir/{reference}", house.writer).json()
    response = house.ask("PUT", f"/fhir/{reference}", house.writer, json=held | elements)
    assert response.status_code == 200, response.text


def ref(text: str) -> dict[str, str]:
    return {"reference": text}


def team(house: House, *members: str, **elements: Any) -> dict[str, Any]:
    return {
        "resourceType": "CareTeam",
        "status": "active",
        "subject": ref(f"Patient/{house.world.patient}"),
        **({"participant": participants(*members)} if members else {}),
        **elements,
    }


def participants(*members: str, **period: str) -> list[dict[str, Any]]:
    return [{"member": ref(text), **({"period": period} if period else {})} for text in members]


def sees(house: House, token: str, path: str) -> bool:
    status = house.get(path, token).status_code
    assert status in (200, 404)
    found = house.found(f"{path.rpartition('/')[0]}?_id={path.rpartition('/')[2]}", token)
    assert bool(found) is (status == 200)
    return status == 200


def noor(house: House) -> str:
    return f"Practitioner/{house.world.noor}"


def lee(house: House) -> str:
    return f"Practitioner/{house.world.lee}"


def test_the_custodians_own_use_ends_at_a_person_whom_the_patient_excludes(house: House, document: str) -> None:
    assert sees(house, house.colleague, document)
    decide(house, lee(house), type="deny", purposes=[])
    assert not sees(house, house.colleague, document)
    assert sees(house, house.clinician, document)
    assert sees(house, house.own_ehr, document)


def test_an_exclusion_that_names_nobody_in_particular_leaves_the_custodian_its_own_use(
    house: House, document: str
) -> None:
    decide(house, f"Organization/{house.world.clinic}", type="deny", purposes=[])
    decide(house, "*", type="deny", purposes=[])
    assert sees(house, house.colleague, document)
    assert sees(house, house.own_ehr, document)


def test_who_is_excluded_as_member_of_a_group_is_excluded(house: House, document: str) -> None:
    group = kept(
        house,
        {"resourceType": "Group", "type": "practitioner", "actual": True, "member": [{"entity": ref(lee(house))}]},
    )
    decide(house, group, type="deny", purposes=[])
    assert not sees(house, house.colleague, document)
    change(house, group, member=[{"entity": ref(noor(house))}])
    assert sees(house, house.colleague, document)


def test_a_permit_for_a_person_is_not_for_the_machines_of_her_clinic(house: House, document: str) -> None:
    decide(house, noor(house))
    assert sees(house, house.emergency, document)
    assert not sees(house, house.ehr, document)


def test_a_permit_for_a_team_is_for_who_belongs_to_it_now(house: House, document: str) -> None:
    careteam = kept(house, team(house))
    decide(house, careteam)
    assert not sees(house, house.emergency, document)
    change(house, careteam, participant=participants(noor(house)))
    assert sees(house, house.emergency, document)
    change(house, careteam, participant=participants(noor(house), end="2026-01-01"))
    assert not sees(house, house.emergency, document)
    change(house, careteam, participant=participants(f"Organization/{house.world.other}"))
    assert sees(house, house.ehr, document)
    change(house, careteam, status="inactive")
    assert not sees(house, house.ehr, document)


def test_a_team_that_a_consent_names_stays_until_nothing_names_it(house: House, document: str) -> None:
    careteam = kept(house, team(house, noor(house)))
    decide(house, careteam)
    assert house.ask("DELETE", f"/fhir/{careteam}", house.writer).status_code == 409
    assert sees(house, house.emergency, document)


def test_a_permit_for_a_role_ends_with_the_role(house: House, document: str) -> None:
    there = {"practitioner": ref(noor(house)), "organization": ref(f"Organization/{house.world.other}")}
    role = kept(house, {"resourceType": "PractitionerRole", "active": True, **there})
    decide(house, role)
    assert sees(house, house.emergency, document)
    change(house, role, active=False)
    assert not sees(house, house.emergency, document)


def test_a_permit_for_a_role_is_for_the_person_at_that_organization_only(house: House, document: str) -> None:
    elsewhere = {"practitioner": ref(noor(house)), "organization": ref(f"Organization/{house.world.clinic}")}
    decide(house, kept(house, {"resourceType": "PractitionerRole", **elsewhere}))
    assert not sees(house, house.emergency, document)


def test_a_change_of_a_team_within_a_team_counts_at_once(house: House, document: str) -> None:
    inner = kept(house, team(house))
    decide(house, kept(house, team(house, inner)))
    assert not sees(house, house.emergency, document)
    change(house, inner, participant=participants(noor(house)))
    assert sees(house, house.emergency, document)


def test_a_team_of_a_period_is_meant_within_it(house: House, document: str) -> None:
    services = house.world.services
    now = services.clock()
    tomorrow = (now + timedelta(days=1)).date().isoformat()
    decide(house, kept(house, team(house, noor(house), period={"end": tomorrow})))
    assert sees(house, house.emergency, document)
    token = signin.sign_in(services, "noor", PASSWORD, Origin()).token
    later = now + timedelta(days=3)
    object.__setattr__(services, "clock", lambda: later)
    assert house.get(document, token).status_code == 401
    token = signin.sign_in(services, "noor", PASSWORD, Origin()).token
    assert not sees(house, token, document)


def test_a_permit_for_a_device_is_for_the_client_that_it_is(house: House, document: str) -> None:
    world = house.world
    device = register.device(world.services, world.asked(organization=world.other), "Monitor").id
    token = _client(house, device).token(house.http)
    assert not sees(house, token, document)
    decide(house, f"Device/{device}")
    assert sees(house, token, document)
    assert not sees(house, house.ehr, document)


def _client(house: House, device: str) -> Backend:
    backend = house.cast.ehr
    jwks = {"keys": [backend.key.as_dict(private=False)]}
    known = clients.add(
        house.world.services,
        "A monitor",
        house.world.other,
        jwks=jwks,
        scopes=[READER],
        purpose="TREAT",
        device=device,
    )
    return Backend(known.id, backend.key, READER)


def observed(house: House, category: str) -> str:
    coding = {"coding": [{"system": CATEGORY, "code": category}]}
    made = {
        "resourceType": "Observation",
        "status": "final",
        "category": [coding],
        "code": {"text": "Sleep"},
        "subject": ref(f"Patient/{house.world.patient}"),
    }
    return f"/fhir/{kept(house, made)}"


@pytest.mark.spec("X-029")
def test_what_a_scope_and_a_consent_leave_is_what_both_leave(house: House) -> None:
    survey, laboratory = observed(house, "survey"), observed(house, "laboratory")
    world, narrow = house.world, f"user/Observation.rs?category={CATEGORY}|laboratory"
    signin.add_person(
        world.services,
        "narrow",
        PASSWORD,
        practitioner=world.noor,
        organization=world.other,
        scopes=[narrow],
        purpose="TREAT",
    )
    token = signin.sign_in(world.services, "narrow", PASSWORD, Origin()).token
    assert [sees(house, token, path) for path in (survey, laboratory)] == [False, False]
    decide(house, noor(house))
    assert [sees(house, token, path) for path in (survey, laboratory)] == [False, True]
    decide(house, noor(house), type="deny")
    assert [sees(house, token, path) for path in (survey, laboratory)] == [False, False]


@pytest.mark.spec("X-029")
def test_a_patients_narrow_scope_leaves_that_of_her_own_record_only(house: House) -> None:
    survey, laboratory = observed(house, "survey"), observed(house, "laboratory")
    world, narrow = house.world, f"patient/Observation.rs?category={CATEGORY}|laboratory"
    signin.add_patient(world.services, world.asked("consent"), "sam-2", PASSWORD, world.patient, [narrow])
    token = signin.sign_in(world.services, "sam-2", PASSWORD, Origin()).token
    assert [sees(house, token, path) for path in (survey, laboratory)] == [False, True]
    assert house.get("/fhir/Patient", token).status_code == 403


def test_a_patient_with_a_scope_of_her_own_sees_what_another_opens_to_her(house: House, document: str) -> None:
    world, neighbour = house.world, house.cast.neighbour
    operator = world.asked("consent")
    tokens = []
    for login, scope in (("kim", "user/*.rs"), ("kim-at-home", "patient/*.rs")):
        signin.add_patient(world.services, operator, login, PASSWORD, neighbour, [scope])
        tokens.append(signin.sign_in(world.services, login, PASSWORD, Origin()).token)
    assert [sees(house, token, document) for token in tokens] == [False, False]
    decide(house, f"Patient/{neighbour}", purposes=["PATRQT"])
    assert [sees(house, token, document) for token in tokens] == [True, False]
