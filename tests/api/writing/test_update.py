"""update: https://hl7.org/fhir/R4/http.html#update"""

from __future__ import annotations

import pytest

from gateway.fhir.search.table import TYPES
from tests.house import House
from tests.world import BASE
from tests.writers import count, created, delete, labels, note, observation, post, put, send

# What the law brings along: rules/labelling_written.
PART_2 = {"42CFRPart2", "SUD", "NORDSCLCD", "RedisclosureProhibitionMark"}


@pytest.mark.spec("F-070")
def test_an_update_is_the_next_version(house: House) -> None:
    made = created(house, observation(house.world.patient))
    answer = put(house, made | {"status": "amended"}, If_Match='W/"1"')
    assert answer.status_code == 200
    assert answer.headers["location"] == f"{BASE}/fhir/Observation/{made['id']}/_history/2"
    assert answer.headers["etag"] == 'W/"2"'
    assert answer.headers["last-modified"]
    assert (answer.json()["status"], answer.json()["meta"]["versionId"]) == ("amended", "2")
    assert house.get(f"/fhir/Observation/{made['id']}/_history/1", house.writer).json() == made
    assert house.get(f"/fhir/Observation/{made['id']}", house.writer).content == answer.content


@pytest.mark.spec("F-070")
def test_search_finds_the_new_version_by_what_it_says_now(house: House) -> None:
    made = created(house, observation(house.world.patient))
    put(house, made | {"status": "amended"})
    assert house.found("/fhir/Observation?status=final", house.writer) == []
    assert [each["id"] for each in house.found("/fhir/Observation?status=amended", house.writer)] == [made["id"]]


@pytest.mark.spec("F-071")
@pytest.mark.parametrize("id", [None, "another", 7])
def test_the_body_names_the_id_of_the_address(house: House, id: object) -> None:
    made = created(house, observation(house.world.patient))
    body = {name: value for name, value in (made | {"id": id}).items() if value is not None}
    assert send(house, "PUT", f"/fhir/Observation/{made['id']}", body, If_Match='W/"1"').status_code == 400
    assert count(house, "Observation") == 1


@pytest.mark.spec("F-072")
@pytest.mark.parametrize("id", ["unknown", "x" * 65, "a b"])
def test_ids_are_given_by_the_server(house: House, id: str) -> None:
    assert put(house, observation(house.world.patient, id=id), If_Match='W/"1"').status_code == 405
    assert count(house, "Observation") == 0


@pytest.mark.spec("F-073")
def test_what_was_changed_meanwhile_is_not_overwritten(house: House) -> None:
    made = created(house, observation(house.world.patient))
    assert put(house, made | {"status": "amended"}, If_Match='W/"1"').status_code == 200
    assert put(house, made | {"status": "corrected"}, If_Match='W/"1"').status_code == 412
    assert count(house, "Observation") == 2


@pytest.mark.spec("F-073")
def test_the_version_in_the_body_counts_when_no_header_does(house: House) -> None:
    made = created(house, observation(house.world.patient))
    assert put(house, made | {"status": "amended"}).status_code == 200
    assert put(house, made | {"status": "corrected"}).status_code == 412
    assert put(house, made | {"status": "corrected"}, If_Match='W/"2"').status_code == 200


@pytest.mark.spec("F-074")
@pytest.mark.parametrize("tag", ["1", "W/1", 'W/"x"', "*", 'W/"1", W/"2"', 'W/"1', "", 'W/"99999999999999999999"'])
def test_a_malformed_tag_is_refused(house: House, tag: str) -> None:
    made = created(house, observation(house.world.patient))
    assert put(house, made | {"status": "amended"}, If_Match=tag).status_code == 400
    assert count(house, "Observation") == 1


@pytest.mark.spec("F-075")
def test_an_update_tells_what_it_is_based_on(house: House) -> None:
    made = created(house, observation(house.world.patient))
    assert put(house, observation(house.world.patient, id=made["id"])).status_code == 400
    assert count(house, "Observation") == 1


@pytest.mark.spec("F-076")
def test_every_type_that_changes_is_versioned_update(house: House) -> None:
    """Whatever the type, an update of something unknown to it is not an upsert, and none passes without a version."""
    for type, table in TYPES.items():
        if "update" in table.interactions:
            assert send(house, "PUT", f"/fhir/{type}/x", {"resourceType": type, "id": "x"}).status_code == 405, type
    for made in (created(house, note(house.world.patient)), created(house, {"resourceType": "Device"})):
        assert put(house, {**made, "meta": {}}).status_code in (400, 422)


