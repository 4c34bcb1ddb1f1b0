"""Homework that is done: the care plan that assigned it names its results, and nothing else of the plan changes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.assigning import APP, after, assigned, device_app, herself, planned
from tests.house import House, backend
from tests.writers import count, created, observation, put, send


@pytest.fixture
def app(house: House) -> str:
    return backend(house.world.services, "A homework app", house.world.clinic, APP).token(house.http)


def output(*references: str) -> list[dict[str, Any]]:
    return [{"type": {"text": "Score"}, "valueReference": {"reference": each}} for each in references]


def scored(house: House) -> str:
    return f"Observation/{created(house, observation(house.world.patient))['id']}"


def now(house: House, resource: dict[str, Any]) -> dict[str, Any]:
    read: dict[str, Any] = house.get(f"/fhir/{resource['resourceType']}/{resource['id']}", house.own_ehr).json()
    return read


def outcomes(house: House, plan: dict[str, Any]) -> dict[str, list[str]]:
    """What the plan names as the outcome of each of its Tasks."""
    return {
        each["reference"]["reference"]: [one["reference"] for one in each.get("outcomeReference", ())]
        for each in now(house, plan)["activity"]
    }


def done(house: House, task: dict[str, Any], token: str, **told: Any) -> dict[str, Any]:
    for status in ("accepted", "in-progress"):
        task = after(house, task, token, status=status)
    return after(house, task, token, status="completed", **told)


@pytest.mark.spec("X-030")
def test_the_plan_names_the_results_once_the_homework_is_done(house: House, app: str) -> None:
    plan, tasks = planned(house)
    diary, walk = (f"Task/{tasks[name]['id']}" for name in ("Diary", "Walk"))
    score = scored(house)
    begun = after(house, after(house, tasks["Diary"], app, status="accepted"), app, status="in-progress")
    begun = after(house, begun, app, output=output(score))
    assert now(house, plan)["meta"]["versionId"] == "1"
    after(house, begun, app, status="completed")
    assert outcomes(house, plan) == {diary: [score], walk: []}
    assert [each["id"] for each in house.found(f"/fhir/CarePlan?_id={plan['id']}", house.own_ehr)] == [plan["id"]]


def test_nothing_else_of_the_plan_changes(house: House, app: str) -> None:
    plan, tasks = planned(house)
    done(house, tasks["Walk"], app, output=output(scored(house)))
    later = now(house, plan)
    assert [each.pop("outcomeReference", None) is not None for each in later["activity"]].count(True) == 1
    assert later["meta"].pop("versionId") == "2"
    assert {**later, "meta": {}} == {**plan, "meta": {}}
    assert (later["meta"]["security"], later["meta"]["profile"]) == (plan["meta"]["security"], plan["meta"]["profile"])
    first = house.get(f"/fhir/CarePlan/{plan['id']}/_history/1", house.own_ehr).json()
    assert first == plan
    assert put(house, later | {"title": "Loud evenings"}, If_Match='W/"2"').status_code == 405


def test_its_provenance_says_who_and_because_of_what(house: House, app: str) -> None:
    plan, tasks = planned(house)
    hers = herself(house, "patient/*.rs", "patient/Task.u")
    task = done(house, tasks["Diary"], hers, output=output(scored(house)))
    (told,) = house.found(f"/fhir/Provenance?target=CarePlan/{plan['id']}/_history/2", house.own_ehr)
    assert told["agent"][0]["who"] == {"reference": f"Patient/{house.world.patient}"}
    assert [(each["role"], each["what"]["reference"]) for each in told["entity"]] == [
        ("revision", f"CarePlan/{plan['id']}/_history/1"),
        ("source", f"Task/{task['id']}/_history/{task['meta']['versionId']}"),
    ]


def test_results_that_come_later_are_named_too_each_once(house: House, app: str) -> None:
    plan, tasks = planned(house)
    first, second = scored(house), scored(house)
    task = done(house, tasks["Diary"], app, output=output(first))
    after(house, task, app, output=output(first, second, first))
    assert outcomes(house, plan)[f"Task/{task['id']}"] == [first, second]
    assert now(house, plan)["meta"]["versionId"] == "3"


def test_without_results_the_plan_stays_as_it_is(house: House, app: str) -> None:
    plan, tasks = planned(house)
    task = done(house, tasks["Diary"], app)
    after(house, task, app, note=[{"text": "It helped."}])
    assert now(house, plan) == plan
    failed = after(house, after(house, tasks["Walk"], app, status="accepted"), app, status="in-progress")
    after(house, failed, app, status="failed", output=output(scored(house)))
    assert count(house, "CarePlan") == 1


def test_two_that_are_done_in_one_transaction_are_one_version_of_the_plan(house: House, app: str) -> None:
    plan, tasks = planned(house)
    score = scored(house)
    for name, task in tasks.items():
        tasks[name] = after(house, after(house, task, app, status="accepted"), app, status="in-progress")
    ended = [task | {"status": "completed", "output": output(score)} for task in tasks.values()]
    entry = [{"resource": each, "request": {"method": "PUT", "url": f"Task/{each['id']}"}} for each in ended]
    answer = send(house, "POST", "/fhir", {"resourceType": "Bundle", "type": "transaction", "entry": entry}, app)
    assert answer.status_code == 200, answer.text
    assert outcomes(house, plan) == {f"Task/{each['id']}": [score] for each in ended}
    assert count(house, "CarePlan") == 2
    told = house.found(f"/fhir/Provenance?target=CarePlan/{plan['id']}/_history/2", house.own_ehr)
    sources = {each["entity"][1]["what"]["reference"].split("/_history")[0] for each in told}
    assert sources == {f"Task/{each['id']}" for each in ended}


def test_a_plan_that_an_ehr_wrote_is_the_ehrs_to_keep(house: House, app: str) -> None:
    (task,) = assigned(house, {"homework": [{"id": "alone", "title": "Alone"}]})["Task"]
    named = {"activity": [{"reference": {"reference": f"Task/{task['id']}"}}]}
    subject = {"reference": f"Patient/{house.world.patient}"}
    plan = {"resourceType": "CarePlan", "status": "active", "intent": "plan", "subject": subject, **named}
    theirs = created(house, plan)
    done(house, task, app, output=output(scored(house)))
    assert now(house, theirs)["meta"]["versionId"] == "1"


def test_a_teller_who_is_kept_from_the_plan_leaves_it_as_it_is(house: House) -> None:
    (plan, tasks), (token, device) = planned(house), device_app(house)
    refusal = {"patient": house.world.patient, "recipients": [device], "type": "deny", "purposes": []}
    answer = house.ask("POST", "/consents", house.clinician, json=refusal | {"types": ["CarePlan"]})
    assert answer.status_code == 201, answer.text
    task = done(house, tasks["Diary"], token, output=output(scored(house)))
    assert now(house, plan)["meta"]["versionId"] == "1"
    hers = herself(house, "patient/*.rs", "patient/Task.u")
    after(house, task, hers, note=[{"text": "It helped."}])
    assert list(outcomes(house, plan).values()).count([]) == 1


def test_where_the_plan_came_from_is_still_told(house: House, app: str) -> None:
    plan, tasks = planned(house)
    done(house, tasks["Diary"], app, output=output(scored(house)))
    lineage = house.get(f"/lineage/CarePlan/{plan['id']}", house.auditor)
    assert lineage.status_code == 200, lineage.text
    assert lineage.json()["model"]["name"]


def test_if_the_plan_cannot_be_kept_the_homework_is_not_either(house: House, app: str) -> None:
    plan, tasks = planned(house)
    task = after(house, after(house, tasks["Diary"], app, status="accepted"), app, status="in-progress")
    score = scored(house)
    house.sabotage("BEFORE INSERT ON resource WHEN NEW.type = 'CarePlan'")
    assert put(house, task | {"status": "completed", "output": output(score)}, app).status_code >= 500
    house.mend()
    assert (now(house, task)["status"], now(house, plan)["meta"]["versionId"]) == ("in-progress", "1")
    assert after(house, task, app, status="completed", output=output(score))["status"] == "completed"
    assert now(house, plan)["meta"]["versionId"] == "2"
