"""Risk at once: what comes in alarms the custodian's clinicians, who acknowledge it, and who alone make it a Flag."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.usecases import alerts
from tests.alarms import alarm, item_9, queue
from tests.api.callers.test_recipients import decide, lee
from tests.house import House
from tests.writers import created, labels, post, put


def test_a_positive_item_9_waits_in_the_queue_from_the_moment_it_is_written(house: House) -> None:
    written = created(house, item_9(house, 2))
    (waiting,) = queue(house)
    assert waiting == {
        "id": waiting["id"],
        "finding": "phq-item-9",
        "patientId": house.world.patient,
        "patient": "Sam Rivers",
        "draftId": None,
        "source": f"Observation/{written['id']}",
        "raisedAt": waiting["raisedAt"],
        "escalatedAt": None,
        "acknowledgedAt": None,
        "acknowledgedBy": None,
        "flag": None,
    }


def test_what_tells_of_no_risk_raises_none(house: House) -> None:
    created(house, item_9(house, 0))
    created(house, item_9(house, 3, effectiveDateTime="2020-01-01"))
    created(house, item_9(house, 3, effectivePeriod={"start": "2019-12-01", "end": "2020-01-01"}))
    assert queue(house) == []


def test_what_was_refused_raises_none(house: House) -> None:
    assert post(house, item_9(house, 2, status="unknown-status")).status_code == 422
    assert queue(house) == []


def test_an_alert_and_what_raised_it_are_one_transaction(house: House) -> None:
    house.sabotage("BEFORE INSERT ON delivery")
    assert post(house, item_9(house, 2)).status_code >= 500
    assert house.rows("SELECT count(*) FROM alert") == [(0,)]
    assert house.rows("SELECT count(*) FROM resource WHERE type = 'Observation'") == [(0,)]
    house.mend()


def test_a_new_version_alarms_for_what_the_former_did_not_tell_and_for_what_has_become_worse(house: House) -> None:
    now, raised = created(house, item_9(house, 0)), []
    for answer in (1, 1, 3, 2, 3, 0, 1):
        now = put(house, now | {"valueInteger": answer}).json()
        raised.append(len(queue(house)))
    assert raised == [1, 1, 2, 2, 3, 3, 4]


def test_a_patch_that_makes_it_worse_alarms(house: House) -> None:
    written = created(house, item_9(house, 1))
    change = [{"op": "replace", "path": "/valueInteger", "value": 2}]
    answer = house.ask(
        "PATCH",
        f"/fhir/Observation/{written['id']}",
        house.writer,
        json=change,
        headers={"Content-Type": "application/json-patch+json", "If-Match": 'W/"1"'},
    )
    assert answer.status_code == 200, answer.text
    assert len(queue(house)) == 2


def test_the_same_answer_of_another_day_is_another_fact(house: House) -> None:
    created(house, item_9(house, 1))
    created(house, item_9(house, 1))
    assert len(queue(house)) == 2


def test_history_that_turns_out_to_be_of_today_alarms_then(house: House) -> None:
    written = created(house, item_9(house, 2, effectivePeriod={"start": "2019-01-01", "end": "2020-01-01"}))
    assert queue(house) == []
    put(house, written | {"effectivePeriod": {"start": "2019-01-01"}})
    assert len(queue(house)) == 1


def test_of_a_transaction_each_resource_counts(house: House) -> None:
    entries = [
        {"request": {"method": "POST", "url": "Observation"}, "resource": item_9(house, answer)} for answer in (0, 1, 2)
    ]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    answer = house.ask("POST", "/fhir", house.writer, json=bundle, headers={"Content-Type": "application/fhir+json"})
    assert answer.status_code == 200, answer.text
    assert len(queue(house)) == 2


def test_who_acknowledges_first_stays_named(house: House) -> None:
    id = alarm(house)["id"]
    first = house.ask("POST", f"/alerts/{id}/acknowledgement", house.clinician).json()
    assert first["acknowledgedBy"] == f"Practitioner/{house.world.grace}"
    again = house.ask("POST", f"/alerts/{id}/acknowledgement", house.colleague)
    assert (again.status_code, again.json()) == (200, first)
    assert queue(house) == []
    assert [each["id"] for each in queue(house, state="acknowledged")] == [id]
    assert house.get(f"/alerts/{id}", house.colleague).json() == first


def test_an_acknowledgement_is_in_the_log(house: House) -> None:
    id = alarm(house)["id"]
    house.ask("POST", f"/alerts/{id}/acknowledgement", house.clinician)
    query = "SELECT practitioner_id, patient_id, outcome FROM audit WHERE act = 'acknowledge'"
    assert house.rows(query) == [(house.world.grace, house.world.patient, "0")]


@pytest.mark.parametrize("path", ["/alerts", "/alerts/{id}"])
def test_only_the_custodians_clinicians_see_an_alert(house: House, path: str) -> None:
    id = alarm(house)["id"]
    address = path.format(id=id)
    for token in (house.writer, house.own_ehr, house.auditor, house.patient):
        assert house.get(address, token).status_code == 403
    there, never = (house.get(f"/alerts/{each}", house.emergency, x_request_id="one") for each in (id, "never"))
    assert (there.status_code, there.content) == (404, never.content)
    assert queue(house, house.emergency) == []


@pytest.mark.parametrize("step", ["acknowledgement", "flag"])
def test_no_machine_acknowledges_or_flags(house: House, step: str) -> None:
    id = alarm(house)["id"]
    for token, status in ((house.writer, 403), (house.patient, 403), (house.emergency, 404)):
        assert house.ask("POST", f"/alerts/{id}/{step}", token, json={"text": "At risk."}).status_code == status
    assert queue(house)[0]["acknowledgedAt"] is None
    assert house.rows("SELECT count(*) FROM resource WHERE type = 'Flag'") == [(0,)]


def test_whom_the_patient_excludes_is_not_alerted_and_others_are(house: House) -> None:
    decide(house, lee(house), type="deny", purposes=[])
    id = alarm(house)["id"]
    assert queue(house, house.colleague) == []
    for method, path in (("GET", f"/alerts/{id}"), ("POST", f"/alerts/{id}/acknowledgement")):
        assert house.ask(method, path, house.colleague).status_code == 404
    assert len(queue(house)) == 1


def test_what_is_withheld_takes_no_place_in_the_queue(house: House) -> None:
    for answer in (1, 2, 3):
        alarm(house, answer)
    decide(house, lee(house), type="deny", purposes=[])
    other = created(house, item_9(house) | {"subject": {"reference": f"Patient/{house.cast.neighbour}"}})
    services, asked = house.world.services, house.world.asked("review", person=house.world.lee)
    for count in (1, 2):
        (seen,) = alerts.queue(services, asked, count=count)
        assert seen.alert.resource_id == other["id"]


def test_a_flag_is_the_clinicians_own(house: House) -> None:
    id = alarm(house)["id"]
    words = "Thoughts of death; safety plan agreed on 1 September."
    answer = house.ask("POST", f"/alerts/{id}/flag", house.clinician, json={"text": words})
    assert answer.status_code == 201, answer.text
    flag = house.get(f"/fhir/{answer.json()['flag']}", house.own_ehr).json()
    assert flag["status"] == "active"
    assert flag["code"] == {"text": words}
    assert flag["author"] == {"reference": f"Practitioner/{house.world.grace}"}
    assert flag["subject"] == {"reference": f"Patient/{house.world.patient}"}
    assert {"R", "MH"} <= labels(flag) and "AIAST" not in labels(flag)
    (told,) = house.found(f"/fhir/Provenance?target=Flag/{flag['id']}", house.own_ehr)
    assert [agent["who"]["reference"] for agent in told["agent"]] == [f"Practitioner/{house.world.grace}"]
    (heard,) = queue(house, state="acknowledged")
    assert heard["flag"] == f"Flag/{flag['id']}"


def test_a_flag_that_travels_does_not_tell_of_the_alert_it_came_from(house: House) -> None:
    id = alarm(house)["id"]
    flag = house.ask("POST", f"/alerts/{id}/flag", house.clinician, json={"text": "At risk."}).json()["flag"]
    house.grant()
    told = house.get(f"/fhir/Provenance?target={flag}", house.ehr)
    assert told.json()["total"] == 1
    assert id not in told.text
    assert house.rows("SELECT count(*) FROM alert WHERE id = ? AND flag_id = ?", id, flag.partition("/")[2]) == [(1,)]


def test_an_alert_is_flagged_once(house: House) -> None:
    id = alarm(house)["id"]
    statuses = [
        house.ask("POST", f"/alerts/{id}/flag", house.clinician, json={"text": "At risk."}).status_code
        for _ in range(2)
    ]
    assert statuses == [201, 409]
    assert house.rows("SELECT count(*) FROM resource WHERE type = 'Flag'") == [(1,)]


@pytest.mark.parametrize(
    "body", [{}, {"text": ""}, {"text": "  "}, {"text": "x" * 501}, {"text": "x", "status": "active"}]
)
def test_a_flag_takes_words_and_nothing_else(house: House, body: dict[str, Any]) -> None:
    id = alarm(house)["id"]
    assert house.ask("POST", f"/alerts/{id}/flag", house.clinician, json=body).status_code == 422
    assert queue(house)[0]["flag"] is None


def test_a_flag_travels_as_its_patient_permits(house: House) -> None:
    id = alarm(house)["id"]
    flag = house.ask("POST", f"/alerts/{id}/flag", house.clinician, json={"text": "At risk."}).json()["flag"]
    assert house.get(f"/fhir/{flag}", house.ehr).status_code == 404
    house.grant()
    assert house.get(f"/fhir/{flag}", house.ehr).status_code == 200


def test_no_alert_is_on_the_fhir_api(house: House) -> None:
    id = alarm(house)["id"]
    for path in (f"/fhir/Alert/{id}", "/fhir/Alert", f"/fhir/DetectedIssue/{id}", f"/fhir/Communication/{id}"):
        assert house.get(path, house.own_ehr).status_code == 404