@pytest.mark.spec("F-078")
def test_the_same_content_keeps_its_version(house: House) -> None:
    made = created(house, observation(house.world.patient))
    answer = put(house, made)
    assert (answer.status_code, answer.headers["etag"]) == (200, 'W/"1"')
    assert answer.json() == made
    assert count(house, "Observation") == 1


@pytest.mark.spec("F-039", "F-078")
def test_another_precision_is_another_content(house: House) -> None:
    answer = send(house, "POST", "/fhir/Observation", _weighing(house, "19.0"))
    again = answer.text.replace('"value":19.0', '"value":19.00')
    changed = send(house, "PUT", f"/fhir/Observation/{answer.json()['id']}", again)
    assert (changed.status_code, changed.headers["etag"]) == (200, 'W/"2"')
    assert '"value":19.00' in changed.text


def _weighing(house: House, lexeme: str) -> str:
    return (
        '{"resourceType":"Observation","status":"final","code":{"text":"mood"},'
        f'"subject":{{"reference":"Patient/{house.world.patient}"}},"valueQuantity":{{"value":{lexeme}}}}}'
    )


@pytest.mark.spec("F-033", "F-035")
def test_an_update_passes_the_same_door(house: House) -> None:
    made = created(house, observation(house.world.patient))
    assert put(house, made | {"status": "nonsense"}).status_code == 422
    assert send(house, "PUT", f"/fhir/Observation/{made['id']}", note(house.world.patient)).status_code == 400
    assert count(house, "Observation") == 1


@pytest.mark.spec("F-088")
def test_a_provenance_never_changes(house: House) -> None:
    made = created(house, observation(house.world.patient))
    told = created(
        house,
        {
            "resourceType": "Provenance",
            "target": [{"reference": f"Observation/{made['id']}/_history/1"}],
            "recorded": "2026-09-01T10:00:00Z",
            "agent": [{"who": {"reference": f"Practitioner/{house.world.grace}"}}],
        },
    )
    address = f"/fhir/Provenance/{told['id']}"
    assert put(house, told).status_code == 405
    assert delete(house, f"Provenance/{told['id']}").status_code == 405
    assert send(house, "PATCH", address, "[]", Content_Type="application/json-patch+json").status_code == 405
    assert send(house, "PUT", "/fhir/AuditEvent/x", {"resourceType": "AuditEvent"}).status_code == 405
    assert delete(house, "AuditEvent/x").status_code == 405
    assert house.get(address, house.writer).json() == told


@pytest.mark.spec("X-050")
def test_an_update_does_not_take_protection_away(house: House) -> None:
    law = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "42CFRPart2"}
    secret = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "V"}
    made = created(house, observation(house.world.patient, meta={"security": [law, secret]}))
    bare = {name: value for name, value in made.items() if name != "meta"}
    lower = bare | {"status": "amended", "meta": {"security": [secret | {"code": "N"}]}}
    for body in (bare | {"status": "amended"}, lower | {"status": "corrected"}):
        version = house.get(f"/fhir/Observation/{made['id']}", house.writer).headers["etag"]
        answer = put(house, body, If_Match=version)
        assert (answer.status_code, labels(answer.json())) == (200, {"V", "MH"} | PART_2)
    assert {row[0] for row in house.rows("SELECT confidentiality FROM resource WHERE type = 'Observation'")} == {"V"}


@pytest.mark.spec("F-172")
def test_prefer_minimal_sends_nothing_back(house: House) -> None:
    made = created(house, observation(house.world.patient))
    answer = put(house, made | {"status": "amended"}, Prefer="return=minimal")
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (200, b"", 'W/"2"')


def test_creating_a_patient_makes_the_writer_its_custodian(house: House) -> None:
    answer = post(house, {"resourceType": "Patient", "name": [{"family": "Hill"}]}, house.foreign_writer)
    id = answer.json()["id"]
    assert answer.status_code == 201
    assert labels(answer.json()) == {"R"}
    assert post(house, observation(id), house.foreign_writer).status_code == 201
    assert post(house, observation(id)).status_code == 403
    assert house.get(f"/fhir/Patient/{id}", house.own_ehr).status_code == 404
