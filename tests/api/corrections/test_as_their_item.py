"""What a request for a correction tells of its item is told to those who may have the item, and to nobody else."""

from __future__ import annotations

from typing import Any

import pytest

from tests.alarms import assessed
from tests.api.callers import test_recipients as recipients
from tests.disputing import about, ask, asked, decided, disagreed, disputed, letter
from tests.house import House
from tests.together import draft_of, together
from tests.writers import CONFIDENTIALITY, created, observation, put

VERY_RESTRICTED = [{"system": CONFIDENTIALITY, "code": "V"}]


def letters(house: House, *tasks: dict[str, Any]) -> list[str]:
    """References of the Tasks, and of all that was said about them."""
    said = [
        each for task in tasks for each in house.found(f"/fhir/Communication?about=Task/{task['id']}", house.own_ehr)
    ]
    assert len(said) >= len(tasks)
    return [f"{each['resourceType']}/{each['id']}" for each in (*tasks, *said)]


def seen(house: House, references: list[str], token: str) -> set[int]:
    return {house.get(f"/fhir/{each}", token).status_code for each in references}


def test_once_the_item_is_opened_to_nobody_neither_is_what_was_said_about_it(house: House) -> None:
    item = created(house, observation(house.world.patient))
    task = disputed(house, f"Observation/{item['id']}")
    decided(house, task, "deny")
    disagreement = disagreed(house, task)[1]
    house.grant()
    dispute = letters(house, task, disagreement)
    assert seen(house, dispute, house.ehr) == {200}
    raised = put(house, item | {"meta": item["meta"] | {"security": VERY_RESTRICTED}})
    assert raised.status_code == 200, raised.text
    assert seen(house, [f"Observation/{item['id']}", *dispute], house.ehr) == {404}
    assert seen(house, dispute, house.own_ehr) == {200}


@pytest.mark.parametrize("decision", ["accept", "deny"])
def test_of_a_couples_note_nothing_is_told_without_the_consent_of_both(house: House, decision: str) -> None:
    house.grant()
    published = house.step(draft_of(together(house)), "approval").json()["published"]
    (note,) = [each for each in published if each.startswith("Composition/")]
    _, task = asked(house, letter(house, about(note)), token=house.writer)
    remedy = {"addendum": "They came on Thursday."} if decision == "accept" else {}
    decided(house, task, decision, **remedy)
    dispute = letters(house, task)
    assert seen(house, [note, *dispute], house.ehr) == {404}
    assert note not in house.get(f"/fhir/Patient/{house.world.patient}/$everything", house.ehr).text
    house.grant(patient=house.cast.neighbour)
    assert seen(house, [note, *dispute], house.ehr) == {200}


def test_a_request_about_a_couples_note_is_followed_and_taken_back(house: House) -> None:
    published = house.step(draft_of(together(house)), "approval").json()["published"]
    (note,) = [each for each in published if each.startswith("Composition/")]
    _, task = asked(house, letter(house, about(note)), token=house.writer)
    found = house.get(f"/corrections/{task['id']}", house.clinician).json()
    assert (found["about"], found["patient"]) == (note, f"Patient/{house.world.patient}")
    assert house.ask("POST", f"/corrections/{task['id']}/withdrawal", house.writer).status_code == 200


def test_what_is_said_of_a_machines_estimate_never_leaves_the_custodian(house: House) -> None:
    estimate = house.approve(assessed(house).json()["draft"])["RiskAssessment"]
    task = disputed(house, f"RiskAssessment/{estimate}")
    decided(house, task, "deny")
    opened = created(house, observation(house.world.patient, meta={"security": VERY_RESTRICTED}))
    recipients.decide(house, f"Organization/{house.world.other}", labels=["V"])
    assert seen(house, [f"Observation/{opened['id']}"], house.ehr) == {200}
    assert seen(house, letters(house, task), house.ehr) == {404}


def test_a_dispute_itself_is_not_disputed(house: House) -> None:
    task = disputed(house, f"Observation/{created(house, observation(house.world.patient))['id']}")
    assert ask(house, letter(house, about(f"Task/{task['id']}"))).status_code == 422
