"""Every product of the gateway's own format: told to nobody before its approval, found by an EHR after it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.house import House
from tests.world import PROJECT

FULL = PROJECT / "mappings" / "gateway" / "examples" / "full"
APP = {"name": "Diary", "version": "4.2", "manufacturer": "Example Apps Ltd"}
# The FHIR API reads none of these but the log, and that for auditors.
OF_DRAFTS = {"alert", "audit", "delivery", "draft", "draft_revision", "session", "submission", "submission_part"}
OF_DRAFTS |= {"transcript"}
AIAST = "AIAST"


def draft(house: House) -> str:
    files = {"context": ("context", json.dumps(house.world.context(source=APP)), "application/json")}
    files |= {part.stem: (part.name, part.read_text(), "application/json") for part in given()}
    answer = house.ask("POST", "/submissions/gateway", house.scribe, files=files)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["draft"])


def given() -> list[Path]:
    return [FULL / f"{name}.json" for name in ("products", "transcript") if (FULL / f"{name}.json").is_file()]


def test_a_draft_adds_nothing_to_what_the_fhir_api_reads(house: House) -> None:
    before = house.tables()
    draft(house)
    after = house.tables()
    assert {name for name in after if after[name] != before[name]} == OF_DRAFTS


SEARCHES = (
    "CarePlan?patient={patient}&category=assess-plan&status=active",
    "CarePlan?patient={patient}&_include=CarePlan:goal",
    "Goal?patient={patient}&lifecycle-status=active",
    "CareTeam?patient={patient}&status=active",
    "Task?patient={patient}&status=requested",
    "Task?patient={patient}&code=fulfill",
    "QuestionnaireResponse?patient={patient}&questionnaire=http://loinc.org/q/44249-1",
    "QuestionnaireResponse?patient={patient}&status=completed",
    "Observation?patient={patient}&category=survey&date=ge2020-01-01",
    "Observation?patient={patient}&code=http://loinc.org|44261-6",
    "Observation?patient={patient}&_security=PATAST",
    "RiskAssessment?patient={patient}",
    "Communication?patient={patient}&status=completed",
    "DocumentReference?patient={patient}&type=http://loinc.org|51855-5",
    "DocumentReference?patient={patient}&category=clinical-note",
    "Composition?patient={patient}&status=final",
    "Observation?patient={patient}&_security=AIAST",
)


def test_an_ehr_finds_what_was_approved(house: House) -> None:
    house.approve(draft(house))
    asked = (search.format(patient=house.world.patient) for search in SEARCHES)
    assert [search for search in asked if not house.found(f"/fhir/{search}", house.own_ehr)] == []


def changed(house: House, id: str) -> None:
    """Words typed again as if they were new, and an entry in other words."""
    view = house.view(id).json()
    wanted = [{"section": each["section"], "text": each["text"]} for each in view["statements"]]
    task = next(each["id"] for each in view["entries"] if each["type"] == "Task" and each["origin"] == "machine")
    entries = [{"id": task, "set": {"description": "Ride one stop, then two."}}]
    answer = house.step(id, "amendment", body={"statements": wanted, "entries": entries})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("is_changed", [False, True])
def test_what_a_machine_has_a_part_in_is_labelled_so_and_nothing_else(house: House, is_changed: bool) -> None:
    id = draft(house)
    if is_changed:
        changed(house, id)
    house.approve(id)
    texts = house.rows("SELECT text FROM resource WHERE patient_id = ? AND type <> 'Patient'", house.world.patient)
    published = [json.loads(bytes(text)) for (text,) in texts]
    told = [each for each in published if each["resourceType"] == "Provenance"]
    machines = {
        target["reference"].partition("/_history")[0]
        for each in told
        if AIAST in json.dumps(each["reason"])
        for target in each["target"]
    }
    labelled = {
        f"{each['resourceType']}/{each['id']}"
        for each in published
        if each not in told and AIAST in [code["code"] for code in each["meta"]["security"]]
    }
    assert machines == labelled
    assert len(machines) < len(published) - len(told), "the patient's own are among them"
    assert "local:" not in json.dumps(published)
