"""A patient's homework on her pages: read, taken on, done or not, with a note; the clinic reads it."""

from __future__ import annotations

import html
import re
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from tests.assigning import APP, after, homework, planned
from tests.browsing import browser, text
from tests.disputing import asked, letter
from tests.house import House, backend
from tests.writers import count, created, labels, observation

HOME = "/pages/my-record/homework"


def card(page: str, task: dict[str, Any]) -> str:
    """What the page shows of one homework."""
    found = re.search(rf'id="homework-{task["id"]}">(.*?)(?=<li class="card|</main>)', page, re.DOTALL)
    assert found, text(page)
    return found[1]


def form(sam: TestClient, task: dict[str, Any]) -> dict[str, str]:
    """The hidden fields of its form, as the page stands."""
    shown = card(sam.get(HOME).text, task)
    return {
        name: html.unescape(value) for name, value in re.findall(r'type="hidden" name="(\w+)" value="(.*?)"', shown)
    }


def tell(sam: TestClient, task: dict[str, Any], to: str = "", words: str = "", **other: str) -> httpx.Response:
    """The answer to a form that was read, filled in and sent."""
    sent = form(sam, task) | {"words": words, **({"to": to} if to else {})} | other
    answer: httpx.Response = sam.post(f"{HOME}/{task['id']}", data=sent)
    return answer


def statuses(house: House, task: dict[str, Any]) -> list[str]:
    versions = house.found(f"/fhir/Task/{task['id']}/_history", house.own_ehr)
    return [each["status"] for each in reversed(versions)]


def now(house: House, task: dict[str, Any]) -> dict[str, Any]:
    read: dict[str, Any] = house.get(f"/fhir/Task/{task['id']}", house.own_ehr).json()
    return read


def test_she_comes_to_it_from_her_record_and_reads_what_was_agreed_on(house: House, sam: TestClient) -> None:
    assert f'href="{HOME}"' in sam.get("/pages/my-record").text
    assert "Nothing is waiting for you." in sam.get(HOME).text
    task = homework(house)
    shown = text(card(sam.get(HOME).text, task))
    assert shown.startswith("Diary Agreed on Write down three moments of calm.")
    assert all(each in shown for each in ("I will do it", "I have done it", "I will not do it"))


@pytest.mark.spec("X-030")
def test_she_takes_it_on_begins_and_completes_it_with_a_note_that_the_clinic_reads(
    house: House, sam: TestClient
) -> None:
    task = homework(house)
    for to, words in (("accepted", ""), ("in-progress", ""), ("completed", "On the bench\nby the river.")):
        answer = tell(sam, task, to, words)
        assert (answer.status_code, answer.headers["location"]) == (303, f"{HOME}?said=told"), text(answer.text)
    assert statuses(house, task) == ["requested", "accepted", "in-progress", "completed"]
    read = now(house, task)
    (note,) = read["note"]
    assert note["authorReference"] == {"reference": f"Patient/{house.world.patient}"}
    assert note["text"] == "On the bench\nby the river."
    assert read["executionPeriod"]["start"] <= read["executionPeriod"]["end"]
    assert labels(read) == labels(task) | {"PROCESSINLINELABEL"}
    assert [each["valueCoding"]["code"] for each in note["extension"]] == ["PATAST"]
    shown = text(card(sam.get(HOME).text, task))
    assert re.search(r"Agreed on .* Taken on .* Begun .* Done .* On the bench by the river\. You, ", shown)


def test_each_version_says_by_its_provenance_that_she_told_it(house: House, sam: TestClient) -> None:
    task = homework(house)
    tell(sam, task, "accepted")
    (told,) = house.found(f"/fhir/Provenance?target=Task/{task['id']}/_history/2", house.own_ehr)
    assert [each["who"] for each in told["agent"]] == [{"reference": f"Patient/{house.world.patient}"}]
    path = f"/fhir/AuditEvent?agent=Patient/{house.world.patient}&subtype=update"
    assert [each["outcome"] for each in house.found(path, house.auditor)] == ["0"]


@pytest.mark.parametrize(
    ("to", "passed"),
    [
        ("completed", ["accepted", "in-progress", "completed"]),
        ("rejected", ["rejected"]),
        ("accepted", ["accepted"]),
    ],
)
def test_done_without_more_ado_passes_through_what_lies_between(
    house: House, sam: TestClient, to: str, passed: list[str]
) -> None:
    task = homework(house)
    assert tell(sam, task, to, "So it was.").status_code == 303
    assert statuses(house, task) == ["requested", *passed]
    assert [note["text"] for note in now(house, task)["note"]] == ["So it was."]


def test_what_could_not_be_done_is_told_with_why(house: House, sam: TestClient) -> None:
    task = homework(house)
    tell(sam, task, "in-progress")
    tell(sam, task, "failed", "It rained all week.")
    assert now(house, task)["status"] == "failed"
    shown = card(sam.get(HOME).text, task)
    assert "It rained all week." in shown
    assert 'name="to"' not in shown


def test_a_note_can_be_added_alone_also_when_it_is_over(house: House, sam: TestClient) -> None:
    task = homework(house)
    assert tell(sam, task, words="Tomorrow.").status_code == 303
    tell(sam, task, "completed")
    assert tell(sam, task, words="I would do it again.").status_code == 303
    assert [note["text"] for note in now(house, task)["note"]] == ["Tomorrow.", "I would do it again."]
    assert statuses(house, task)[:2] == ["requested", "requested"]


