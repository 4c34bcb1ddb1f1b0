"""A correction on the pages: a patient asks, a clinician decides; over HTTP, as a browser would."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from tests.browsing import browser, text
from tests.disputing import decided, disagreed, disputed, stage
from tests.house import House
from tests.writers import created, note, observation

MINE, THEIRS = "/pages/my-record/corrections", "/pages/corrections"


@pytest.fixture
def grace(house: House) -> Iterator[TestClient]:
    """The clinician's browser, signed in."""
    yield browser(house, house.clinician)


def read(who: TestClient, address: str) -> str:
    answer = who.get(address)
    assert answer.status_code == 200, text(answer.text)
    page: str = answer.text
    return page


def hidden(page: str) -> dict[str, str]:
    """What a form says by itself: whose it is, and what it was made of."""
    return dict(re.findall(r'<input type="hidden" name="(csrf|item_version)" value="(\w+)">', page))


def sent(who: TestClient, form_on: str, address: str, **fields: str) -> str:
    """The words of the page that comes after a form."""
    answer = who.post(address, data={**hidden(read(who, form_on)), **fields})
    assert answer.status_code == 303, text(answer.text)
    return text(read(who, answer.headers["location"]))


def task_of(house: House) -> dict[str, object]:
    (task,) = house.found("/fhir/Task", house.own_ehr)
    return task


def test_a_patient_finds_what_is_wrong_says_so_and_sees_the_clock(house: House, sam: TestClient) -> None:
    item = created(house, observation(house.world.patient))
    assert 'href="/pages/my-record/corrections"' in read(sam, "/pages/my-record")
    choice = f"{MINE}/new?about=Observation/{item['id']}"
    assert choice in html.unescape(read(sam, f"{MINE}/new")).replace("%2F", "/")
    assert "7 score" in text(read(sam, choice))
    said = {"about": f"Observation/{item['id']}", "reason": "It was <eight>."}
    page = sent(sam, choice, f"{MINE}/new", **said)
    assert "Your clinic has it." in page
    assert "It was <eight>." in page
    assert "59 days left" in page
    assert task_of(house)["focus"] == {"reference": f"Observation/{item['id']}"}


def test_what_another_patient_has_or_nobody_is_no_choice(house: House, sam: TestClient) -> None:
    other = created(house, observation(house.cast.neighbour))
    assert other["id"] not in read(sam, f"{MINE}/new")
    assert sam.get(f"{MINE}/new?about=Observation/{other['id']}").status_code == 404
    assert "What is wrong, and how" in text(read(sam, f"{MINE}/new?about=other"))


def test_a_clinician_puts_a_value_right(house: House, sam: TestClient, grace: TestClient) -> None:
    item = created(house, observation(house.world.patient))
    task = disputed(house, f"Observation/{item['id']}")
    assert task["id"] in read(grace, THEIRS)
    page = read(grace, f"{THEIRS}/{task['id']}")
    names = re.findall(r'name="(set-[^"]+)"', page)
    assert "set-valueQuantity.value" in names
    fields = {"decision": "accept", "reason": "She showed me.", "version": "1", "set-valueQuantity.value": "8"}
    assert "It is decided" in sent(grace, f"{THEIRS}/{task['id']}", f"{THEIRS}/{task['id']}/decide", **fields)
    now = house.get(f"/fhir/Observation/{item['id']}", house.own_ehr).json()
    assert (now["status"], now["valueQuantity"]["value"]) == ("corrected", 8)
    mine = text(read(sam, MINE))
    assert "Put right" in mine
    assert "She showed me." in mine


def test_a_clinician_asks_and_the_patient_answers(house: House, sam: TestClient, grace: TestClient) -> None:
    task = disputed(house, f"Observation/{created(house, observation(house.world.patient))['id']}")
    one = f"{THEIRS}/{task['id']}"
    assert "can read your question" in sent(grace, one, f"{one}/ask", version="1", reason="Which day?")
    assert "Which day?" in text(read(sam, MINE))
    assert "Your answer is with the clinic." in sent(sam, MINE, f"{MINE}/{task['id']}/answer", reason="Tuesday.")
    assert "Tuesday." in text(read(grace, one))


def test_a_denial_is_told_disagreed_with_and_rebutted(house: House, sam: TestClient, grace: TestClient) -> None:
    task = disputed(house, f"Observation/{created(house, observation(house.world.patient))['id']}")
    one = f"{THEIRS}/{task['id']}"
    sent(grace, one, f"{one}/decide", version="1", decision="deny", reason="It is as measured.")
    assert "It is as measured." in text(read(sam, MINE))
    page = sent(sam, MINE, f"{MINE}/{task['id']}/disagree", reason="I see it otherwise.")
    assert "I see it otherwise." in page
    assert "Disagreement kept with the record" in page
    (logged,) = house.found(f"/fhir/Task?reasonreference=Task/{task['id']}", house.own_ehr)
    sent(grace, one, f"{THEIRS}/{logged['id']}/rebut", reason="We talked about it.")
    assert "the clinic’s answer to it" in text(read(sam, MINE))


def test_a_patient_takes_it_back(house: House, sam: TestClient) -> None:
    task = disputed(house, f"Observation/{created(house, observation(house.world.patient))['id']}")
    assert "It is taken back." in sent(sam, MINE, f"{MINE}/{task['id']}/withdraw")
    assert stage(house.get(f"/fhir/Task/{task['id']}", house.own_ehr).json()) == "requester-cancelled"


def test_a_document_takes_an_addendum(house: House, grace: TestClient) -> None:
    document = created(house, note(house.world.patient, media="application/pdf"))
    task = disputed(house, f"DocumentReference/{document['id']}")
    one = f"{THEIRS}/{task['id']}"
    assert "An addendum to the document" in text(read(grace, one))
    sent(grace, one, f"{one}/decide", version="1", decision="partial", reason="Partly so.", addendum="On two days.")
    assert house.get(f"/fhir/DocumentReference/{document['id']}", house.own_ehr).json()["docStatus"] == "amended"


def test_a_form_that_decides_nothing_changes_nothing(house: House, sam: TestClient, grace: TestClient) -> None:
    task = disputed(house, f"Observation/{created(house, observation(house.world.patient))['id']}")
    one = f"{THEIRS}/{task['id']}"
    form = hidden(read(grace, one))
    for fields in ({}, {"decision": "deny", "version": "1"}, {"decision": "accept", "version": "1", "reason": "So."}):
        assert grace.post(f"{one}/decide", data={**form, **fields}).status_code in (400, 422), fields
    stale = {**form, "decision": "deny", "version": "7", "reason": "So."}
    assert grace.post(f"{one}/decide", data=stale).status_code == 412
    assert grace.post(f"{one}/decide", data=stale | {"csrf": "0" * 64}).status_code == 403
    assert sam.get(one).status_code == 403
    assert grace.get(MINE).status_code == 403
    assert stage(house.get(f"/fhir/Task/{task['id']}", house.own_ehr).json()) == "queued"


def test_what_was_decided_by_the_api_reads_the_same(house: House, sam: TestClient) -> None:
    task = disputed(house, f"Observation/{created(house, observation(house.world.patient))['id']}")
    decided(house, task, "deny")
    disagreed(house, task)
    page = text(read(sam, MINE))
    assert "Denied" in page
    assert "I still see it otherwise." in page
