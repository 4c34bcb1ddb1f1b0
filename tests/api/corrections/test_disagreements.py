"""What a patient holds against a denial is kept with what it is about, and travels with it: 45 CFR 164.526(d)"""

from __future__ import annotations

from gateway.rules.correction import DISAGREEMENT
from tests.api.corrections.test_corrections import mood, read, seen
from tests.disputing import ask, decided, disagreed, disputed, letter, stage
from tests.house import House


def test_a_denial_may_be_disagreed_with_and_both_travel_with_what_they_are_about(house: House) -> None:
    item = mood(house)
    task = disputed(house, item)
    assert stage(decided(house, task, "deny")) == "denied"
    assert read(house, item)["status"] == "final"
    communication, logged = disagreed(house, task)
    assert (logged["status"], stage(logged)) == ("completed", "disagreement-logged")
    assert logged["reasonReference"] == {"reference": f"Task/{task['id']}"}
    assert communication["partOf"] == [task["input"][0]["valueReference"]]
    house.grant()
    search = f"/fhir/Observation?_id={item.partition('/')[2]}&_revinclude=Task:focus"
    along = house.get(search, house.ehr).json()
    assert {each["resource"]["id"] for each in along["entry"]} == {item.partition("/")[2], task["id"], logged["id"]}
    iterated = (
        f"/fhir/Observation?_id={item.partition('/')[2]}&_revinclude=Task:focus&_revinclude:iterate=Communication:about"
    )
    kinds = [each["resource"]["resourceType"] for each in house.get(iterated, house.ehr).json()["entry"]]
    assert kinds.count("Communication") == 3  # the request, its answer, the disagreement
    whole = house.found(f"/fhir/Patient/{house.world.patient}/$everything", house.ehr)
    assert {task["id"], logged["id"], communication["id"]} <= {each["id"] for each in whole}


def test_a_disagreement_is_rebutted_once(house: House) -> None:
    task = disputed(house, mood(house))
    decided(house, task, "deny")
    _, logged = disagreed(house, task)
    address = f"/corrections/{logged['id']}/rebuttal"
    answer = house.ask("POST", address, house.clinician, json={"text": "It was measured so."})
    assert (answer.status_code, stage(answer.json())) == (200, "completed"), answer.text
    assert house.ask("POST", address, house.clinician, json={"text": "Again."}).status_code == 409
    assert [stage["stage"] for stage in seen(house, task)["disagreements"]] == ["completed"]


def test_what_was_upheld_is_not_disagreed_with(house: House) -> None:
    task = disputed(house, mood(house))
    named = [{"reference": f"Task/{task['id']}"}]
    assert ask(house, letter(house, kind=DISAGREEMENT, about=named)).status_code == 409
    decided(house, task, "accept", enteredInError=True)
    assert ask(house, letter(house, kind=DISAGREEMENT, about=named)).status_code == 409
    assert ask(house, letter(house, kind=DISAGREEMENT)).status_code == 422
