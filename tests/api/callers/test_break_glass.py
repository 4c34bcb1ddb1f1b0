"""Breaking the glass: what it opens, for whom, for how long, and who hears of it."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from gateway.rules.break_glass import LIFETIME
from gateway.usecases import signin
from tests.house import House

WORDS = "Brought in unconscious by her sister."


def ask(house: House, token: str, patient: str = "", **body: Any) -> httpx.Response:
    sent = {"patient": patient or house.world.patient, "reason": "life-threatening"} | body
    return house.ask("POST", "/break-glass", token, json=sent)


def broken(house: House, **body: Any) -> dict[str, Any]:
    response = ask(house, house.emergency, **body)
    assert response.status_code == 201, response.text
    assert response.headers["cache-control"] == "no-store"
    access: dict[str, Any] = response.json()
    return access


def listed(house: House) -> list[dict[str, Any]]:
    response = house.get("/break-glass", house.auditor)
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()
    return found


@pytest.fixture
def document(house: House) -> str:
    published = house.approve(house.draft())
    return f"/fhir/DocumentReference/{published['DocumentReference']}"


@pytest.mark.spec("X-081")
def test_an_emergency_opens_what_a_consent_foresees_for_it(house: House, document: str) -> None:
    house.grant(purpose="BTG")
    assert house.get(document, house.emergency).status_code == 404
    assert house.get(document, broken(house)["token"]).status_code == 200


@pytest.mark.spec("X-081")
def test_it_opens_one_patient_only(house: House, document: str) -> None:
    neighbour = house.cast.neighbour
    house.grant(purpose="BTG")
    house.grant(purpose="BTG", patient=neighbour)
    token = broken(house)["token"]
    assert [one["id"] for one in house.found("/fhir/Patient", token)] == [house.world.patient]
    assert house.get(f"/fhir/Patient/{neighbour}", token).status_code == 404


@pytest.mark.spec("X-081")
def test_where_no_consent_foresees_it_absent_and_hidden_patients_get_one_answer(house: House) -> None:
    house.grant(purpose="TREAT")
    hidden, absent = (
        house.ask(
            "POST",
            "/break-glass",
            house.emergency,
            json={"patient": patient, "reason": "self-harm"},
            headers={"X-Request-Id": "same"},
        )
        for patient in (house.world.patient, "nobody")
    )
    assert hidden.status_code == absent.status_code == 404
    assert hidden.json() == absent.json()


@pytest.mark.spec("X-081")
def test_it_ends_by_itself_within_the_hour(house: House, document: str) -> None:
    house.grant(purpose="BTG")
    token, services = broken(house)["token"], house.world.services
    now = services.clock()
    object.__setattr__(services, "clock", lambda: now + LIFETIME)
    assert house.get(document, token).status_code == 401


@pytest.mark.spec("X-081")
def test_revoking_the_consent_ends_what_it_opens_at_once(house: House, document: str) -> None:
    consent = house.grant(purpose="BTG")
    token = broken(house)["token"]
    house.revoke(consent)
    assert house.get(document, token).status_code == 404


@pytest.mark.spec("X-081")
@pytest.mark.parametrize("who", ["emergency", "auditor"])
def test_the_clinician_and_the_custodians_auditor_can_end_it_at_once(house: House, document: str, who: str) -> None:
    house.grant(purpose="BTG")
    access = broken(house)
    assert house.ask("POST", f"/break-glass/{access['id']}/end", getattr(house, who)).status_code == 204
    assert house.get(document, access["token"]).status_code == 401
    assert [one["endedAt"] is not None for one in listed(house)] == [True]


def test_nobody_else_ends_it_or_learns_of_it(house: House, document: str) -> None:
    house.grant(purpose="BTG")
    access = broken(house)
    for token in (house.clinician, house.patient, house.ehr):
        assert house.ask("POST", f"/break-glass/{access['id']}/end", token).status_code == 404
    assert house.get(document, access["token"]).status_code == 200
    assert house.get("/break-glass", house.emergency).status_code == 403


@pytest.mark.spec("X-081", "X-080")
def test_the_custodian_sees_who_broke_it_when_and_why(house: House) -> None:
    house.grant(purpose="BTG")
    access = broken(house, reason="other", text=WORDS)
    (seen,) = listed(house)
    assert seen["id"] == access["id"]
    assert seen["practitionerId"] == house.world.noor
    assert seen["organizationId"] == house.world.other
    assert seen["patientId"] == house.world.patient
    assert (seen["reason"], seen["text"]) == ("other", WORDS)
    assert seen["expiresAt"] == access["expiresAt"]


@pytest.mark.spec("X-081")
def test_the_custodian_sees_refused_attempts_too(house: House) -> None:
    ask(house, house.emergency, text=WORDS)
    (seen,) = listed(house)
    assert seen["id"] is None
    assert (seen["practitionerId"], seen["text"]) == (house.world.noor, WORDS)


@pytest.mark.spec("X-081", "X-080")
def test_it_and_what_is_read_by_it_can_be_found_in_the_log(house: House, document: str) -> None:
    house.grant(purpose="BTG")
    house.get(document, broken(house)["token"])
    subtype = "subtype=urn:care-continuity-gateway:act|break-glass"
    (event,) = house.found(f"/fhir/AuditEvent?{subtype}&patient={house.world.patient}", house.auditor)
    assert event["outcomeDesc"] == "life-threatening"
    reads = house.found(f"/fhir/AuditEvent?agent=Practitioner/{house.world.noor}&subtype=read", house.auditor)
    (read,) = [one for one in reads if one["outcome"] == "0"]
    purposes = [agent["purposeOfUse"][0]["coding"][0]["code"] for agent in read["agent"] if "purposeOfUse" in agent]
    assert purposes == ["BTG"]


@pytest.mark.spec("X-081")
def test_the_words_of_the_reason_are_sealed_and_never_logged(house: House) -> None:
    house.grant(purpose="BTG")
    with capture_logs() as logs:
        access = broken(house, text=WORDS)
    alarms = [line for line in logs if line["event"] == "consent.glass_broken"]
    assert [(line["log_level"], line["reason"], line["glass"]) for line in alarms] == [
        ("warning", "life-threatening", access["id"])
    ]
    assert WORDS not in repr(logs)
    assert WORDS not in json.dumps(house.tables(), default=repr)


@pytest.mark.spec("X-081")
def test_machines_patients_and_auditors_do_not_break_it(house: House) -> None:
    house.grant(purpose="BTG")
    for token in (house.ehr, house.own_ehr, house.scribe, house.patient, house.auditor):
        assert ask(house, token).status_code == 403


def test_one_emergency_does_not_open_another(house: House) -> None:
    house.grant(purpose="BTG")
    token = broken(house)["token"]
    assert ask(house, token).status_code == 403
    for path in ("/consents", "/reviews", "/break-glass"):
        assert house.get(f"{path}?patient={house.world.patient}", token).status_code == 403


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"reason": "curiosity"}, "reason"),
        ({"reason": "other"}, "text"),
        ({"patient": "../x"}, "patient"),
        ({"text": "x" * 501}, "text"),
        ({"hours": 8}, "hours"),
    ],
)
def test_what_is_asked_wrongly_is_refused_with_its_place(house: House, body: dict[str, Any], place: str) -> None:
    answer = ask(house, house.emergency, **body)
    assert answer.status_code == 422
    assert any(place in where for issue in answer.json()["issue"] for where in issue.get("expression", []))
    assert listed(house) == []


def test_a_disabled_clinician_loses_her_emergency_with_everything_else(house: House, document: str) -> None:
    house.grant(purpose="BTG")
    token = broken(house)["token"]
    assert signin.disable_person(house.world.services, "noor")
    assert house.get(document, token).status_code == 401
