"""The forms of corrections: a note's sentences, more time, and words that are missing told where they belong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from tests.api.pages.test_corrections import MINE, THEIRS, hidden, read, sent
from tests.browsing import browser, text
from tests.disputing import asked, decided, disagreed, disputed, letter, stage
from tests.house import House
from tests.writers import created, observation
from tests.writers import note as ehr_note

RIGHT = "Sleeps seven hours, as Sam says."


@pytest.fixture
def grace(house: House) -> Iterator[TestClient]:
    """The clinician's browser, signed in."""
    yield browser(house, house.clinician)


def posted(who: TestClient, form_on: str, address: str, **fields: str) -> httpx.Response:
    answer: httpx.Response = who.post(address, data={**hidden(read(who, form_on)), **fields})
    return answer


def fault_at(page: str, field: str) -> str:
    """What is said at a field, which says so itself; and the field is shown, not folded away."""
    assert re.search(rf'<(?:textarea|input)[^>]* id="{field}"[^>]*aria-invalid="true"[^>]*{field}-fault', page), page
    return text(re.findall(rf'id="{field}-fault">(.*?)</p>', page)[0])


def typed_in(page: str, field: str) -> str:
    return str(re.findall(rf'<textarea[^>]* id="{field}"[^>]*>\n?(.*?)</textarea>', page, re.S)[0])


def mood(house: House) -> str:
    return f"Observation/{created(house, observation(house.world.patient))['id']}"


def status_of(house: House, task: dict[str, Any]) -> str:
    return stage(house.get(f"/fhir/Task/{task['id']}", house.own_ehr).json())


@pytest.fixture
def note(house: House) -> dict[str, Any]:
    """The Task of a request about an approved note."""
    return disputed(house, f"Composition/{house.approve(house.draft())['Composition']}")


def sentence_of(house: House, task: dict[str, Any]) -> dict[str, str]:
    return sentences_of(house, task)[0]


