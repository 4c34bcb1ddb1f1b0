"""Patient Request for Corrections: http://hl7.org/fhir/uv/patient-corrections (1.0.0), 45 CFR 164.526"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from gateway.fhir.json import parse
from tests.disputing import about, ask, asked, decide, decided, disputed, letter, stage
from tests.house import House
from tests.writers import count, created, labels, note, observation, post, put, send

ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"


def mood(house: House, **elements: Any) -> str:
    """An Observation in the patient's record; its reference."""
    return f"Observation/{created(house, observation(house.world.patient, **elements))['id']}"


def read(house: House, reference: str, token: str = "") -> dict[str, Any]:
    answer = house.get(f"/fhir/{reference}", token or house.own_ehr)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def seen(house: House, task: dict[str, Any]) -> dict[str, Any]:
    answer = house.get(f"/corrections/{task['id']}", house.clinician)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_patient_asks_and_a_task_begins_its_sixty_days(house: House) -> None:
    item = mood(house)
    communication, task = asked(house, letter(house, {"contentString": "It was eight."}, about(item)))
    assert communication["about"] == [{"reference": f"Task/{task['id']}"}]
    assert communication["payload"] == [{"contentString": "It was eight."}, about(item)]
    assert (task["status"], stage(task), task["focus"]) == ("ready", "queued", {"reference": item})
    assert task["input"][0]["valueReference"] == {"reference": f"Communication/{communication['id']}"}
    assert task["requester"] == {"reference": f"Patient/{house.world.patient}"}
    assert "PATAST" in labels(communication)
    (waiting,) = house.get("/corrections", house.clinician).json()
    received = datetime.fromisoformat(waiting["received"])
    assert datetime.fromisoformat(waiting["due"]) - received == timedelta(days=60)
    found = seen(house, task)
    assert [each["texts"] for each in found["letters"]] == [["It was eight."]]
    assert found["item"]["id"] == item.partition("/")[2]


def test_the_clinic_writes_down_what_the_patient_says(house: House) -> None:
    _, task = asked(house, letter(house), token=house.clinician)
    assert task["requester"] == {"reference": f"Patient/{house.world.patient}"}
    _, other = asked(house, letter(house), token=house.writer)
    assert other["for"] == {"reference": f"Patient/{house.world.patient}"}
    assert "focus" not in other


def test_parameters_may_hold_the_bundle_too(house: House) -> None:
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": letter(house)}]}
    body = {"resourceType": "Parameters", "parameter": [{"name": "CorrectionRequest", "resource": bundle}]}
    assert send(house, "POST", "/fhir/Communication/$correction-request", body, house.patient).status_code == 200


def test_nobody_asks_about_another_patients_record_nor_without_the_right_to(house: House) -> None:
    other = f"Observation/{created(house, observation(house.cast.neighbour))['id']}"
    foreign = letter(house, subject={"reference": f"Patient/{house.cast.neighbour}"}, sender=None)
    foreign = {name: value for name, value in foreign.items() if value is not None}
    assert ask(house, foreign).status_code == 403
    assert ask(house, letter(house, about(other))).status_code == 422
    assert ask(house, letter(house, about("Observation/never-was"))).status_code == 422
    assert ask(house, letter(house), token=house.own_ehr).status_code == 403
    assert ask(house, letter(house), token=house.foreign_writer).status_code == 403
    assert (count(house, "Communication"), count(house, "Task")) == (0, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "preparation"},
        {"category": [{"text": "A complaint"}]},
        {"sender": {"reference": "Practitioner/somebody"}},
        {
            "payload": [
                {"contentReference": {"reference": "Observation/a"}},
                {"contentReference": {"reference": "Goal/b"}},
            ]
        },
    ],
)
def test_what_is_no_request_is_refused_with_its_place(house: House, wrong: dict[str, Any]) -> None:
    answer = ask(house, letter(house, **wrong))
    assert answer.status_code == 422
    assert answer.json()["issue"][0]["expression"][0].startswith(f"Communication.{next(iter(wrong))}")
    assert ask(house).status_code == 422
    assert ask(house, letter(house), letter(house)).status_code == 422


def test_a_dispute_is_as_protected_as_what_it_is_about(house: House) -> None:
    security = [{"system": ACT_CODE, "code": "SDV"}]
    item = mood(house, meta={"security": security})
    communication, task = asked(house, letter(house, about(item)))
    assert {"R", "SDV"} <= labels(communication)
    assert {"R", "SDV"} <= labels(task)


def test_only_the_operations_write_a_request(house: House) -> None:
    communication, task = asked(house, letter(house))
    assert post(house, letter(house)).status_code == 422
    assert put(house, task | {"status": "completed"}).status_code == 405
    assert put(house, communication | {"payload": [{"contentString": "Never mind."}]}).status_code == 405
    assert house.ask("DELETE", f"/fhir/Task/{task['id']}", house.writer).status_code == 405


