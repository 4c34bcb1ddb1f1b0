"""A clinician follows on her page how her patients' homework goes, and calls it off; as a browser would."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from tests.assigning import after, herself, homework
from tests.browsing import browser, text
from tests.disputing import asked, letter
from tests.house import House
from tests.writers import created

HOME = "/pages/homework"


@pytest.fixture
def grace(house: House) -> Iterator[TestClient]:
    """The clinician's browser, signed in."""
    yield browser(house, house.clinician)


def pieces(page: str) -> dict[str, str]:
    """What the page shows of each homework, by its id."""
    found = re.findall(r'id="homework-([^"]*)">(.*?)(?=<li class="card|</main>)', page, re.DOTALL)
    return dict(found)


def cancel(grace: TestClient, task: dict[str, Any], reason: str, **other: str) -> httpx.Response:
    shown = pieces(grace.get(HOME).text)[task["id"]]
    sent = {name: html.unescape(value) for name, value in re.findall(r'name="(csrf|version)" value="(.*?)"', shown)}
    answer: httpx.Response = grace.post(f"{HOME}/{task['id']}/cancel", data=sent | {"reason": reason} | other)
    return answer


def status(house: House, task: dict[str, Any]) -> str:
    return str(house.get(f"/fhir/Task/{task['id']}", house.own_ehr).json()["status"])


@pytest.mark.spec("X-030")
def test_she_reads_what_the_patient_tells(house: House, grace: TestClient) -> None:
    assert "No homework is going on" in grace.get(HOME).text
    hers = herself(house, "patient/*.rs", "patient/Task.u")
    task = after(house, homework(house), hers, status="accepted")
    own = {"authorReference": {"reference": f"Patient/{house.world.patient}"}, "text": "Only on weekdays."}
    after(house, task, hers, status="in-progress", note=[own])
    shown = text(pieces(grace.get(HOME).text)[task["id"]])
    assert re.search(r"Sam \w+: Diary Begun", shown)
    assert re.search(r"Agreed on .* Taken on .* Begun .* Only on weekdays\. The patient", shown)
    after(house, {**house.get(f"/fhir/Task/{task['id']}", hers).json()}, hers, status="completed")
    assert pieces(grace.get(HOME).text) == {}
    assert list(pieces(grace.get(f"{HOME}?state=over").text)) == [task["id"]]


def test_what_changed_last_is_first_and_what_is_no_homework_is_not_there(house: House, grace: TestClient) -> None:
    first, second = homework(house), homework(house, house.cast.neighbour)
    whose = {"reference": f"Patient/{house.world.patient}"}
    created(house, {"resourceType": "Task", "status": "requested", "intent": "order", "for": whose})
    asked(house, letter(house))
    assert list(pieces(grace.get(HOME).text)) == [second["id"], first["id"]]
    after(house, first, house.writer, status="accepted")
    assert list(pieces(grace.get(HOME).text)) == [first["id"], second["id"]]
    assert pieces(browser(house, house.emergency).get(HOME).text) == {}
    assert browser(house, house.patient).get(HOME).status_code == 403


def test_she_calls_it_off_with_a_reason_that_the_patient_reads(house: House, grace: TestClient) -> None:
    task = homework(house)
    answer = cancel(grace, task, "We changed the plan.")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{HOME}?said=cancelled")
    assert status(house, task) == "cancelled"
    assert "We changed the plan." in browser(house, house.patient).get("/pages/my-record/homework").text
    assert "Call it off" not in pieces(grace.get(f"{HOME}?state=over").text)[task["id"]]


@pytest.mark.parametrize("reason", ["", "  ", "x" * 2001, "a\x01b"])
def test_a_reason_that_cannot_be_kept_is_told_at_its_field(house: House, grace: TestClient, reason: str) -> None:
    task = homework(house)
    answer = cancel(grace, task, reason)
    assert (answer.status_code, status(house, task)) == (422, "requested")
    shown = pieces(answer.text)[task["id"]]
    assert "Write a few words" in re.findall(r'id="fault-[^"]*">(.*?)</p>', shown)[0]
    assert html.escape(reason.strip()) in shown


@pytest.mark.parametrize("told", ["accepted", "rejected"])
def test_what_changed_meanwhile_is_not_called_off_and_her_words_are_kept(
    house: House, grace: TestClient, told: str
) -> None:
    task = homework(house)
    shown = pieces(grace.get(HOME).text)[task["id"]]
    sent = dict(re.findall(r'name="(csrf|version)" value="(.*?)"', shown))
    after(house, task, house.writer, status=told)
    answer = grace.post(f"{HOME}/{task['id']}/cancel", data=sent | {"reason": "We changed the plan."})
    assert (answer.status_code, status(house, task)) == (412, told)
    assert "This changed while you were reading" in answer.text
    assert "We changed the plan." in answer.text


def test_a_form_of_another_site_or_another_organization_calls_nothing_off(house: House, grace: TestClient) -> None:
    task = homework(house)
    assert cancel(grace, task, "So.", csrf="0" * 64).status_code == 403
    assert cancel(grace, task, "So.", version="x").status_code == 400
    other = browser(house, house.emergency)
    proof = re.findall(r'name="csrf" value="([0-9a-f]+)"', other.get(HOME).text)[0]
    sent = {"csrf": proof, "version": "1", "reason": "So."}
    assert other.post(f"{HOME}/{task['id']}/cancel", data=sent).status_code == 404
    assert status(house, task) == "requested"


@pytest.mark.spec("X-080")
def test_her_look_is_recorded(house: House, grace: TestClient) -> None:
    task = homework(house)
    query = "SELECT detail FROM audit WHERE act = 'search' AND patient_id = ? ORDER BY pk"
    before = len(house.rows(query, house.world.patient))
    grace.get(HOME)
    ((detail,),) = house.rows(query, house.world.patient)[before:]
    assert f"Task/{task['id']}/_history/1" in str(detail)
