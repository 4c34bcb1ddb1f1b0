"""A couple's session with a care plan, homework and moods: each about one of the two, the note about both."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.api.apart.people import decided
from tests.api.context.test_patient_context import told
from tests.browsing import browser
from tests.house import House
from tests.together import draft_of, together
from tests.world import PROJECT

COUPLE = json.loads((PROJECT / "mappings/gateway/examples/couple/products.json").read_bytes())
THEIR_OWN = {"CarePlan", "Goal", "Task", "QuestionnaireResponse", "CareTeam", "Observation"}


def handed_in(house: House, session: str = "s-1", **products: Any) -> httpx.Response:
    names = {"first": house.world.patient, "second": house.cast.neighbour}
    whom = [{"reference": f"Patient/{id}", "called": name} for name, id in names.items()]
    return together(house, *whom, session=session, mapping="gateway", parts={"products": products or COUPLE})


def published(house: House) -> list[dict[str, Any]]:
    answer = house.step(draft_of(handed_in(house)), "approval")
    assert answer.status_code == 200, answer.text
    return [house.get(f"/fhir/{name}", house.own_ehr).json() for name in answer.json()["published"]]


def subject_of(resource: dict[str, Any]) -> str:
    return str((resource.get("subject") or resource["for"])["reference"])


def places(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 422, answer.text
    return [issue["expression"][0] for issue in answer.json()["issue"]]


def test_each_entry_is_about_the_one_who_is_named(house: House) -> None:
    sam, kim = f"Patient/{house.world.patient}", f"Patient/{house.cast.neighbour}"
    made = [each for each in published(house) if each["resourceType"] in THEIR_OWN]
    whose = sorted((each["resourceType"], subject_of(each)) for each in made)
    assert whose == sorted(
        [
            *((type, sam) for type in ("CarePlan", "CareTeam", "Goal", "QuestionnaireResponse", "Task")),
            *((type, kim) for type in ("CarePlan", "Goal", "Observation", "Observation", "Task")),
        ]
    )
    assert not [each for each in made if sam in json.dumps(each) and kim in json.dumps(each)]


def test_the_consent_of_one_opens_what_is_about_that_one_and_not_the_note(house: House) -> None:
    made = published(house)
    house.grant(patient=house.cast.neighbour)
    kim = f"Patient/{house.cast.neighbour}"
    for each in made:
        name = f"{each['resourceType']}/{each['id']}"
        is_kims = each["resourceType"] in THEIR_OWN and subject_of(each) == kim
        assert (house.get(f"/fhir/{name}", house.ehr).status_code == 200) == (
            is_kims or (each["resourceType"] == "Provenance" and _tells_of(each, made, kim))
        ), name
    found = house.found(f"/fhir/CarePlan?patient={house.cast.neighbour}&_revinclude=Provenance:target", house.ehr)
    assert [each["resourceType"] for each in found] == ["CarePlan", "Provenance"]


def _tells_of(provenance: dict[str, Any], made: list[dict[str, Any]], patient: str) -> bool:
    target = provenance["target"][0]["reference"].partition("/_history")[0]
    own = {f"{each['resourceType']}/{each['id']}" for each in made if each["resourceType"] in THEIR_OWN}
    by_name = {f"{each['resourceType']}/{each['id']}": each for each in made}
    return target in own and subject_of(by_name[target]) == patient


def test_what_the_patient_did_is_said_by_that_patient(house: House) -> None:
    made = published(house)
    [answers] = [each for each in made if each["resourceType"] == "QuestionnaireResponse"]
    assert answers["source"]["reference"] == f"Patient/{house.world.patient}"
    tasks = [each for each in made if each["resourceType"] == "Task"]
    assert {each["owner"]["reference"] for each in tasks} == {subject_of(each) for each in tasks}
    assert len({each["basedOn"][0]["reference"] for each in tasks}) == 2


def test_each_reads_the_own_plan_with_the_own_token(house: House) -> None:
    made = published(house)
    for each in (each for each in made if each["resourceType"] == "CarePlan"):
        is_own = subject_of(each) == f"Patient/{house.world.patient}"
        assert (house.get(f"/fhir/CarePlan/{each['id']}", house.patient).status_code == 200) == is_own


def test_the_review_says_whose_each_entry_is_and_so_does_the_lineage(house: House) -> None:
    draft = draft_of(handed_in(house))
    both = {f"Patient/{house.world.patient}", f"Patient/{house.cast.neighbour}"}
    assert {entry["patient"] for entry in house.view(draft).json()["entries"]} == both
    names = house.step(draft, "approval").json()["published"]
    plan = next(name for name in names if name.startswith("CarePlan/"))
    lineage = house.get(f"/lineage/{plan}", house.auditor).json()
    assert {entry["patient"] for entry in lineage["entries"]} == both


def test_the_page_of_the_review_says_whose_each_is(house: House) -> None:
    draft = draft_of(handed_in(house))
    page = browser(house, house.clinician).get(f"/pages/reviews/{draft}").text
    assert page.count("About Kim Stone") == page.count("About Sam ") == 5


def test_an_amended_entry_stays_about_the_same(house: House) -> None:
    draft = draft_of(handed_in(house))
    entries = house.view(draft).json()["entries"]
    theme = next(each for each in entries if each["resource"].get("valueString") == "Rest")
    body = {"entries": [{"id": theme["id"], "set": {"valueString": "Quiet"}}]}
    assert house.step(draft, "amendment", body=body).status_code == 200
    names = house.step(draft, "approval").json()["published"]
    found = [house.get(f"/fhir/{name}", house.own_ehr).json() for name in names if name.startswith("Observation/")]
    [quiet] = [each for each in found if each.get("valueString") == "Quiet"]
    assert subject_of(quiet) == f"Patient/{house.cast.neighbour}"


def test_an_ai_is_told_of_each_what_is_about_that_one(house: House) -> None:
    published(house)
    assert [item["kind"] for item in told(house)] == ["plan", "goal", "homework", "answers", "note"]
    of_other = told(house, patient=house.cast.neighbour)
    assert [item["kind"] for item in of_other] == ["plan", "goal", "homework", "series", "observation", "note"]


def test_a_risk_of_one_is_an_alert_about_that_one(house: House) -> None:
    risk = {"outcome": "Self-harm", "level": "high", "of": "second"}
    draft_of(handed_in(house, risks=[risk]))
    assert house.rows("SELECT patient_id FROM alert") == [(house.cast.neighbour,)]


def test_who_one_of_them_keeps_off_sees_nothing_of_the_session(house: House) -> None:
    draft = draft_of(handed_in(house))
    lee = f"Practitioner/{house.world.lee}"
    decided(house, patient=house.cast.neighbour, type="deny", recipients=[lee], purposes=[])
    assert house.get(f"/reviews/{draft}", house.colleague).status_code == 404


@pytest.mark.parametrize(
    ("products", "at"),
    [
        ({"themes": [{"text": "Rest", "of": "first"}, {"text": "Work"}]}, "products.themes[1]"),
        ({"homework": [{"title": "A walk", "of": "nobody"}]}, "products.homework[0]"),
        (
            {
                "moods": [{"id": "m", "of": "first", "at": "2026-09-19T20:00:00Z", "label": "calm"}],
                "themes": [{"text": "Rest", "of": "second", "basis": ["m"]}],
            },
            "products.themes[0]",
        ),
    ],
    ids=["nobody named", "somebody else named", "tied to what is another's"],
)
def test_what_is_not_clearly_of_one_is_refused_with_its_place(house: House, products: dict[str, Any], at: str) -> None:
    assert places(handed_in(house, **products)) == [at]
    assert house.rows("SELECT count(*) FROM draft") == [(0,)]


def test_the_same_name_for_two_is_refused(house: House) -> None:
    whom = [{"reference": f"Patient/{id}", "called": "A"} for id in (house.world.patient, house.cast.neighbour)]
    assert places(together(house, *whom)) == ["context.patients[1]"]


def test_with_one_patient_a_name_has_to_be_that_one(house: House) -> None:
    def answered(of: str) -> httpx.Response:
        context = house.world.context(f"s-{of}") | {
            "patient": {"reference": f"Patient/{house.world.patient}", "called": "A"}
        }
        parts = {"context": context, "products": {"themes": [{"text": "Rest", "of": of}]}}
        files = {name: (name, json.dumps(value), "application/json") for name, value in parts.items()}
        return house.ask("POST", "/submissions/gateway", house.scribe, files=files)

    assert answered("A").status_code == 201
    assert places(answered("B")) == ["products.themes[0]"]
