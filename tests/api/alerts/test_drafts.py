"""Risk in what an AI or an app submits: heard of at once, before anybody has approved it, and never by anybody else."""

from __future__ import annotations

from typing import Any

import pytest

from tests.alarms import assessed, products, queue
from tests.api.callers.test_recipients import decide, lee
from tests.house import House
from tests.together import draft_of, together
from tests.writers import labels

PHQ = {"instrument": "PHQ-9", "at": "2026-09-01T09:00:00Z"}
POINTS = (("first", 0), ("second", 2))


def accepted(answer: Any) -> str:
    assert answer.status_code == 201, answer.text
    return str(answer.json()["draft"])


def test_a_high_estimate_alarms_before_anybody_has_approved_it(house: House) -> None:
    draft = accepted(assessed(house))
    (waiting,) = queue(house)
    assert (waiting["finding"], waiting["draftId"], waiting["source"]) == ("risk-estimate", draft, None)


@pytest.mark.parametrize("level", ["negligible", "low", "moderate"])
def test_a_lower_estimate_waits_for_its_review_only(house: House, level: str) -> None:
    accepted(assessed(house, level))
    assert queue(house) == []


def test_a_positive_item_9_of_a_submission_alarms(house: House) -> None:
    accepted(products(house, questionnaires=[PHQ | {"items": [{"number": 9, "answer": 1}]}]))
    assert [each["finding"] for each in queue(house)] == ["phq-item-9"]


def test_an_item_9_of_zero_does_not(house: House) -> None:
    accepted(products(house, questionnaires=[PHQ | {"items": [{"number": 9, "answer": 0}]}]))
    assert queue(house) == []


def test_the_same_submission_again_alarms_nobody_twice(house: House) -> None:
    first, again = assessed(house), assessed(house)
    assert (first.status_code, again.json()["draft"]) == (201, first.json()["draft"])
    assert len(queue(house)) == 1


def test_of_a_couples_session_the_alert_is_of_the_one_it_is_about(house: House) -> None:
    called = {"first": house.world.patient, "second": house.cast.neighbour}
    whom = [{"reference": f"Patient/{id}", "called": name} for name, id in called.items()]
    answers = {name: PHQ | {"of": name, "items": [{"number": 9, "answer": points}]} for name, points in POINTS}
    parts = {"products": {"questionnaires": list(answers.values())}}
    draft = draft_of(together(house, *whom, mapping="gateway", parts=parts))
    waiting = [(each["draftId"], each["patientId"]) for each in queue(house)]
    assert waiting == [(draft, house.cast.neighbour)]


def test_an_approval_alarms_nobody_once_more(house: House) -> None:
    draft = accepted(assessed(house))
    house.approve(draft)
    assert len(queue(house)) == 1


def test_a_submission_that_is_refused_alarms_nobody(house: House) -> None:
    assert assessed(house, "dreadful").status_code == 422
    assert queue(house) == []


def test_whom_the_patient_excludes_hears_nothing_of_her_drafts(house: House) -> None:
    decide(house, lee(house), type="deny", purposes=[])
    draft = accepted(assessed(house))
    assert queue(house, house.colleague) == []
    assert [each["draftId"] for each in queue(house)] == [draft]


def test_a_machines_estimate_never_leaves_the_custodian_though_approved_and_permitted(house: House) -> None:
    house.grant()
    estimate = house.approve(accepted(assessed(house)))["RiskAssessment"]
    own = house.get(f"/fhir/RiskAssessment/{estimate}", house.own_ehr)
    assert own.status_code == 200 and "AIAST" in labels(own.json())
    assert house.get(f"/fhir/RiskAssessment/{estimate}", house.ehr).status_code == 404
    for path in (
        "RiskAssessment",
        f"RiskAssessment?patient={house.world.patient}",
        f"Provenance?target=RiskAssessment/{estimate}",
    ):
        assert house.found(f"/fhir/{path}", house.ehr) == []
    everything = house.found(f"/fhir/Patient/{house.world.patient}/$everything", house.ehr)
    assert everything and not [each for each in everything if each["resourceType"] == "RiskAssessment"]


def test_no_flag_comes_of_a_machines_estimate_by_itself(house: House) -> None:
    house.approve(accepted(assessed(house)))
    assert house.rows("SELECT count(*) FROM resource WHERE type = 'Flag'") == [(0,)]