def test_what_the_app_has_told_and_kept_is_on_the_page(house: House, sam: TestClient) -> None:
    app = backend(house.world.services, "A homework app", house.world.clinic, APP).token(house.http)
    task = after(house, after(house, homework(house), app, status="accepted"), app, status="in-progress")
    score = created(house, observation(house.world.patient))
    output = [{"type": {"text": "Mood of the week"}, "valueReference": {"reference": f"Observation/{score['id']}"}}]
    after(house, task, app, status="on-hold", output=output, note=[{"text": "Paused for a cold."}])
    shown = text(card(sam.get(HOME).text, task))
    assert all(each in shown for each in ("Paused", "Mood of the week", "Paused for a cold. Your app", "I go on"))
    tell(sam, task, "in-progress")
    assert "Gone on" in card(sam.get(HOME).text, task)


def test_once_she_has_done_it_the_plan_names_what_was_kept_with_it(house: House, sam: TestClient) -> None:
    plan, tasks = planned(house)
    app = backend(house.world.services, "A homework app", house.world.clinic, APP).token(house.http)
    task = after(house, after(house, tasks["Walk"], app, status="accepted"), app, status="in-progress")
    score = f"Observation/{created(house, observation(house.world.patient))['id']}"
    after(house, task, app, output=[{"type": {"text": "Steps"}, "valueReference": {"reference": score}}])
    tell(sam, task, "completed")
    activities = house.get(f"/fhir/CarePlan/{plan['id']}", house.own_ehr).json()["activity"]
    assert [each["outcomeReference"] for each in activities if "outcomeReference" in each] == [[{"reference": score}]]


@pytest.mark.parametrize(
    ("words", "told"),
    [("", "Write a few words"), ("   ", "Write a few words"), ("x" * 2001, "no more than 2000 characters")],
)
def test_a_note_that_cannot_be_kept_is_told_at_its_field_and_stays_there(
    house: House, sam: TestClient, words: str, told: str
) -> None:
    task = homework(house)
    answer = tell(sam, task, words=words)
    shown = card(answer.text, task)
    assert answer.status_code == 422
    assert told in text(re.findall(r'id="fault-[^"]*">(.*?)</p>', shown)[0])
    assert f'href="#words-{task["id"]}"' in answer.text
    assert words.strip() in shown
    assert count(house, "Task") == 1


def test_words_that_no_record_can_hold_are_told_at_the_field(house: House, sam: TestClient) -> None:
    task = homework(house)
    answer = tell(sam, task, "accepted", "a\x01b")
    assert (answer.status_code, statuses(house, task)) == (422, ["requested"])
    assert "cannot be kept as it is written" in card(answer.text, task)


def test_what_changed_meanwhile_is_shown_and_her_words_are_kept(house: House, sam: TestClient) -> None:
    app = backend(house.world.services, "A homework app", house.world.clinic, APP).token(house.http)
    task = homework(house)
    read = form(sam, task)
    after(house, task, app, status="accepted")
    answer = sam.post(f"{HOME}/{task['id']}", data=read | {"to": "rejected", "words": "Not this week."})
    assert answer.status_code == 412
    shown = card(answer.text, task)
    assert "This changed while you were reading" in text(shown)
    assert "Not this week.</textarea>" in shown
    assert "Taken on" in shown
    assert statuses(house, task) == ["requested", "accepted"]
    out_of_turn = tell(sam, task, "rejected", "Not this week.")
    assert (out_of_turn.status_code, statuses(house, task)) == (422, ["requested", "accepted"])


def test_why_the_clinic_called_it_off_is_read_by_her(house: House, sam: TestClient) -> None:
    task = homework(house)
    body = {"reason": "We changed the plan."}
    assert house.ask("POST", f"/homework/{task['id']}/cancellation", house.clinician, json=body).status_code == 200
    shown = card(sam.get(HOME).text, task)
    assert "Called off" in shown
    assert "We changed the plan." in shown


def test_only_her_own_homework_is_there(house: House, sam: TestClient) -> None:
    foreign = homework(house, house.cast.neighbour)
    whose = {"reference": f"Patient/{house.world.patient}"}
    other = created(house, {"resourceType": "Task", "status": "requested", "intent": "order", "for": whose})
    _, dispute = asked(house, letter(house))
    task = homework(house)
    assert re.findall(r'id="homework-([^"]*)"', sam.get(HOME).text) == [task["id"]]
    sent = form(sam, task) | {"to": "accepted"}
    for each in (foreign["id"], other["id"], dispute["id"], "never-was"):
        assert sam.post(f"{HOME}/{each}", data=sent).status_code == 404
    assert browser(house, house.clinician).get(HOME).status_code == 403
    assert now(house, foreign)["status"] == "requested"


@pytest.mark.parametrize(
    ("headers", "change"),
    [({"Origin": "https://elsewhere.example"}, {}), ({}, {"csrf": "0" * 64}), ({}, {"csrf": ""})],
)
def test_a_form_that_is_not_of_her_own_page_tells_nothing(
    house: House, sam: TestClient, headers: dict[str, str], change: dict[str, str]
) -> None:
    task = homework(house)
    sent = form(sam, task) | {"to": "accepted"} | change
    assert sam.post(f"{HOME}/{task['id']}", data=sent, headers=headers).status_code == 403
    assert (
        sam.post(f"{HOME}/{task['id']}", data=form(sam, task) | {"version": "x", "to": "accepted"}).status_code == 400
    )
    assert statuses(house, task) == ["requested"]


@pytest.mark.spec("X-080")
def test_a_look_at_it_is_recorded_in_her_name(house: House, sam: TestClient) -> None:
    task = homework(house)
    query = "SELECT act, patient_id, detail FROM audit WHERE user_patient_id = ? AND act = 'search'"
    before = len(house.rows(query, house.world.patient))
    sam.get(HOME)
    ((_, patient, detail),) = house.rows(query, house.world.patient)[before:]
    assert patient == house.world.patient
    assert f"Task/{task['id']}/_history/1" in str(detail)
