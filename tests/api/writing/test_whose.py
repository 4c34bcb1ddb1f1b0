"""Whose record is written to: a writer's own patients, whatever element names them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.house import House
from tests.writers import count, created, note, observation, post, practitioner, put


@pytest.fixture
def stranger(house: House) -> str:
    """A patient of the other clinic."""
    patient = {"resourceType": "Patient", "name": [{"family": "Hill"}]}
    return str(created(house, patient, house.foreign_writer)["id"])


@pytest.mark.spec("X-005")
def test_foreign_hidden_and_absent_patients_give_the_same_refusal(house: House, stranger: str) -> None:
    hidden = post(house, observation(stranger), X_Request_ID="same")
    absent = post(house, observation("unknown"), X_Request_ID="same")
    house.grant()
    shown = post(house, observation(house.world.patient), house.foreign_writer, X_Request_ID="same")
    assert (hidden.status_code, absent.status_code, shown.status_code) == (403, 403, 403)
    assert hidden.content == absent.content == shown.content
    assert count(house, "Observation") == 0


def naming(house: House, stranger: str) -> list[dict[str, Any]]:
    """Resources that name the stranger somewhere."""
    ours, theirs = {"reference": f"Patient/{house.world.patient}"}, {"reference": f"Patient/{stranger}"}
    extension = {"extension": [{"url": "urn:example:partner", "valueReference": theirs}]}
    contained = {"resourceType": "RelatedPerson", "id": "r", "patient": theirs}
    task = {"resourceType": "Task", "status": "requested", "intent": "order"}
    return [
        observation(stranger),
        observation(house.world.patient, focus=[theirs]),
        observation(house.world.patient, performer=[theirs]),
        observation(house.world.patient, **extension),
        observation(house.world.patient, contained=[contained], performer=[{"reference": "#r"}]),
        observation("x", subject={"reference": f"Patient/{stranger}/_history/1"}),
        observation("x", subject={"reference": f"https://gateway.example/fhir/Patient/{stranger}"}),
        task | {"for": theirs},
        task | {"for": ours, "owner": theirs},
        {"resourceType": "Device", "patient": theirs},
        {"resourceType": "Binary", "contentType": "text/plain", "securityContext": theirs},
        {"resourceType": "List", "status": "current", "mode": "working", "entry": [{"item": theirs}]},
        {"resourceType": "Group", "type": "person", "actual": True, "member": [{"entity": theirs}]},
        {"resourceType": "Basic", "code": {"text": "x"}, "subject": theirs},
        note(house.world.patient, author=[theirs]),
        {"resourceType": "Patient", "link": [{"other": theirs, "type": "seealso"}]},
        practitioner(**extension),
    ]


@pytest.mark.spec("X-005")
def test_no_element_names_a_patient_of_others(house: House, stranger: str) -> None:
    before = house.rows("SELECT count(*) FROM resource")
    for resource in naming(house, stranger):
        assert post(house, resource).status_code == 403, resource
    assert house.rows("SELECT count(*) FROM resource") == before


@pytest.mark.spec("X-005")
def test_what_is_about_a_patient_stays_about_that_patient(house: House, stranger: str) -> None:
    made = created(house, observation(house.world.patient))
    bare = {name: value for name, value in made.items() if name != "subject"}
    for subject in (house.cast.neighbour, stranger, "unknown"):
        assert put(house, made | {"subject": {"reference": f"Patient/{subject}"}}).status_code == 403
    assert put(house, bare).status_code in (403, 422)
    document = created(house, note(house.world.patient))
    assert put(house, {name: value for name, value in document.items() if name != "subject"}).status_code == 403
    task = {"resourceType": "Task", "status": "requested", "intent": "order"}
    homework = created(house, task | {"for": {"reference": f"Patient/{house.world.patient}"}})
    assert put(house, {name: value for name, value in homework.items() if name != "for"}).status_code == 403
    assert house.rows("SELECT max(version) FROM resource WHERE type <> 'AuditEvent'") == [(1,)]


def test_what_names_nobody_is_about_nobody(house: House) -> None:
    for subject in ({"display": "somebody"}, {"reference": "https://ehr.example/fhir/Patient/1"}, {"reference": "#p"}):
        contained = {"contained": [{"resourceType": "Patient", "id": "p"}]} if subject.get("reference") == "#p" else {}
        assert post(house, observation("x", subject=subject, **contained)).status_code == 422
    assert post(house, {"resourceType": "List", "status": "current", "mode": "working"}).status_code == 201


def test_what_is_about_several_patients_is_seen_elsewhere_when_all_of_them_permit(house: House) -> None:
    members = [{"entity": {"reference": f"Patient/{id}"}} for id in (house.world.patient, house.cast.neighbour)]
    group = created(house, {"resourceType": "Group", "type": "person", "actual": True, "member": members})
    assert house.get(f"/fhir/Group/{group['id']}", house.own_ehr).status_code == 200
    house.grant()
    assert house.get(f"/fhir/Group/{group['id']}", house.ehr).status_code == 404
    neighbours = house.grant(patient=house.cast.neighbour)
    assert house.get(f"/fhir/Group/{group['id']}", house.ehr).status_code == 200
    house.revoke(neighbours)
    assert house.get(f"/fhir/Group/{group['id']}", house.ehr).status_code == 404
    told = "SELECT patient_id FROM audit WHERE act = 'create' AND target_type = 'Group' ORDER BY pk"
    assert house.rows(told) == [(house.world.patient,), (house.cast.neighbour,)]
    assert put(house, group | {"member": members[:1]}).status_code == 200
    assert house.get(f"/fhir/Group/{group['id']}", house.ehr).status_code == 200


def test_a_task_and_a_device_belong_to_their_patient(house: House) -> None:
    subject = {"reference": f"Patient/{house.world.patient}"}
    created(house, {"resourceType": "Task", "status": "requested", "intent": "order", "for": subject})
    created(house, {"resourceType": "Device", "patient": subject})
    query = "SELECT DISTINCT patient_id, confidentiality FROM resource WHERE type IN ('Task', 'Device')"
    assert house.rows(query) == [(house.world.patient, "R")]
    assert house.found("/fhir/Task", house.ehr) == []
    house.grant()
    assert len(house.found("/fhir/Task", house.ehr)) == 1


@pytest.mark.spec("F-107", "X-005")
def test_what_others_keep_is_changed_by_them_alone(house: House) -> None:
    made = created(house, observation(house.world.patient))
    assert put(house, made | {"status": "amended"}, house.foreign_writer).status_code == 405
    house.grant()
    assert put(house, made | {"status": "amended"}, house.foreign_writer).status_code == 403
    clinic = house.get(f"/fhir/Organization/{house.world.clinic}", house.writer).json()
    assert put(house, clinic | {"active": False}).status_code == 403
    assert count(house, "Observation") == 1
