"""What an AI may know of a patient before the next session: what was approved, in brief, if the patient permits it."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.apart.people import decided
from tests.house import Backend, Cast, House, backend, opened
from tests.world import BASE
from tests.writers import CONFIDENTIALITY, created, note, observation

MODEL = {"model": "Scribe", "version": "2.3.1", "manufacturer": "Example Ltd"}
ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
NOPAT = {"system": ACT, "code": "NOPAT"}
INLINE = "http://hl7.org/fhir/uv/security-label-ds4p/StructureDefinition/extension-inline-sec-label"


def levelled(code: str, *labels: Any) -> dict[str, Any]:
    return {"security": [{"system": CONFIDENTIALITY, "code": code}, *labels]}


def producer(house: House, organization: str = "") -> str:
    known: Backend = backend(
        house.world.services, "A scribe that goes on", organization or house.world.clinic, "context.read"
    )
    return known.token(house.http)


def ask(house: House, token: str = "", patient: str = "", **query: Any) -> httpx.Response:
    given = {"params": MODEL | query} if "page" not in query else {"params": query}
    return house.ask("GET", f"/context/{patient or house.world.patient}", token or producer(house), **given)


def told(house: House, token: str = "", **query: Any) -> list[dict[str, Any]]:
    answer = ask(house, token, **query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def of(house: House, kind: str) -> list[dict[str, Any]]:
    return [item for item in told(house) if item["kind"] == kind]


def about(house: House, **elements: Any) -> dict[str, Any]:
    return {"subject": {"reference": f"Patient/{house.world.patient}"}, "meta": levelled("N"), **elements}


def test_a_note_is_told_by_its_sections_once_it_is_approved(house: House) -> None:
    draft = house.draft()
    assert told(house) == []
    published = house.approve(draft)
    [item] = told(house)
    assert item["kind"] == "note"
    assert item["resource"] == f"Composition/{published['Composition']}/_history/1"
    assert item["by"] == ["machine", "clinician"]
    assert item["date"] == "2026-09-01T14:00:00Z"
    assert [section["text"] for section in item["sections"]] == [
        "Sleeps five hours a night.\nAvoids the <train> & the bus.",
        "Will ride one stop.",
    ]


def test_scores_are_a_series_the_latest_first(house: House) -> None:
    who = house.world.patient
    days = {"2026-07-01": 14, "2026-08-01": 9, "2026-06-01": 17}
    for day, value in days.items():
        created(house, observation(who, value, effectiveDateTime=day, meta=levelled("N")))
    [series] = told(house)
    assert (series["kind"], series["unit"], series["count"]) == ("series", "score", 3)
    assert [(point["date"], point["value"]) for point in series["values"]] == [
        ("2026-08-01", 9),
        ("2026-07-01", 14),
        ("2026-06-01", 17),
    ]


def test_plans_goals_and_homework_say_where_they_stand(house: House) -> None:
    who = {"reference": f"Patient/{house.world.patient}"}
    goal = created(
        house,
        {
            "resourceType": "Goal",
            "lifecycleStatus": "active",
            "description": {"text": "Ride the bus alone"},
            "startDate": "2026-08-01",
            "target": [{"measure": {"text": "rides"}, "detailString": "one", "dueDate": "2026-12-01"}],
        }
        | about(house),
    )
    task = created(
        house,
        {
            "resourceType": "Task",
            "status": "in-progress",
            "intent": "order",
            "description": "One stop, twice a week",
            "authoredOn": "2026-08-03",
            "for": who,
            "owner": who,
            "businessStatus": {"text": "one ride done"},
            "meta": levelled("N"),
        },
    )
    plan = {
        "resourceType": "CarePlan",
        "status": "active",
        "intent": "plan",
        "title": "Going out again",
        "period": {"start": "2026-08-01"},
        "goal": [{"reference": f"Goal/{goal['id']}"}],
        "activity": [{"reference": {"reference": f"Task/{task['id']}"}}],
    }
    created(house, plan | about(house))
    items = {item["kind"]: item for item in told(house)}
    assert items["plan"]["links"] == [f"Goal/{goal['id']}", f"Task/{task['id']}"]
    assert (items["goal"]["text"], items["goal"]["until"]) == ("Ride the bus alone", "2026-12-01")
    assert (items["homework"]["status"], items["homework"]["progress"]) == ("in-progress", "one ride done")
    assert list(items) == ["plan", "goal", "homework"]


def test_a_flag_is_told_while_it_is_up(house: House) -> None:
    flag = {"resourceType": "Flag", "status": "active", "code": {"text": "Safety plan agreed"}}
    created(house, flag | about(house))
    created(house, flag | {"status": "inactive"} | about(house))
    assert [item["text"] for item in told(house)] == ["Safety plan agreed"]


def test_a_text_document_is_told_in_words_and_another_by_its_name(house: House) -> None:
    who, html = house.world.patient, b64encode(b"<p>Slept <b>well</b>.</p>").decode()
    created(house, note(who, html, "text/html", description="Diary", meta=levelled("N")))
    created(house, note(who, media="application/pdf", description="Scan", meta=levelled("N")))
    assert {item["name"]: item.get("text") for item in told(house)} == {"Diary": "Slept well.", "Scan": None}


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "RiskAssessment", "status": "final"},
        {"resourceType": "Goal", "lifecycleStatus": "proposed", "description": {"text": "x"}},
        {"resourceType": "CarePlan", "status": "draft", "intent": "plan"},
        {"resourceType": "Observation", "status": "preliminary", "code": {"text": "x"}, "valueInteger": 3},
        {"resourceType": "Observation", "status": "entered-in-error", "code": {"text": "x"}, "valueInteger": 3},
        {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "valueInteger": 3}
        | {"category": [{"coding": [{"code": "laboratory"}]}]},
        {"resourceType": "Condition", "code": {"text": "x"}},
    ],
    ids=lambda each: f"{each['resourceType']} {each.get('status') or each.get('lifecycleStatus', '')}",
)
def test_estimates_of_risk_what_is_not_approved_and_measures_of_the_body_are_not_told(
    house: House, resource: dict[str, Any]
) -> None:
    created(house, resource | about(house))
    assert told(house) == []


@pytest.mark.parametrize("labels", [levelled("V"), levelled("N", NOPAT)], ids=["very restricted", "withheld"])
def test_what_is_very_restricted_or_withheld_from_the_patient_is_not_told(house: House, labels: Any) -> None:
    created(house, observation(house.world.patient, meta=labels))
    assert told(house) == []


def test_of_what_is_withheld_in_part_the_rest_is_told(house: House) -> None:
    withheld = {"text": "Between us", "extension": [{"url": INLINE, "valueCoding": NOPAT}]}
    inline = levelled("N", {"system": ACT, "code": "PROCESSINLINELABEL"})
    goal = {"resourceType": "Goal", "lifecycleStatus": "active", "description": {"text": "Ride the bus"}}
    created(house, goal | about(house, meta=inline, note=[{"text": "Open"}, withheld]))
    [item] = told(house)
    assert item["text"] == "Ride the bus\nOpen"


def test_what_was_replaced_is_not_told(house: House) -> None:
    who = house.world.patient
    old = created(house, note(who, description="Old", meta=levelled("N")))
    newer = [{"code": "replaces", "target": {"reference": f"DocumentReference/{old['id']}"}}]
    created(house, note(who, description="New", relatesTo=newer, meta=levelled("N")))
    assert [item["name"] for item in told(house)] == ["New"]


def test_who_refuses_ai_is_told_of_to_none(house: House) -> None:
    consent = decided(house, kind="ai-processing", type="deny", recipients=["*"], purposes=[])
    answer = ask(house)
    assert answer.status_code == 403
    assert "does not permit" in answer.text
    outcome, patient, detail = house.rows("SELECT outcome, patient_id, detail FROM audit ORDER BY pk DESC LIMIT 1")[0]
    assert (outcome, patient) == ("8", house.world.patient)
    assert f"Consent/{consent}/_history/1" in bytes(detail).decode()
    house.revoke(consent)
    assert told(house) == []


def test_one_model_may_be_refused_and_another_not(house: House) -> None:
    house.approve(house.draft())
    [device] = [found["id"] for found in house.found("/fhir/Device", house.own_ehr)]
    decided(house, kind="ai-processing", type="deny", recipients=[f"Device/{device}"], purposes=[])
    assert ask(house).status_code == 403
    assert len(told(house, version="9.0")) == 1


@pytest.mark.parametrize("missing", sorted(MODEL))
def test_who_does_not_say_which_model_asks_is_told_nothing(house: House, missing: str) -> None:
    named = {name: value for name, value in MODEL.items() if name != missing}
    answer = house.ask("GET", f"/context/{house.world.patient}", producer(house), params=named)
    assert answer.status_code == 422
    assert answer.json()["issue"][0]["expression"] == [f"query.{missing}"]


@pytest.fixture
def asking(cast: Cast, tmp_path: Path) -> Iterator[House]:
    """A house whose custodian lets AI process only what a patient permits."""
    with opened(cast, tmp_path / "asking", ai_needs_consent=True) as house:
        yield house


def test_where_silence_forbids_it_takes_a_consent_which_the_record_of_the_disclosure_names(asking: House) -> None:
    created(asking, observation(asking.world.patient, meta=levelled("N")))
    assert ask(asking).status_code == 403
    consent = decided(asking, kind="ai-processing", recipients=["*"], purposes=[])
    [series] = told(asking)
    [(detail,)] = asking.rows("SELECT detail FROM audit WHERE act = 'operation' AND outcome = '0'")
    record = json.loads(bytes(detail))
    assert record["resources"] == [series["values"][0]["resource"]]
    assert record["consents"] == [f"Consent/{consent}/_history/1#provision"]


def test_a_foreign_producer_is_told_what_the_patient_opens_to_it_and_else_nothing(house: House) -> None:
    created(house, observation(house.world.patient, meta=levelled("N")))
    foreign = producer(house, house.world.other)
    assert ask(house, foreign).status_code == 404
    consent = house.grant()
    assert [item["kind"] for item in told(house, foreign)] == ["series"]
    house.revoke(consent)
    assert ask(house, foreign).status_code == 404


@pytest.mark.parametrize("patient", ["nobody", "no%20id", "x" * 65])
def test_of_nobody_nothing_is_told(house: House, patient: str) -> None:
    assert ask(house, patient=patient).status_code == 404


def test_another_scope_does_not_open_it(house: House) -> None:
    assert ask(house, house.own_ehr).status_code == 403
    assert ask(house, house.scribe).status_code == 403


def test_a_page_ends_where_its_bytes_do_and_the_next_goes_on(house: House) -> None:
    who, text = house.world.patient, b64encode(b"word " * 500).decode()
    for number in range(8):
        day = f"2026-08-0{number + 1}T10:00:00Z"
        created(house, note(who, text, description=f"Diary {number}", date=day, meta=levelled("N")))
    token, names = producer(house), []
    answer = ask(house, token, size=4096).json()
    while True:
        assert 1 <= len(answer["items"]) <= 2
        names += [item["name"] for item in answer["items"]]
        if answer["next"] is None:
            break
        answer = house.get(answer["next"].removeprefix(BASE), token).json()
    assert names == [f"Diary {number}" for number in reversed(range(8))]


def test_a_page_link_asks_the_patient_again_and_is_good_for_its_caller_only(house: House) -> None:
    who, text = house.world.patient, b64encode(b"word " * 900).decode()
    for number in range(2):
        created(house, note(who, text, description=f"Diary {number}", meta=levelled("N")))
    token = producer(house)
    link = ask(house, token, size=4096).json()["next"].removeprefix(BASE)
    assert house.get(link, producer(house)).status_code == 404
    assert house.get(f"{link}x", token).status_code == 400
    decided(house, kind="ai-processing", type="deny", recipients=["*"], purposes=[])
    assert house.get(link, token).status_code == 403


def test_a_long_text_is_cut_and_says_so(house: House) -> None:
    text = b64encode(b"word " * 5_000).decode()
    created(house, note(house.world.patient, text, meta=levelled("N")))
    [item] = told(house)
    assert len(item["text"]) < 8_100
    assert item["text"].endswith("word […]")


def test_an_auditor_sees_in_the_lineage_which_ai_was_told(house: House) -> None:
    published = house.approve(house.draft())
    told(house)
    lineage = house.get(f"/lineage/Composition/{published['Composition']}", house.auditor).json()
    assert [read["act"] for read in lineage["reads"]][-1] == "operation"