def sentences_of(house: House, task: dict[str, Any]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = house.get(f"/corrections/{task['id']}", house.clinician).json()["statements"]
    return found


def test_a_sentence_of_a_note_is_put_right_in_its_field(house: House, grace: TestClient, note: dict[str, Any]) -> None:
    one, sentence = f"{THEIRS}/{note['id']}", sentence_of(house, note)
    assert typed_in(read(grace, one), f"sentence-{sentence['id']}") == sentence["text"]
    fields = {"decision": "accept", "reason": "You are right.", "version": "1", f"sentence-{sentence['id']}": RIGHT}
    assert "It is decided" in sent(grace, one, f"{one}/decide", **fields)
    composition = house.get(f"/fhir/{note['focus']['reference']}", house.own_ehr).json()
    assert (composition["status"], RIGHT in str(composition)) == ("amended", True)


def test_an_empty_field_takes_its_sentence_out(house: House, grace: TestClient, note: dict[str, Any]) -> None:
    one, sentence = f"{THEIRS}/{note['id']}", sentence_of(house, note)
    fields = {"decision": "partial", "reason": "That was not said.", "version": "1"}
    sent(grace, one, f"{one}/decide", **fields, **{f"sentence-{sentence['id']}": " "})
    assert sentence["text"] not in house.get(f"/fhir/{note['focus']['reference']}", house.own_ehr).text


def test_what_she_wrote_stays_where_it_cannot_be_kept_yet(
    house: House, grace: TestClient, note: dict[str, Any]
) -> None:
    one, name = f"{THEIRS}/{note['id']}", f"sentence-{sentence_of(house, note)['id']}"
    fields = {"decision": "accept", "reason": "So.", "version": "1", name: RIGHT}
    both = posted(grace, one, f"{one}/decide", **fields, addendum="And more.")
    assert (both.status_code, typed_in(both.text, name)) == (422, RIGHT)
    assert "not both at once" in text(both.text)
    unreadable = posted(grace, one, f"{one}/decide", **fields | {name: "A\x07bell."})
    assert unreadable.status_code == 422
    assert "control character" in fault_at(unreadable.text, name)
    assert status_of(house, note) == "queued"


def test_what_another_put_right_meanwhile_is_not_undone(house: House, grace: TestClient, note: dict[str, Any]) -> None:
    one, (first, second, *_) = f"{THEIRS}/{note['id']}", sentences_of(house, note)
    form = hidden(read(grace, one))
    other = disputed(house, note["focus"]["reference"])
    decided(house, other, "accept", statements=[{"id": second["id"], "text": "She walks on Sundays."}])
    fields = {"decision": "accept", "reason": "So.", "version": "1", f"sentence-{first['id']}": RIGHT}
    late = grace.post(f"{one}/decide", data={**form, **fields, f"sentence-{second['id']}": second["text"]})
    assert (late.status_code, RIGHT in text(late.text)) == (412, True)
    assert typed_in(late.text, f"sentence-{second['id']}") == "She walks on Sundays."
    assert typed_in(late.text, "reason") == "So."
    assert status_of(house, note) == "queued"
    now = house.get(f"/fhir/{note['focus']['reference']}", house.own_ehr).text
    assert ("She walks on Sundays." in now, RIGHT in now) == (True, False)


def test_an_ehrs_note_is_put_right_as_a_whole(house: House, grace: TestClient) -> None:
    document = f"DocumentReference/{created(house, ehr_note(house.world.patient))['id']}"
    one = f"{THEIRS}/{disputed(house, document)['id']}"
    assert "The text, Clinician-written" in text(read(grace, one))
    fields = {"decision": "accept", "reason": "So.", "version": "1", "sentence-text": RIGHT}
    sent(grace, one, f"{one}/decide", **fields)
    assert RIGHT in text(read(grace, one))


def day_after(task: dict[str, Any], days: int) -> str:
    return (datetime.fromisoformat(task["authoredOn"]).date() + timedelta(days=days)).isoformat()


def test_the_clinician_takes_longer_and_the_queue_and_the_patient_show_it(
    house: House, grace: TestClient, sam: TestClient
) -> None:
    _, task = asked(house, letter(house))
    one = f"{THEIRS}/{task['id']}"
    fields = {"version": "1", "until": day_after(task, 75), "longer": "The colleague who wrote it is away."}
    assert "why it takes longer" in sent(grace, one, f"{one}/extend", **fields)
    assert "75 days left" in text(read(grace, THEIRS))
    assert "later than usual" in text(read(grace, THEIRS))
    mine = text(read(sam, MINE))
    assert "The colleague who wrote it is away." in mine
    assert f"We will decide by {day_after(task, 75)}." in mine
    assert "Take longer" not in read(grace, one)
    again = grace.post(f"{one}/extend", data={**fields, "csrf": re.findall(r'csrf" value="(\w+)', read(grace, one))[0]})
    assert again.status_code == 412


def test_what_is_missing_for_more_time_is_told_at_its_field(house: House, grace: TestClient) -> None:
    _, task = asked(house, letter(house))
    one, good = f"{THEIRS}/{task['id']}", {"version": "1", "until": day_after(task, 75), "longer": "Away."}
    blank = posted(grace, one, f"{one}/extend", **good | {"longer": "  "})
    assert (blank.status_code, "the patient reads them" in fault_at(blank.text, "longer")) == (422, True)
    for until in ("", "someday", day_after(task, 95), day_after(task, 60)):
        wrong = posted(grace, one, f"{one}/extend", **good | {"until": until})
        assert (wrong.status_code, "day" in fault_at(wrong.text, "until")) == (422, True)
        assert typed_in(wrong.text, "longer") == "Away."
    assert '<details class="card deciding" id="longer-form" open>' in blank.text
    assert status_of(house, task) == "queued"


@pytest.mark.parametrize(("words", "said"), [("  ", "Write your answer."), ("x" * 5001, "no more than 5000")])
def test_a_patients_answer_is_asked_for_at_its_field(house: House, sam: TestClient, words: str, said: str) -> None:
    task = disputed(house, mood(house))
    house.ask("POST", f"/corrections/{task['id']}/question", house.clinician, json={"text": "Which day?"})
    answer = posted(sam, MINE, f"{MINE}/{task['id']}/answer", reason=words)
    assert answer.status_code == 422
    assert said in fault_at(answer.text, f"answer-{task['id']}")
    assert typed_in(answer.text, f"answer-{task['id']}") == words
    assert status_of(house, task) == "waiting-for-information"


def test_a_disagreement_and_its_rebuttal_are_asked_for_at_their_fields(
    house: House, sam: TestClient, grace: TestClient
) -> None:
    task = disputed(house, mood(house))
    decided(house, task, "deny")
    blank = posted(sam, MINE, f"{MINE}/{task['id']}/disagree", reason="")
    assert "Write what you disagree with." in fault_at(blank.text, f"disagree-{task['id']}")
    assert "<details open>" in blank.text
    _, logged = disagreed(house, task)
    one = f"{THEIRS}/{task['id']}"
    empty = posted(grace, one, f"{THEIRS}/{logged['id']}/rebut", reason=" ")
    assert empty.status_code == 422
    assert "Write a few words" in fault_at(empty.text, f"rebut-{logged['id']}")
    assert "Nothing is kept yet." in text(empty.text)
    assert status_of(house, logged) == "disagreement-logged"


def test_a_rebuttal_that_came_second_keeps_its_words(house: House, grace: TestClient) -> None:
    task = disputed(house, mood(house))
    decided(house, task, "deny")
    _, logged = disagreed(house, task)
    form, address = f"{THEIRS}/{task['id']}", f"{THEIRS}/{logged['id']}/rebut"
    proof = re.findall(r'name="csrf" value="([0-9a-f]+)"', read(grace, form))[0]
    assert grace.post(address, data={"csrf": proof, "reason": "It was measured so."}).status_code == 303
    again = grace.post(address, data={"csrf": proof, "reason": "And once more."})
    assert (again.status_code, "And once more." in text(again.text)) == (412, True)


def test_an_answer_to_what_was_decided_meanwhile_keeps_its_words(house: House, sam: TestClient) -> None:
    task = disputed(house, mood(house))
    house.ask("POST", f"/corrections/{task['id']}/question", house.clinician, json={"text": "Which day?"})
    proof = re.findall(r'name="csrf" value="([0-9a-f]+)"', read(sam, MINE))[0]
    decided(house, task, "deny")
    late = sam.post(f"{MINE}/{task['id']}/answer", data={"csrf": proof, "reason": "It was <Tuesday>."})
    assert (late.status_code, "It was <Tuesday>." in text(late.text)) == (409, True)
    assert "dealt with this while you were writing" in text(late.text)


def test_what_is_wrong_in_too_many_words_comes_back_with_them(house: House, sam: TestClient) -> None:
    new, words = f"{MINE}/new?about=other", "y" * 5001
    answer = posted(sam, new, f"{MINE}/new", about="other", reason=words)
    assert (answer.status_code, typed_in(answer.text, "reason")) == (422, words)
    assert "no more than 5000" in fault_at(answer.text, "reason")
    assert house.found("/fhir/Task", house.own_ehr) == []