def test_a_question_is_asked_and_answered(house: House) -> None:
    communication, task = asked(house, letter(house))
    answer = house.ask("POST", f"/corrections/{task['id']}/question", house.clinician, json={"text": "Which day?"})
    assert (answer.status_code, stage(answer.json())) == (200, "waiting-for-information"), answer.text
    (question,) = [
        each for each in house.found(f"/fhir/Communication?about=Task/{task['id']}", house.patient) if "partOf" in each
    ]
    assert question["payload"] == [{"contentString": "Which day?"}]
    assert question["recipient"] == [{"reference": f"Patient/{house.world.patient}"}]
    part = [{"reference": f"Communication/{communication['id']}"}]
    reply, now = asked(house, letter(house, {"contentString": "Tuesday."}, partOf=part))
    assert (now["id"], stage(now)) == (task["id"], "in-review")
    assert reply["about"] == [{"reference": f"Task/{task['id']}"}]
    assert [each["texts"] for each in seen(house, task)["letters"]][-1] == ["Which day?"]  # as it was sent, in order


@pytest.mark.spec("X-030")
def test_what_is_upheld_is_put_right_with_a_note_and_a_provenance(house: House) -> None:
    item = mood(house)
    task = disputed(house, item)
    done = decided(house, task, "accept", set={"valueQuantity.value": 8})
    assert (done["status"], stage(done)) == ("completed", "amendment-completed")
    now = read(house, item)
    assert (now["status"], now["valueQuantity"]["value"], now["meta"]["versionId"]) == ("corrected", 8, "2")
    assert now["note"][0]["text"] == "We have looked at it together."
    assert now["note"][0]["authorReference"] == {"reference": f"Practitioner/{house.world.grace}"}
    (told,) = house.found(f"/fhir/Provenance?target={item}/_history/2", house.own_ehr)
    assert [each["role"] for each in told["entity"]] == ["revision", "source"]
    outcome = read(house, done["output"][0]["valueReference"]["reference"], house.patient)
    assert outcome["payload"] == [{"contentString": "We have looked at it together."}, about(item)]
    assert read(house, f"{item}/_history/1")["valueQuantity"]["value"] == 7


def test_what_was_wrong_altogether_is_entered_in_error(house: House) -> None:
    item = mood(house)
    done = decided(house, disputed(house, item), "partial", enteredInError=True)
    assert stage(done) == "partial-accept"
    assert read(house, item)["status"] == "entered-in-error"


def test_a_machines_document_is_appended_to_and_stays_labelled_as_a_machines(house: House) -> None:
    made = house.approve(house.draft())
    task = disputed(house, f"Composition/{made['Composition']}")
    decided(house, task, "accept", addendum="She sleeps seven hours, as she tells us.")
    composition = read(house, f"Composition/{made['Composition']}")
    document = read(house, f"DocumentReference/{made['DocumentReference']}")
    assert (composition["status"], document["docStatus"]) == ("amended", "amended")
    assert {"AIAST", "CLINAST"} <= labels(composition)
    relation = f"/fhir/DocumentReference?relatesto=DocumentReference/{made['DocumentReference']}"
    (addendum,) = house.found(relation, house.own_ehr)
    assert (addendum["relatesTo"][0]["code"], addendum["subject"]) == ("appends", document["subject"])
    assert "CLINAST" in labels(addendum)
    assert "AIAST" not in labels(addendum)


def test_a_decision_says_what_is_put_right_if_there_is_anything(house: House) -> None:
    task = disputed(house, mood(house))
    for more in ({}, {"set": {"valueString": "x"}}, {"set": {"valueQuantity.value": "eight"}}, {"addendum": "Text."}):
        assert decide(house, task, "accept", **more).status_code == 422, more
    assert decide(house, task, "accept", set={"valueQuantity.value": 8}, enteredInError=True).status_code == 422
    assert decide(house, task, "deny", enteredInError=True).status_code == 422
    assert stage(read(house, f"Task/{task['id']}")) == "queued"
    assert stage(decided(house, asked(house, letter(house))[1], "accept")) == "amendment-completed"


def test_who_was_given_what_was_wrong_is_told_and_listed(house: House) -> None:
    item = mood(house)
    house.grant()
    assert read(house, item, house.ehr)["status"] == "final"
    task = disputed(house, item)
    assert seen(house, task)["held_by"] == [f"Organization/{house.world.other}"]
    decided(house, task, "accept", set={"valueQuantity.value": 8})
    assert [each["organization"] for each in seen(house, task)["told"]] == [f"Organization/{house.world.other}"]
    ((body,),) = house.rows("SELECT body FROM delivery")
    notice = parse(bytes(body))
    assert (notice["kind"], notice["about"], notice["resources"]) == ("correction", f"Task/{task['id']}", item)
    assert "looked" not in str(notice)
    assert read(house, item, house.ehr)["status"] == "corrected"


