"""Homework after its approval: a Task update tells how it goes, and nothing else. https://hl7.org/fhir/R4/task.html"""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.assigning import APP, after, brought, device_app, homework
from tests.house import House, backend
from tests.writers import count, created, labels, observation, put, send


@pytest.fixture
def app(house: House) -> str:
    """The token of a homework app of the clinic, which may change Tasks and write results."""
    return backend(house.world.services, "A homework app", house.world.clinic, APP).token(house.http)


DIARY = {"text": "Diary"}


def response(house: House, **elements: Any) -> dict[str, Any]:
    """A filled-in diary."""
    return {
        "resourceType": "QuestionnaireResponse",
        "status": "completed",
        "questionnaire": "https://example.org/diary|1",
        "subject": {"reference": f"Patient/{house.world.patient}"},
        "source": {"reference": f"Patient/{house.world.patient}"},
        "authored": "2026-09-04T19:00:00Z",
        "item": [{"linkId": "1", "answer": [{"valueString": "On the bench by the river."}]}],
        **elements,
    }


def result(reference: str, name: str = "Diary") -> dict[str, Any]:
    return {"type": {"text": name}, "valueReference": {"reference": reference}}


def places(answer: httpx.Response) -> list[str]:
    return [expression for issue in answer.json()["issue"] for expression in issue.get("expression", [])]


@pytest.mark.spec("X-030")
def test_homework_lives_from_accepted_to_completed_and_its_history_tells_so(house: House, app: str) -> None:
    task = homework(house)
    for status in ("received", "accepted", "in-progress", "on-hold", "in-progress", "completed"):
        task = after(house, task, app, status=status)
    versions = house.found(f"/fhir/Task/{task['id']}/_history", house.own_ehr)
    assert [each["status"] for each in reversed(versions)] == [
        "requested", "received", "accepted", "in-progress", "on-hold", "in-progress", "completed",
    ]  # fmt: skip
    assert all({"AIAST", "CLINAST", "R"} <= labels(each) for each in versions)
    assert {each["description"] for each in versions} == {task["description"]}


def test_a_change_says_when_it_was_made_if_the_app_does_not(house: House, app: str) -> None:
    accepted = after(house, homework(house), app, status="accepted")
    assert accepted["lastModified"] >= accepted["authoredOn"]
    later = after(house, accepted, app, status="in-progress", lastModified=accepted["authoredOn"])
    assert later["lastModified"] == accepted["authoredOn"]


def test_each_change_has_a_provenance_of_who_made_it(house: House, app: str) -> None:
    task = after(house, homework(house), app, status="accepted")
    told = house.found(f"/fhir/Provenance?target=Task/{task['id']}", house.own_ehr)
    own = next(each for each in told if each["activity"]["coding"][0]["code"] == "UPDATE")
    assert own["target"] == [{"reference": f"Task/{task['id']}/_history/2"}]
    assert own["entity"][0]["what"] == {"reference": f"Task/{task['id']}/_history/1"}
    (agent,) = own["agent"]
    assert agent["who"]["identifier"]["system"] == "urn:care-continuity-gateway:client"
    assert agent["onBehalfOf"] == {"reference": f"Organization/{house.world.clinic}"}
    assert "R" in labels(own)


def test_an_app_that_is_a_device_is_named_as_that(house: House) -> None:
    token, device = device_app(house)
    task = after(house, homework(house), token, status="accepted")
    told = house.found(f"/fhir/Provenance?target=Task/{task['id']}/_history/2", house.own_ehr)
    assert [each["agent"][0]["who"] for each in told] == [{"reference": device}]


def test_results_written_by_the_app_are_attached(house: House, app: str) -> None:
    task = brought(house, app, "accepted", "in-progress")
    diary = created(house, response(house), app)
    assert "PATAST" in labels(diary)
    assert "AIAST" not in labels(diary)
    done = after(house, task, app, status="completed", output=[result(f"QuestionnaireResponse/{diary['id']}")])
    assert house.found(f"/fhir/Task?_id={done['id']}", house.own_ehr)[0]["output"] == done["output"]
    score = created(house, observation(house.world.patient), app)
    more = after(house, done, app, output=[*done["output"], result(f"Observation/{score['id']}", "Score")])
    assert len(more["output"]) == 2


