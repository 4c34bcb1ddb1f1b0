"""`Patient/$match`: who on record may be the patient described, among those whom the caller may see."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.api.fhir.conftest import World, patient

RECORD_NUMBER = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]}
GRADE = "http://hl7.org/fhir/StructureDefinition/match-grade"


@pytest.fixture
def world(world: World) -> World:
    for id, number in (("cleo", "1"), ("twin", "2")):
        identifier = [{"system": "urn:clinic", "value": number, "type": RECORD_NUMBER}]
        world.publish(patient(id, "Rivers", birthDate="1990-01-02") | {"identifier": identifier}, id)
    return world


def described(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", **elements}


def numbered(value: str) -> dict[str, Any]:
    return described(identifier=[{"system": "urn:clinic", "value": value}])


NAMED = described(name=[{"family": "rivers", "given": ["José"]}], birthDate="1990-01-02")


def ask(world: World, patient: Any, token: str = "", **parameters: Any) -> httpx.Response:
    given: list[dict[str, Any]] = [{"name": "resource", "resource": patient}]
    kinds = {bool: "valueBoolean", int: "valueInteger"}
    given += [{"name": name, kinds[type(value)]: value} for name, value in parameters.items()]
    headers = {"authorization": f"Bearer {token or world.token()}"}
    body = {"resourceType": "Parameters", "parameter": given}
    answer: httpx.Response = world.client.post("/Patient/$match", json=body, headers=headers)
    return answer


def grades(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 200, answer.text
    found = {}
    for entry in answer.json().get("entry", ()):
        if entry["search"]["mode"] == "match":
            [extension] = entry["search"]["extension"]
            assert extension["url"] == GRADE
            assert 0 <= entry["search"]["score"] <= 1
            found[entry["resource"]["id"]] = extension["valueCode"]
    return found


@pytest.mark.spec("T-010")
def test_an_identifier_of_the_custodians_own_is_certain(world: World) -> None:
    answer = ask(world, numbered("1"))
    assert grades(answer) == {"cleo": "certain"}
    assert answer.json()["type"] == "searchset"
    assert grades(ask(world, numbered("1"), onlyCertainMatches=True)) == {"cleo": "certain"}


@pytest.mark.spec("T-010")
def test_name_and_birth_date_are_never_certain(world: World) -> None:
    assert grades(ask(world, NAMED)) == {"cleo": "possible", "twin": "possible"}
    assert grades(ask(world, NAMED, onlyCertainMatches=True)) == {}
    assert len(grades(ask(world, NAMED, count=1))) == 1


def test_one_number_on_two_records_makes_neither_certain(world: World) -> None:
    again = [{"system": "urn:clinic", "value": "1", "type": RECORD_NUMBER}]
    world.publish(patient("copy", "Rivers") | {"identifier": again}, "copy")
    assert grades(ask(world, numbered("1"))) == {"cleo": "probable", "copy": "probable"}
    assert grades(ask(world, numbered("1"), onlyCertainMatches=True)) == {}


def test_two_certain_matches_are_none_when_only_certain_ones_are_wanted(world: World) -> None:
    both = described(identifier=[{"system": "urn:clinic", "value": value} for value in ("1", "2")])
    assert grades(ask(world, both)) == {"cleo": "certain", "twin": "certain"}
    answer = ask(world, both, onlyCertainMatches=True)
    assert grades(answer) == {}
    assert answer.json()["entry"][0]["resource"]["issue"][0]["code"] == "multiple-matches"


@pytest.mark.spec("X-024", "X-023")
def test_who_is_hidden_changes_nothing(world: World) -> None:
    """Not even the grade of another record that has the same number."""
    world.permit("cleo", "ehr")
    ehr = world.token("ehr")
    before = ask(world, numbered("1"), ehr)
    assert grades(before) == {"cleo": "certain"}
    again = [{"system": "urn:clinic", "value": "1", "type": RECORD_NUMBER}]
    world.publish(patient("copy", "Rivers", birthDate="1990-01-02") | {"identifier": again}, "copy")
    assert ask(world, numbered("1"), ehr).content == before.content
    assert grades(ask(world, NAMED, ehr)) == {"cleo": "possible"}
    assert grades(ask(world, numbered("2"), ehr)) == {}


def test_nothing_is_merged_or_written(world: World) -> None:
    with world.database.read() as db:
        before = db.connection.exec_driver_sql("SELECT count(*), max(pk) FROM resource").all()
    ask(world, numbered("1"))
    with world.database.read() as db:
        assert db.connection.exec_driver_sql("SELECT count(*), max(pk) FROM resource").all() == before


def test_what_leaves_is_recorded_without_what_was_asked(world: World) -> None:
    ask(world, NAMED)
    rows = world.audited()[-2:]
    assert [(row["act"], row["patient_id"]) for row in rows] == [("operation", "cleo"), ("operation", "twin")]
    assert not any(b"rivers" in bytes(row["detail"]) for row in rows)


@pytest.mark.parametrize(
    ("patient", "status"),
    [
        (described(), 422),
        (described(birthDate="1990-01-02"), 422),
        (described(birthDate="soon"), 422),
        (described(colour="red"), 422),
        ({"resourceType": "Practitioner"}, 400),
        ("Patient", 422),
    ],
)
def test_what_cannot_be_matched_is_refused(world: World, patient: Any, status: int) -> None:
    answer = ask(world, patient)
    assert answer.status_code == status
    assert answer.json()["issue"][0]["severity"] == "error"


def test_hostile_values_are_values(world: World) -> None:
    for text in ("1' OR '1'='1", "a|b", "x,y", "\\", "$", "%", "_", "|", ","):
        hostile = described(identifier=[{"system": "urn:clinic", "value": text}], name=[{"family": text}])
        assert grades(ask(world, hostile | {"birthDate": "1990-01-02"})) == {}


def test_it_takes_the_right_to_read_and_search_patients(world: World) -> None:
    assert ask(world, NAMED, world.token(scopes=frozenset({"system/Patient.s"}))).status_code == 403
    assert ask(world, NAMED, world.token(scopes=frozenset({"system/Observation.rs"}))).status_code == 403


@pytest.mark.spec("F-003")
def test_it_is_asked_by_post(world: World) -> None:
    answer = world.get("/Patient/$match")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    headers = {"authorization": f"Bearer {world.token()}", "content-type": "text/plain"}
    assert world.client.post("/Patient/$match", content=b"{}", headers=headers).status_code == 415
    headers["content-type"] = "application/fhir+json"
    for body in (b"{", b"[]", b'"x"', b'{"resourceType":"Patient"}'):
        assert world.client.post("/Patient/$match", content=body, headers=headers).status_code == 400