def test_nobody_is_told_of_what_nobody_was_given_or_was_not_put_right(house: House) -> None:
    item = mood(house)
    decided(house, disputed(house, item), "accept", enteredInError=True)
    other = mood(house)
    house.grant()
    read(house, other, house.ehr)
    decided(house, disputed(house, other), "deny")
    assert house.rows("SELECT * FROM delivery") == []


def test_it_is_decided_once_by_a_clinician_of_the_custodian(house: House) -> None:
    task = disputed(house, mood(house))
    assert decide(house, task, "deny", token=house.emergency).status_code == 404
    assert decide(house, task, "deny", token=house.patient).status_code == 403
    assert decide(house, task, "deny", token=house.writer).status_code == 403
    stale = {"If-Match": 'W/"9"'}
    body = {"decision": "deny", "reason": "It is accurate."}
    address = f"/corrections/{task['id']}/decision"
    assert house.ask("POST", address, house.clinician, json=body, headers=stale).status_code == 412
    decided(house, task, "deny")
    assert decide(house, task, "accept", enteredInError=True).status_code == 409
    assert house.get("/corrections", house.clinician).json() == []


def test_a_patient_takes_a_request_back(house: House) -> None:
    task = disputed(house, mood(house))
    address = f"/corrections/{task['id']}/withdrawal"
    assert house.ask("POST", address, house.own_ehr).status_code == 403
    answer = house.ask("POST", address, house.patient)
    assert (answer.status_code, answer.json()["status"], stage(answer.json())) == (
        200,
        "cancelled",
        "requester-cancelled",
    )
    assert decide(house, task, "deny").status_code == 409


def test_every_step_is_in_the_log(house: House) -> None:
    task = disputed(house, mood(house))
    decided(house, task, "deny")
    events = house.found(f"/fhir/AuditEvent?entity=Task/{task['id']}", house.auditor)
    acts = {code["code"] for each in events for code in each["subtype"]}
    assert {"dispute", "resolve"} <= acts


def test_a_note_of_an_ehr_is_corrected_by_an_addendum_too(house: House) -> None:
    document = created(house, note(house.world.patient))
    decided(house, disputed(house, f"DocumentReference/{document['id']}"), "partial", addendum="Only on two days.")
    assert read(house, f"DocumentReference/{document['id']}")["docStatus"] == "amended"


def test_what_others_wrote_beside_a_request_does_not_disturb_it(house: House) -> None:
    task = disputed(house, mood(house))
    patient = {"reference": f"Patient/{house.world.patient}"}
    named = {"reference": f"Task/{task['id']}"}
    created(house, {"resourceType": "Communication", "status": "completed", "subject": patient, "about": [named]})
    reason = {"resourceType": "Task", "status": "ready", "intent": "order", "for": patient, "reasonReference": named}
    created(house, reason)
    found = seen(house, task)
    assert (len(found["letters"]), found["disagreements"]) == (1, [])
    assert decide(house, {"id": created(house, reason)["id"]}, "deny").status_code == 404


def test_nobody_takes_back_what_another_patient_asked_for(house: House) -> None:
    theirs = {"reference": f"Patient/{house.cast.neighbour}"}
    _, task = asked(house, letter(house, subject=theirs, sender=theirs), token=house.clinician)
    assert house.ask("POST", f"/corrections/{task['id']}/withdrawal", house.patient).status_code == 404
    form = {"patient": house.cast.neighbour, "recipients": [f"Patient/{house.world.patient}"], "purposes": ["PATRQT"]}
    assert house.ask("POST", "/consents", house.clinician, json=form).status_code == 201
    assert house.ask("POST", f"/corrections/{task['id']}/withdrawal", house.patient).status_code == 404


def test_a_clinician_who_is_kept_out_is_not_shown_it(house: House) -> None:
    task = disputed(house, mood(house))
    form = {
        "patient": house.world.patient,
        "type": "deny",
        "recipients": [f"Practitioner/{house.world.lee}"],
        "purposes": [],
    }
    assert house.ask("POST", "/consents", house.patient, json=form).status_code == 201
    assert house.get("/corrections", house.colleague).json() == []
    assert house.get(f"/corrections/{task['id']}", house.colleague).status_code == 404
    assert decide(house, task, "deny", token=house.colleague).status_code == 404
    assert len(house.get("/corrections", house.clinician).json()) == 1