def test_a_result_may_come_in_the_same_transaction(house: House, app: str) -> None:
    task = brought(house, app, "accepted", "in-progress")
    diary, place = response(house), "urn:uuid:6f0cf0c0-3a0c-4b77-9d6d-3f0a8a8f7a01"
    ended = task | {"status": "completed", "output": [result(place)]}
    entries = [
        {"fullUrl": place, "resource": diary, "request": {"method": "POST", "url": "QuestionnaireResponse"}},
        {"resource": ended, "request": {"method": "PUT", "url": f"Task/{task['id']}"}},
    ]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    answer = send(house, "POST", "/fhir", bundle, app)
    assert answer.status_code == 200, answer.text
    (written,) = house.found(f"/fhir/QuestionnaireResponse?patient={house.world.patient}", house.own_ehr)
    now = house.get(f"/fhir/Task/{task['id']}", house.own_ehr).json()
    assert now["output"][0]["valueReference"] == {"reference": f"QuestionnaireResponse/{written['id']}"}


@pytest.mark.parametrize("reference", ["Observation", "Observation/no id", "Observation/a/b/c", "Observation/?code=x"])
def test_a_result_has_an_address(house: House, app: str, reference: str) -> None:
    answer = put(house, homework(house) | {"output": [result(reference)]}, app)
    assert answer.status_code == 422
    assert places(answer)[0].startswith("Task.output[0].value")


@pytest.mark.parametrize("whose", ["nobody's", "another patient's"])
def test_a_result_is_of_the_same_patient_and_kept_here(house: House, app: str, whose: str) -> None:
    task = homework(house)
    other = created(house, observation(house.cast.neighbour))["id"] if whose == "another patient's" else "never-was"
    answer = put(house, task | {"output": [result(f"Observation/{other}")]}, app)
    assert (answer.status_code, places(answer)) == (422, ["Task.output[0].valueReference"])


@pytest.mark.parametrize(
    "told",
    [
        {"output": [{"type": DIARY, "valueAttachment": {"url": "https://elsewhere.example/diary"}}]},
        {"output": [{"type": DIARY, "valueAttachment": {"url": "Binary/anything"}}]},
        {
            "output": [
                {"type": DIARY, "valueAnnotation": {"authorReference": {"reference": "Device/any"}, "text": "So."}}
            ]
        },
        {
            "businessStatus": {
                "text": "Begun",
                "extension": [{"url": "urn:of", "valueReference": {"reference": "Task/t"}}],
            }
        },
    ],
)
def test_what_is_told_leads_nowhere_but_to_results(house: House, app: str, told: dict[str, Any]) -> None:
    answer = put(house, homework(house) | told, app)
    assert answer.status_code == 422
    assert all(place.startswith(f"Task.{next(iter(told))}") for place in places(answer))


def test_no_status_follows_another_out_of_turn(house: House, app: str) -> None:
    task = homework(house)
    for status in ("draft", "in-progress", "completed", "entered-in-error"):
        answer = put(house, task | {"status": status}, app)
        assert (answer.status_code, places(answer)) == (422, ["Task.status"])
    assert count(house, "Task") == 1


@pytest.mark.parametrize(
    "change",
    [
        {"description": "Nothing at all."},
        {"for": {"reference": "Patient/other"}},
        {"priority": "stat"},
        {"basedOn": [{"reference": "CarePlan/other"}]},
        {"extension": [{"url": "https://example.org/x", "valueString": "y"}]},
    ],
)
def test_what_was_approved_stays_as_it_is(house: House, app: str, change: dict[str, Any]) -> None:
    task = homework(house)
    answer = put(house, task | {"status": "accepted"} | change, app)
    assert (answer.status_code, places(answer)) == (422, [f"Task.{next(iter(change))}"])
    assert count(house, "Task") == 1


