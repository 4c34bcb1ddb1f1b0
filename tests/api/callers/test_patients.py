"""A patient who signs in: her own record, and nothing of anybody else's."""

from __future__ import annotations

import pytest

from gateway.errors import Unprocessable
from gateway.usecases import signin
from gateway.usecases.asked import Origin
from tests.house import PASSWORD, House

CLINIC_ONLY = {"resourceType": "Basic", "code": {"text": "Roster"}}


@pytest.fixture
def document(house: House) -> str:
    published = house.approve(house.draft())
    return f"/fhir/DocumentReference/{published['DocumentReference']}"


def written(house: House, **elements: object) -> str:
    """An Observation about the patient, written by the clinic's own EHR; its address."""
    observation = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "Mood"},
        "valueString": "7 of 10",
        "subject": {"reference": f"Patient/{house.world.patient}"},
    } | elements
    response = house.ask("POST", "/fhir/Observation", house.writer, json=observation)
    assert response.status_code == 201, response.text
    return f"/fhir/Observation/{response.json()['id']}"


def test_a_patient_reads_her_own_record(house: House, document: str) -> None:
    assert house.get(document, house.patient).status_code == 200
    assert [one["id"] for one in house.found("/fhir/Patient", house.patient)] == [house.world.patient]


@pytest.mark.spec("X-001", "X-002")
def test_a_search_without_a_patient_finds_hers_only(house: House, document: str) -> None:
    house.approve(house.draft("s-2", patient=house.cast.neighbour))
    found = house.found("/fhir/DocumentReference", house.patient)
    subjects = [one["subject"]["reference"] for one in found if "subject" in one]  # that of a model card is a Device
    assert [one for one in subjects if one.startswith("Patient/")] == [f"Patient/{house.world.patient}"]
    assert house.get(f"/fhir/Patient/{house.cast.neighbour}", house.patient).status_code == 404


def test_what_is_labelled_not_for_the_patient_is_not_there_for_her(house: House) -> None:
    act = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
    address = written(house, meta={"security": [{"system": act, "code": "NOPAT"}]})
    assert house.get(address, house.own_ehr).status_code == 200
    assert house.get(address, house.patient).status_code == 404
    assert address.rpartition("/")[2] not in [one["id"] for one in house.found("/fhir/Observation", house.patient)]


def test_a_patient_sees_nothing_that_is_her_clinics_own(house: House) -> None:
    response = house.ask("POST", "/fhir/Basic", house.writer, json=CLINIC_ONLY)
    assert response.status_code == 201, response.text
    address = f"/fhir/Basic/{response.json()['id']}"
    assert house.get(address, house.own_ehr).status_code == 200
    assert house.get(address, house.patient).status_code == 404


def test_a_patient_writes_nothing_and_sees_no_drafts_or_logs(house: House) -> None:
    draft = house.draft()
    assert house.ask("POST", "/fhir/Basic", house.patient, json=CLINIC_ONLY).status_code == 403
    for path in (f"/reviews/{draft}", "/reviews", "/fhir/AuditEvent", "/break-glass"):
        assert house.get(path, house.patient).status_code == 403


@pytest.mark.spec("X-080")
def test_what_she_reads_is_recorded_in_her_name_and_by_which_door(house: House, document: str) -> None:
    house.get(document, house.patient)
    path = f"/fhir/AuditEvent?agent=Patient/{house.world.patient}&subtype=read"
    (event,) = house.found(path, house.auditor)
    client, _, person, _ = event["agent"]
    assert client["who"]["identifier"]["value"] == signin.PAGES
    assert (person["who"]["reference"], person["requestor"]) == (f"Patient/{house.world.patient}", True)
    assert person["purposeOfUse"][0]["coding"][0]["code"] == "PATRQT"


@pytest.mark.spec("X-080")
def test_every_act_of_a_person_names_the_person_and_the_client(house: House, document: str) -> None:
    for token in (house.patient, house.clinician, house.ehr):
        house.get(document, token)
    rows = house.rows(
        "SELECT act, client_id, person_id, practitioner_id, user_patient_id FROM audit WHERE act = 'read'"
    )
    who = {(practitioner, patient): (client, person) for _, client, person, practitioner, patient in rows}
    for practitioner, patient in ((house.world.grace, None), (None, house.world.patient)):
        client, person = who[(practitioner, patient)]
        assert (client, bool(person)) == (signin.PAGES, True)
    assert all(client for client, _ in who.values())


@pytest.mark.parametrize(
    ("scopes", "patient"),
    [
        (("patient/*.cruds",), ""),
        (("patient/Observation.u",), ""),
        (("patient/Task.c",), ""),
        (("user/Task.u",), ""),
        (("system/*.rs",), ""),
        (("patient/*.rs", "review"), ""),
        (("patient/*.rs", "audit"), ""),
        ((), ""),
        (("patient/*.rs",), "nobody"),
    ],
)
def test_what_cannot_be_a_patients_is_not_registered(house: House, scopes: tuple[str, ...], patient: str) -> None:
    whom, operator = patient or house.world.patient, house.world.asked("consent")
    with pytest.raises(Unprocessable):
        signin.add_patient(house.world.services, operator, "sam-2", PASSWORD, whom, scopes)


def test_nobody_lets_in_a_patient_of_another_organization(house: House) -> None:
    foreign = house.world.asked("consent", organization=house.world.other)
    with pytest.raises(Unprocessable):
        signin.add_patient(house.world.services, foreign, "sam-2", PASSWORD, house.world.patient)


def test_only_a_patient_is_registered_for_the_scopes_of_one(house: House) -> None:
    world = house.world
    with pytest.raises(Unprocessable):
        signin.add_person(
            world.services,
            "eve",
            PASSWORD,
            practitioner=world.lee,
            organization=world.clinic,
            scopes=("patient/*.rs",),
            purpose="TREAT",
        )


def test_a_disabled_patient_is_out_at_once(house: House) -> None:
    assert signin.disable_person(house.world.services, "sam")
    assert house.get("/fhir/Patient", house.patient).status_code == 401


def test_a_patients_page_never_opens_a_review(house: House) -> None:
    done = signin.sign_in(house.world.services, "sam", PASSWORD, Origin())
    assert (done.caller.patient_id, done.caller.bound_to) == (house.world.patient, house.world.patient)
    assert done.caller.practitioner_id is None
