"""A patient tells over FHIR how the own homework goes, within the states and the elements that an app has."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.usecases import signin
from gateway.usecases.asked import Origin
from tests.assigning import after, herself, homework
from tests.disputing import asked, letter
from tests.house import PASSWORD, House
from tests.writers import count, created, labels, note, observation, post, put, send

OWN = ("patient/*.rs", "patient/Task.u")
JSON_PATCH = "application/json-patch+json"


@pytest.fixture
def hers(house: House) -> str:
    """The token of the patient, who may change her Tasks."""
    return herself(house, *OWN)


def telling(house: House, task: dict[str, Any], version: int) -> dict[str, Any]:
    (told,) = house.found(f"/fhir/Provenance?target=Task/{task['id']}/_history/{version}", house.own_ehr)
    return told


@pytest.mark.spec("X-030")
def test_she_accepts_begins_and_completes_it_and_the_clinic_reads_so(house: House, hers: str) -> None:
    task = homework(house)
    for status in ("accepted", "in-progress", "completed"):
        task = after(house, task, hers, status=status)
    versions = house.found(f"/fhir/Task/{task['id']}/_history", house.own_ehr)
    assert [each["status"] for each in reversed(versions)] == ["requested", "accepted", "in-progress", "completed"]
    for version in (2, 3, 4):
        told = telling(house, task, version)
        (agent,) = told["agent"]
        assert agent["who"] == {"reference": f"Patient/{house.world.patient}"}
        assert "onBehalfOf" not in agent
        assert told["reason"][0]["coding"][0]["code"] == "PATRQT"


@pytest.mark.spec("X-080")
def test_what_she_tells_is_recorded_in_her_name(house: House, hers: str) -> None:
    task = after(house, homework(house), hers, status="accepted")
    assert put(house, task | {"status": "requested"}, hers).status_code == 422
    path = f"/fhir/AuditEvent?agent=Patient/{house.world.patient}&subtype=update"
    events = house.found(path, house.auditor)
    assert sorted(each["outcome"] for each in events) == ["0", "4"]
    (kept,) = (each for each in events if each["outcome"] == "0")
    targets = [each["what"].get("reference") for each in kept["entity"] if "what" in each]
    assert f"Task/{task['id']}/_history/2" in targets
    assert f"Patient/{house.world.patient}" in targets


def test_her_note_is_in_her_name_and_what_she_adds_as_a_result_is_hers(house: House, hers: str) -> None:
    task = homework(house)
    own = {"authorReference": {"reference": f"Patient/{house.world.patient}"}, "text": "It was too cold."}
    task = after(house, task, hers, status="accepted", note=[own])
    forged = {"authorReference": {"reference": f"Practitioner/{house.world.grace}"}, "text": "Well done."}
    assert put(house, task | {"note": [own, forged]}, hers).status_code == 422
    mine, other = (created(house, observation(whom))["id"] for whom in (house.world.patient, house.cast.neighbour))
    for id, status in ((other, 422), (mine, 200)):
        output = [{"type": {"text": "Mood"}, "valueReference": {"reference": f"Observation/{id}"}}]
        assert put(house, task | {"output": output}, hers).status_code == status


def test_her_words_are_labelled_as_hers_and_stand_beside_those_of_others(house: House, hers: str) -> None:
    task = homework(house)
    own = {"authorReference": {"reference": f"Patient/{house.world.patient}"}, "text": "It was too cold."}
    told = after(house, task, hers, status="accepted", note=[own])
    (note_of_hers,) = told["note"]
    assert [each["valueCoding"]["code"] for each in note_of_hers["extension"]] == ["PATAST"]
    assert labels(told) == labels(task) | {"PROCESSINLINELABEL"}
    more = after(house, told, hers, note=[*told["note"], {"text": "An app says so."}])
    assert ["extension" in each for each in more["note"]] == [True, False]
    assert more["note"][0] == note_of_hers
    assert house.get(f"/fhir/Task/{task['id']}", house.ehr).status_code == 404
    house.grant()
    assert house.get(f"/fhir/Task/{task['id']}", house.ehr).json()["note"] == more["note"]
    assert house.get(f"/fhir/Task/{task['id']}", house.patient).json()["note"] == more["note"]


@pytest.mark.parametrize(
    "change",
    [{"status": "completed"}, {"description": "Nothing at all."}, {"priority": "stat"}, {"status": "entered-in-error"}],
)
def test_what_an_app_may_not_tell_she_may_not_either(house: House, hers: str, change: dict[str, Any]) -> None:
    task = homework(house)
    assert put(house, task | change, hers).status_code == 422
    assert count(house, "Task") == 1


def test_she_may_patch_it(house: House, hers: str) -> None:
    task = homework(house)
    step = json.dumps([{"op": "replace", "path": "/status", "value": "accepted"}])
    answer = send(house, "PATCH", f"/fhir/Task/{task['id']}", step, hers, Content_Type=JSON_PATCH)
    assert (answer.status_code, answer.json()["status"]) == (200, "accepted")
    found = send(house, "PATCH", f"/fhir/Task?_id={task['id']}", step, hers, Content_Type=JSON_PATCH)
    assert found.status_code == 200


def test_without_the_scope_she_only_reads_it(house: House) -> None:
    task = homework(house)
    assert put(house, task | {"status": "accepted"}, house.patient).status_code == 403
    assert house.get(f"/fhir/Task/{task['id']}", house.patient).json()["status"] == "requested"


def test_nobody_elses_homework_is_hers_to_change(house: House, hers: str) -> None:
    foreign = homework(house, house.cast.neighbour)
    assert put(house, foreign | {"status": "accepted"}, hers).status_code == 405
    assert count(house, "Task") == 1
    theirs = herself(house, *OWN, patient=house.cast.neighbour, login="kim-at-home")
    assert put(house, foreign | {"status": "accepted"}, theirs).status_code == 200


def test_no_other_task_is_hers_to_change_and_nothing_hers_to_make_or_delete(house: House) -> None:
    hers = herself(house, "patient/*.rs", "patient/Task.cruds", "consent")
    whose = {"reference": f"Patient/{house.world.patient}"}
    task = {"resourceType": "Task", "status": "requested", "intent": "order", "for": whose}
    made = created(house, task)
    assert put(house, made | {"status": "accepted"}, hers).status_code == 403
    assert post(house, task, hers).status_code == 403
    assert house.ask("DELETE", f"/fhir/Task/{made['id']}", hers).status_code == 403
    written = created(house, note(house.world.patient))
    assert put(house, written | {"status": "superseded"}, hers).status_code == 403
    assert count(house, "Task") == 1


def test_a_request_for_a_correction_is_not_changed_by_its_scope(house: House) -> None:
    hers = herself(house, *OWN, "consent")
    _, task = asked(house, letter(house), token=hers)
    assert put(house, task | {"status": "completed"}, hers).status_code == 403


def test_what_she_is_given_of_a_scope_is_the_update_alone(house: House) -> None:
    services = house.world.services
    for login, scope in (("sam-1", "patient/Task.cruds"), ("sam-2", "patient/Task.write"), ("sam-3", "patient/Task.u")):
        herself(house, scope, login=login)
        given = signin.sign_in(services, login, PASSWORD, Origin()).caller.scopes
        assert given == {"patient/Task.rus" if login == "sam-1" else "patient/Task.u"}


def test_a_transaction_of_hers_holds_to_the_same(house: House, hers: str) -> None:
    task = homework(house)
    told = {"resource": task | {"status": "accepted"}, "request": {"method": "PUT", "url": f"Task/{task['id']}"}}
    more = {"resource": observation(house.world.patient), "request": {"method": "POST", "url": "Observation"}}
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [told, more]}
    assert send(house, "POST", "/fhir", bundle, hers).status_code == 403
    assert count(house, "Task") == 1
    assert send(house, "POST", "/fhir", bundle | {"entry": [told]}, hers).status_code == 200
    assert count(house, "Task") == 2