def test_labels_are_neither_added_nor_lost(house: House, app: str) -> None:
    task = homework(house)
    security = [
        *task["meta"]["security"],
        {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIV"},
    ]
    refused = put(house, task | {"meta": task["meta"] | {"security": security}, "status": "accepted"}, app)
    assert (refused.status_code, places(refused)) == (422, ["Task.meta.security"])
    bare = {name: value for name, value in task.items() if name != "meta"} | {"status": "accepted"}
    kept = put(house, bare, app, If_Match='W/"1"')
    assert (kept.status_code, labels(kept.json())) == (200, labels(task))


def test_notes_are_added_never_taken_away_and_signed_by_their_writer(house: House, app: str) -> None:
    task = after(house, homework(house), app, note=[{"text": "It rained."}])
    assert put(house, task | {"note": [{"text": "It shone."}]}, app).status_code == 422
    forged = {"authorReference": {"reference": f"Practitioner/{house.world.grace}"}, "text": "Well done."}
    answer = put(house, task | {"note": [*task["note"], forged]}, app)
    assert (answer.status_code, places(answer)) == (422, ["Task.note[1].authorReference"])
    own = {"authorReference": {"reference": f"Patient/{house.world.patient}"}, "text": "I liked it."}
    assert len(after(house, task, app, note=[*task["note"], own])["note"]) == 2


def test_nobody_speaks_for_a_machine_in_a_note(house: House, app: str) -> None:
    task, label = (
        homework(house),
        {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "AIAST"},
    )
    url = "http://hl7.org/fhir/uv/security-label-ds4p/StructureDefinition/extension-inline-sec-label"
    note = {"text": "Well done.", "extension": [{"url": url, "valueCoding": label}]}
    assert put(house, task | {"note": [note]}, app).status_code == 422


def test_homework_that_is_over_takes_results_and_notes_only(house: House, app: str) -> None:
    task = brought(house, app, "accepted", "in-progress", "completed")
    answer = put(house, task | {"statusReason": {"text": "Not really."}}, app)
    assert (answer.status_code, places(answer)) == (422, ["Task.statusReason"])
    assert after(house, task, app, note=[{"text": "It helped."}])["note"]


def test_it_is_patched_by_the_same_rules(house: House, app: str) -> None:
    task = homework(house)
    address, json_patch = f"/fhir/Task/{task['id']}", "application/json-patch+json"
    step = [{"op": "replace", "path": "/status", "value": "accepted"}]
    assert send(house, "PATCH", address, json.dumps(step), app, Content_Type=json_patch).json()["status"] == "accepted"
    other = [{"op": "replace", "path": "/description", "value": "Nothing."}]
    assert send(house, "PATCH", address, json.dumps(other), app, Content_Type=json_patch).status_code == 422
    assert house.ask("DELETE", address, house.writer).status_code == 405


def test_the_same_once_more_changes_nothing(house: House, app: str) -> None:
    task = after(house, homework(house), app, status="accepted")
    again = put(house, task, app)
    assert (again.status_code, again.json()) == (200, task)
    assert count(house, "Task") == 2


def test_nobody_changes_it_without_the_scope_nor_from_elsewhere(house: House) -> None:
    task = homework(house) | {"status": "accepted"}
    assert put(house, task, house.own_ehr).status_code == 403
    assert put(house, task, house.foreign_writer).status_code == 405
    house.grant()
    assert put(house, task, house.foreign_writer).status_code == 403
    assert count(house, "Task") == 1


def test_a_clinician_cancels_it_with_a_reason_and_only_once(house: House, app: str) -> None:
    task = homework(house)
    address, body = f"/homework/{task['id']}/cancellation", {"reason": "We changed the plan."}
    assert house.ask("POST", address, app, json=body).status_code == 403
    assert house.ask("POST", address, house.emergency, json=body).status_code == 404
    stale = house.ask("POST", address, house.clinician, json=body, headers={"If-Match": 'W/"7"'})
    assert stale.status_code == 412
    ended = house.ask("POST", address, house.clinician, json=body)
    assert (ended.status_code, ended.json()["status"]) == (200, "cancelled"), ended.text
    assert ended.json()["statusReason"] == {"text": "We changed the plan."}
    (told,) = house.found(f"/fhir/Provenance?target=Task/{task['id']}/_history/2", house.own_ehr)
    assert told["agent"][0]["who"] == {"reference": f"Practitioner/{house.world.grace}"}
    assert house.ask("POST", address, house.clinician, json=body).status_code == 422


def test_a_task_that_no_approval_published_is_no_homework(house: House) -> None:
    task = created(
        house,
        {
            "resourceType": "Task",
            "status": "requested",
            "intent": "order",
            "for": {"reference": f"Patient/{house.world.patient}"},
        },
    )
    assert (
        house.ask("POST", f"/homework/{task['id']}/cancellation", house.clinician, json={"reason": "x"}).status_code
        == 404
    )
    assert put(house, task | {"status": "draft", "description": "Call back."}).status_code == 200
