"""A document that is nothing but a text, as an EHR writes its notes, is put right as a whole: 45 CFR 164.526(c)(1)"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from gateway.fhir.json import parse
from tests.disputing import decide, decided, disputed
from tests.house import House
from tests.writers import created, labels, note

RIGHT = "Slept well, but for two nights: ä."
MASTER = {"system": "urn:ietf:rfc:3986", "value": "urn:uuid:6f2b6f5c-6f0b-4c83-9d7c-0b7d7a3a8a10"}


def written(house: House, **elements: Any) -> str:
    return f"DocumentReference/{created(house, note(house.world.patient, **elements))['id']}"


def now(house: House, reference: str, token: str = "") -> dict[str, Any]:
    found: dict[str, Any] = house.get(f"/fhir/{reference}", token or house.own_ehr).json()
    return found


def sentences(house: House, task: dict[str, Any]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = house.get(f"/corrections/{task['id']}", house.clinician).json()["statements"]
    return found


def test_its_text_reads_right_in_its_next_version(house: House) -> None:
    data = base64.b64encode(b"Slept well.").decode()
    attachment = {"contentType": "text/plain; charset=UTF-8", "data": data, "size": 11}
    reference = written(house, content=[{"attachment": attachment}], masterIdentifier=MASTER)
    task = disputed(house, reference)
    assert sentences(house, task) == [{"id": "text", "section": "", "text": "Slept well.", "origin": "human"}]
    decided(house, task, "accept", statements=[{"id": "text", "text": RIGHT}])
    made = now(house, reference)
    held = made["content"][0]["attachment"]
    assert base64.b64decode(held["data"]).decode() == RIGHT
    assert held["size"] == len(RIGHT.encode())
    assert (made["docStatus"], made["meta"]["versionId"]) == ("amended", "2")
    assert made["relatesTo"] == [{"code": "replaces", "target": {"reference": f"{reference}/_history/1"}}]
    assert made["masterIdentifier"] != MASTER
    writers = [each["reference"] for each in made["author"]]
    assert writers == ["Practitioner/not-here", f"Practitioner/{house.world.grace}"]
    assert "CLINAST" in labels(made)
    assert "Slept well." not in made["text"]["div"]
    [told] = house.found(f"/fhir/Provenance?target={reference}/_history/2", house.own_ehr)
    assert [each["role"] for each in told["entity"]] == ["revision", "source"]


def test_who_was_given_it_is_told_and_a_check_sum_fits_the_new_text(house: House) -> None:
    data = b"Slept well."
    sha1 = base64.b64encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode()
    held = {"contentType": "text/plain", "data": base64.b64encode(data).decode(), "hash": sha1}
    reference = written(house, content=[{"attachment": held}])
    house.grant()
    now(house, reference, house.ehr)
    decided(house, disputed(house, reference), "partial", statements=[{"id": "text", "text": RIGHT}])
    [[body]] = house.rows("SELECT body FROM delivery")
    assert parse(bytes(body))["resources"] == reference
    found = now(house, reference, house.ehr)["content"][0]["attachment"]
    digest = hashlib.sha1(base64.b64decode(found["data"]), usedforsecurity=False).digest()
    assert base64.b64decode(found["hash"]) == digest


@pytest.mark.parametrize(
    ("wanted", "place"),
    [
        ([{"id": "s1", "text": RIGHT}], "statements[0].id"),
        ([{"id": "text", "text": RIGHT}, {"id": "text", "text": RIGHT}], "statements[1].id"),
        ([{"id": "text"}], "statements"),
        ([{"id": "text", "text": " Slept well. "}], "statements"),
        ([{"id": "text", "text": "A\x07bell."}], "statements[0].text"),
    ],
)
def test_every_fault_is_told_by_its_place(house: House, wanted: list[dict[str, str]], place: str) -> None:
    task = disputed(house, written(house))
    answer = decide(house, task, "accept", statements=wanted)
    assert (answer.status_code, answer.json()["issue"][0]["expression"]) == (422, [place]), answer.text


@pytest.mark.parametrize(
    "elements",
    [
        {"media": "application/pdf"},
        {"media": "text/plain;charset=iso-8859-1"},
        {"data": "//79"},  # no UTF-8
        {"content": [{"attachment": {"contentType": "text/plain", "title": "On paper"}}]},
        {"content": [{"attachment": {"contentType": "text/plain", "data": "QQ=="}}] * 2},
    ],
)
def test_what_is_not_a_text_alone_takes_an_addendum_only(house: House, elements: dict[str, Any]) -> None:
    task = disputed(house, written(house, **elements))
    assert sentences(house, task) == []
    assert decide(house, task, "accept", statements=[{"id": "text", "text": RIGHT}]).status_code == 422
    assert decide(house, task, "accept", addendum=RIGHT).status_code == 200


def test_a_patients_own_words_are_the_patients(house: House) -> None:
    own = {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "PATAST"}]}
    assert sentences(house, disputed(house, written(house, meta=own))) == []


def test_what_was_entered_in_error_is_not_put_right(house: House) -> None:
    reference = written(house)
    decided(house, disputed(house, reference), "accept", enteredInError=True)
    again = disputed(house, reference)
    assert decide(house, again, "accept", statements=[{"id": "text", "text": RIGHT}]).status_code == 422
