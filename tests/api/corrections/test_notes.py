"""A note that was approved here is put right sentence by sentence: 45 CFR 164.526(c)(1).

Its next version replaces the former one, keeps whose words each sentence holds and what it rests on, and whoever was
given it is told to fetch it again.
"""

from __future__ import annotations

import base64
from typing import Any

import pytest

from gateway.fhir.json import parse
from gateway.rules.codes import TARGET_ELEMENT
from tests.api.context.test_patient_context import told
from tests.disputing import about, asked, decide, decided, disputed, letter
from tests.house import House
from tests.together import draft_of, together
from tests.writers import created, labels, note

RIGHT = "Sleeps seven hours, as Sam says."


@pytest.fixture
def made(house: House) -> dict[str, str]:
    """An approved note: the ids of its Composition and its DocumentReference."""
    return house.approve(house.draft())


def get(house: House, reference: str, token: str = "") -> dict[str, Any]:
    answer = house.get(f"/fhir/{reference}", token or house.own_ehr)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def statements(house: House, task: dict[str, Any]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = house.get(f"/corrections/{task['id']}", house.clinician).json()["statements"]
    return found


def put_right(house: House, reference: str, text: str | None = RIGHT) -> str:
    """The first sentence of a note put right; its id."""
    return put_right_as_asked(house, disputed(house, reference), text)


def put_right_as_asked(house: House, task: dict[str, Any], text: str | None = RIGHT) -> str:
    first = statements(house, task)[0]["id"]
    decided(house, task, "accept", statements=[{"id": first, "text": text}])
    return first


def text_of(document: dict[str, Any]) -> str:
    return base64.b64decode(document["content"][0]["attachment"]["data"]).decode()


def whole_of(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = parse(base64.b64decode(document["content"][1]["attachment"]["data"]))
    return found


@pytest.mark.parametrize("kind", ["Composition", "DocumentReference"])
def test_the_sentence_reads_right_in_both_halves_of_the_note(house: House, made: dict[str, str], kind: str) -> None:
    before = get(house, f"DocumentReference/{made['DocumentReference']}")
    wrong = statements(house, disputed(house, f"{kind}/{made[kind]}"))[0]["text"]
    put_right(house, f"{kind}/{made[kind]}")
    composition = get(house, f"Composition/{made['Composition']}")
    document = get(house, f"DocumentReference/{made['DocumentReference']}")
    assert (composition["status"], document["docStatus"], document["status"]) == ("amended", "amended", "current")
    assert wrong in text_of(before)
    assert RIGHT in text_of(document)
    assert wrong not in text_of(document)
    inside = whole_of(document)["entry"][0]["resource"]
    assert {**inside, "meta": None} == {**composition, "meta": None}
    assert wrong not in str(whole_of(document))
    assert whole_of(document)["identifier"] != whole_of(before)["identifier"]
    assert document["masterIdentifier"] != before["masterIdentifier"]


def test_the_version_before_stays_and_is_named_as_replaced(house: House, made: dict[str, str]) -> None:
    put_right(house, f"Composition/{made['Composition']}")
    composition = get(house, f"Composition/{made['Composition']}")
    [relation] = composition["relatesTo"]
    assert (relation["code"], relation["targetReference"]["reference"]) == (
        "replaces",
        f"Composition/{made['Composition']}/_history/1",
    )
    former = get(house, relation["targetReference"]["reference"])
    assert (former["status"], RIGHT in str(former)) == ("final", False)
    document = get(house, f"DocumentReference/{made['DocumentReference']}")
    assert [each["target"]["reference"] for each in document["relatesTo"]] == [
        f"DocumentReference/{made['DocumentReference']}/_history/1"
    ]


@pytest.mark.spec("X-030")
def test_whose_words_each_sentence_holds_and_what_it_rests_on_is_told_of_the_new_version(
    house: House, made: dict[str, str]
) -> None:
    first = put_right(house, f"Composition/{made['Composition']}")
    target = f"Composition/{made['Composition']}"
    now = get(house, target)
    assert {"AIAST", "CLINAST", "PROCESSINLINELABEL"} <= labels(now)
    kept = house.found(f"/fhir/Provenance?target={target}/_history/2&_count=100", house.own_ehr)
    named = {
        extension["valueUri"]: each
        for each in kept
        for extension in each["target"][0].get("extension", ())
        if extension["url"] == TARGET_ELEMENT
    }
    lineage = house.get(f"/lineage/{target}", house.auditor).json()
    assert set(named) == {each["id"] for each in lineage["statements"]}
    [corrected] = [each for each in lineage["statements"] if each["id"] == first]
    assert (corrected["text"], corrected["origin"]) == (RIGHT, "revision")
    assert corrected["evidence"] != []
    assert corrected["writtenBy"] == f"Practitioner/{house.world.grace}"
    agents = {agent["type"]["coding"][0]["code"]: agent["who"]["reference"] for agent in named[first]["agent"]}
    assert agents["author"] == agents["verifier"] == f"Practitioner/{house.world.grace}"
    assert agents["assembler"].startswith("Device/")
    sources = [each["what"]["identifier"]["value"] for each in named[first]["entity"] if each["role"] == "source"]
    assert sources == [each["identifier"] for each in corrected["evidence"]]
    because = [each for each in kept if any("Communication/" in str(one["what"]) for one in each.get("entity", ()))]
    assert len(because) == 1


def test_who_was_given_the_note_is_told_and_reads_it_right(house: House, made: dict[str, str]) -> None:
    document = f"DocumentReference/{made['DocumentReference']}"
    house.grant()
    get(house, document, house.ehr)
    put_right(house, document)
    [[body]] = house.rows("SELECT body FROM delivery")
    assert set(parse(bytes(body))["resources"].split()) == {document, f"Composition/{made['Composition']}"}
    assert RIGHT in text_of(get(house, document, house.ehr))


def test_a_sentence_is_taken_out_and_another_put_right_later(house: House, made: dict[str, str]) -> None:
    reference = f"Composition/{made['Composition']}"
    gone = put_right(house, reference, None)
    left = statements(house, disputed(house, reference))
    assert gone not in [each["id"] for each in left]
    put_right(house, reference)
    now = get(house, reference)
    assert (now["meta"]["versionId"], now["relatesTo"][0]["targetReference"]["reference"]) == (
        "3",
        f"{reference}/_history/2",
    )
    edits = house.get(f"/lineage/{reference}", house.auditor).json()["edits"]
    assert [[change["kind"] for change in each["changes"]] for each in edits] == [["removed"], ["changed"]]


def test_after_an_addendum_the_note_is_put_right_all_the_same(house: House, made: dict[str, str]) -> None:
    reference = f"Composition/{made['Composition']}"
    decided(house, disputed(house, reference), "partial", addendum="They came on Thursday.")
    put_right(house, reference)
    assert get(house, reference)["meta"]["versionId"] == "3"


def test_of_a_couples_note_the_entries_of_both_read_right(house: House) -> None:
    published = house.step(draft_of(together(house)), "approval").json()["published"]
    [composition] = [each for each in published if each.startswith("Composition/")]
    put_right_as_asked(house, asked(house, letter(house, about(composition)), token=house.writer)[1])
    entries = [get(house, each) for each in published if each.startswith("DocumentReference/")]
    both = [each for each in entries if each.get("docStatus") == "amended"]
    assert len({each["subject"]["reference"] for each in both}) == 2
    assert all(RIGHT in text_of(each) for each in both)


def test_every_fault_is_told_by_its_place_and_changes_nothing(house: House, made: dict[str, str]) -> None:
    reference = f"Composition/{made['Composition']}"
    task = disputed(house, reference)
    there = statements(house, task)
    same = {"id": there[0]["id"], "text": there[0]["text"]}
    wrong: list[tuple[list[dict[str, Any]], str]] = [
        ([{"id": "never-was", "text": RIGHT}], "statements[0].id"),
        ([same | {"text": RIGHT}, same], "statements[1].id"),
        ([{"id": there[1]["id"], "text": RIGHT}, same | {"text": "  "}], "statements[1].text"),
        ([{"id": each["id"]} for each in there], "statements"),
        ([same], "statements"),
    ]
    for sentences, place in wrong:
        answer = decide(house, task, "accept", statements=sentences)
        assert (answer.status_code, answer.json()["issue"][0]["expression"]) == (422, [place]), answer.text
    assert decide(house, task, "accept", statements=[same], addendum="More.").status_code == 422
    assert decide(house, task, "deny", statements=[same | {"text": RIGHT}]).status_code == 422
    assert get(house, reference)["meta"]["versionId"] == "1"


def test_a_decision_on_a_version_that_is_no_longer_current_decides_nothing(house: House, made: dict[str, str]) -> None:
    reference = f"Composition/{made['Composition']}"
    first, second = disputed(house, reference), disputed(house, reference)
    wanted = [{"id": statements(house, first)[0]["id"], "text": RIGHT}]
    decided(house, first, "accept", statements=wanted, itemVersion=1)
    assert decide(house, second, "deny", itemVersion=1).status_code == 412
    assert decide(house, second, "deny", itemVersion=2).status_code == 200


def test_what_has_no_sentences_of_ours_takes_none(house: House, made: dict[str, str]) -> None:
    document = created(house, note(house.world.patient, media="application/pdf"))
    task = disputed(house, f"DocumentReference/{document['id']}")
    assert statements(house, task) == []
    answer = decide(house, task, "accept", statements=[{"id": "s1", "text": RIGHT}])
    assert (answer.status_code, answer.json()["issue"][0]["expression"]) == (422, ["statements"])
    wrong = disputed(house, f"Composition/{made['Composition']}")
    decided(house, wrong, "accept", enteredInError=True)
    again = disputed(house, f"Composition/{made['Composition']}")
    assert decide(house, again, "accept", statements=[{"id": "s1", "text": RIGHT}]).status_code == 422


def test_the_next_session_is_told_the_note_as_it_was_put_right(house: House, made: dict[str, str]) -> None:
    put_right(house, f"Composition/{made['Composition']}")
    [again] = [each for each in told(house) if each["kind"] == "note"]
    assert RIGHT in str(again)
