"""Drafts of every type as a clinician's program and her browser meet them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from starlette.testclient import TestClient

from gateway.api.app import create
from gateway.usecases import signin
from tests.every_type import APP, FULL, sent
from tests.world import BASE, World

PASSWORD = "the tide comes in slowly"
Json = dict[str, Any]


@pytest.fixture
def browser(world: World) -> Iterator[TestClient]:
    """Grace, signed in."""
    scopes = ["review", "transcripts", "lineage", "user/*.rs"]
    signin.add_person(
        world.services,
        "grace",
        PASSWORD,
        practitioner=world.grace,
        organization=world.clinic,
        scopes=scopes,
        purpose="TREAT",
    )
    app = create(world.services)
    with TestClient(app, base_url=BASE, headers={"Origin": BASE}, follow_redirects=False) as http:
        http.post("/pages/sign-in", data={"login": "grace", "password": PASSWORD, "next": ""})
        yield http


@pytest.fixture
def program(browser: TestClient) -> TestClient:
    """Her program holds the same token."""
    [token] = browser.cookies.values()
    browser.cookies.clear()
    browser.headers["Authorization"] = f"Bearer {token}"
    return browser


def read(program: TestClient, id: str) -> Json:
    answer = program.get(f"/reviews/{id}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def step(program: TestClient, id: str, name: str, body: Json | None = None) -> Any:
    digest = read(program, id)["digest"]
    return program.post(f"/reviews/{id}/{name}", json=body, headers={"If-Match": f'"{digest}"'})


def test_a_draft_tells_every_entry_leaf_by_leaf_with_its_labels(world: World, program: TestClient) -> None:
    view = read(program, world.draft_of(sent(world)))
    goal = next(each for each in view["entries"] if each["type"] == "Goal")
    assert (goal["origin"], goal["labels"], goal["evidence"]) == ("patient", ["R", "MH", "PATAST"], ["a3"])
    said = [(each["path"], each["name"], each["text"], each["maySet"]) for each in goal["said"]]
    assert said == [
        ("description.text", "Description", "Ride the bus alone", False),
        ("target[0].measure.text", "Target, measure", "Total of the PHQ-9", False),
        ("target[0].detailQuantity.value", "Target, detail", "<= 9 {score}", False),
        ("target[0].dueDate", "Target, due", "2026-12-01", False),
    ]
    assert goal["resource"]["lifecycleStatus"] == "proposed"


def test_entries_are_amended_and_approved_by_digest(world: World, program: TestClient) -> None:
    plan = {key: value for key, value in FULL["plan"].items() if key != "goalBy"}
    id = world.draft_of(sent(world, plan=plan))
    ids = {each["type"]: each["id"] for each in read(program, id)["entries"]}
    changes = {"target[0].detailQuantity.value": 4.5, "target[0].dueDate": "2026-12-24"}
    wanted = [{"id": ids["Goal"], "set": changes}, {"id": ids["CareTeam"], "remove": True}]
    assert step(program, id, "amendment", {"entries": wanted}).status_code == 200
    view = read(program, id)
    assert [each["type"] for each in view["removedEntries"]] == ["CareTeam"]
    assert {each["field"] for each in view["edits"][0]["changes"]} == {*changes, "entry"}
    done = step(program, id, "approval")
    assert done.status_code == 200, done.text
    [goal] = [each for each in done.json()["published"] if each.startswith("Goal/")]
    published = program.get(f"/fhir/{goal}").json()
    assert (published["lifecycleStatus"], published["target"][0]["detailQuantity"]["value"]) == ("active", 4.5)
    traced = program.get(f"/lineage/{goal}").json()
    assert [each["origin"] for each in traced["entries"]] == ["machine", "revision", "machine"]


def test_a_fault_of_an_amendment_is_told_by_its_place(world: World, program: TestClient) -> None:
    id = world.draft_of(sent(world, theme="Avoids the bus"))
    answer = step(program, id, "amendment", {"entries": [{"id": "e1", "set": {"code.coding[0].code": "x"}}]})
    assert answer.status_code == 422
    assert answer.json()["issue"][0]["expression"] == ["entries[0].set[0]"]


def test_the_page_reads_entries_and_changes_them(world: World, browser: TestClient) -> None:
    id = world.draft_of(sent(world))
    shown = browser.get(f"/pages/reviews/{id}").text
    assert "Ride one stop &amp; write down what you thought" in shown
    assert "From the patient" in shown
    form = browser.get(f"/pages/reviews/{id}/edit").text
    fields = dict(re.findall(r'name="(set-[^"]+)" value="([^"]*)"', form))
    [field] = [name for name, text in fields.items() if text.startswith("Ride one stop")]
    csrf, digest = (re.search(rf'name="{name}" value="([^"]+)"', form) for name in ("csrf", "digest"))
    assert csrf is not None
    assert digest is not None
    said = {"csrf": csrf[1], "digest": digest[1], field: "Ride two stops", "drop-e1": "yes"}
    assert browser.post(f"/pages/reviews/{id}/edit", data=said).headers["location"].endswith("said=saved")
    shown = browser.get(f"/pages/reviews/{id}").text
    assert "Ride two stops" in shown
    assert "1 taken out" in shown


def test_the_page_of_what_no_ai_wrote_says_so(world: World, browser: TestClient) -> None:
    context = {key: value for key, value in world.context(source=APP).items() if key in ("patient", "source")}
    shown = browser.get(f"/pages/reviews/{world.draft_of(sent(world, context, answer='Well'))}").text
    assert "Sent by the app Mood Diary 4.2. 1 entry." in shown
    assert "AI-written" not in shown


def test_the_inbox_and_the_page_after_approval_count_entries(world: World, browser: TestClient) -> None:
    id = world.draft_of(sent(world))
    assert "3 sentences, 1 without" not in browser.get("/pages/reviews").text
    assert "12 entries" in browser.get("/pages/reviews").text
    form = browser.get(f"/pages/reviews/{id}").text
    csrf, digest = (re.search(rf'name="{name}" value="([^"]+)"', form) for name in ("csrf", "digest"))
    assert csrf is not None
    assert digest is not None
    done = browser.post(f"/pages/reviews/{id}/approve", data={"csrf": csrf[1], "digest": digest[1]})
    approved = browser.get(done.headers["location"]).text
    assert "1 piece of homework." in approved
    assert "1 mood." in approved


@pytest.mark.parametrize("number", ["1E400", "-1E400", "1e-400", "9" * 40, "4.50"])
def test_a_number_beyond_other_readers_does_not_hide_the_draft(world: World, program: TestClient, number: str) -> None:
    plan = {key: value for key, value in FULL["plan"].items() if key != "goalBy"}
    id = world.draft_of(sent(world, plan=plan))
    [goal] = [each for each in read(program, id)["entries"] if each["type"] == "Goal"]
    wanted = {"id": goal["id"], "set": {"target[0].detailQuantity.value": "NUMBER"}}
    body = json.dumps({"entries": [wanted]}).replace('"NUMBER"', number)
    digest = read(program, id)["digest"]
    headers = {"If-Match": f'"{digest}"', "Content-Type": "application/json"}
    assert program.post(f"/reviews/{id}/amendment", content=body, headers=headers).status_code == 200
    [goal] = [each for each in read(program, id)["entries"] if each["type"] == "Goal"]
    assert any(str(Decimal(number)) in each["text"] for each in goal["said"])
