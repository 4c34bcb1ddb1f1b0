"""Conditional create, update and delete: https://hl7.org/fhir/R4/http.html#ccreate"""

from __future__ import annotations

from typing import Any

import pytest

from gateway.errors import Forbidden
from gateway.fhir.json import dump
from gateway.usecases import create, update
from gateway.usecases import delete as removal
from tests.house import House
from tests.writers import count, created, delete, note, observation, post, practitioner, put, send

IDENTIFIER = {"system": "urn:example:note", "value": "n-1"}
CONDITION = "identifier=urn:example:note|n-1"


def marked(house: House, **elements: Any) -> dict[str, Any]:
    return note(house.world.patient, identifier=[IDENTIFIER], **elements)


@pytest.mark.spec("F-100")
def test_a_conditional_create_creates_once(house: House) -> None:
    first = post(house, marked(house), If_None_Exist=CONDITION)
    again = post(house, marked(house, docStatus="amended"), If_None_Exist=CONDITION)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert again.headers["location"] == first.headers["location"]
    assert count(house, "DocumentReference") == 1


@pytest.mark.spec("F-100")
def test_a_condition_that_finds_several_creates_nothing(house: House) -> None:
    for _ in range(2):
        created(house, marked(house))
    assert post(house, marked(house), If_None_Exist=CONDITION).status_code == 412
    assert count(house, "DocumentReference") == 2


@pytest.mark.spec("F-101", "F-106")
@pytest.mark.parametrize(
    "condition",
    [
        "",
        "?",
        "identifier=",
        "unknown=1",
        f"{CONDITION}&unknown=1",
        "=x",
        "date=yesterday",
        "_count=1",
        f"{CONDITION}&_sort=date",
        "identifier:nonsense=x",
        "%ff=%ff",
        "_format=json",
        "x" * 300,
    ],
)
def test_a_condition_that_is_not_understood_is_refused(house: House, condition: str) -> None:
    for answer in (
        post(house, marked(house), If_None_Exist=condition),
        send(house, "PUT", f"/fhir/DocumentReference?{condition}", marked(house)),
        delete(house, f"DocumentReference?{condition}"),
    ):
        assert answer.status_code in (400, 412), answer.text
        assert answer.json()["resourceType"] == "OperationOutcome"
    assert count(house, "DocumentReference") == 0


@pytest.mark.spec("F-103")
def test_a_conditional_update_creates_updates_or_stops(house: House) -> None:
    address = f"/fhir/DocumentReference?{CONDITION}"
    made = send(house, "PUT", address, marked(house))
    assert (made.status_code, made.headers["etag"]) == (201, 'W/"1"')
    changed = send(house, "PUT", address, marked(house, docStatus="amended"))
    assert (changed.status_code, changed.headers["etag"], changed.json()["id"]) == (200, 'W/"2"', made.json()["id"])
    with_id = send(house, "PUT", address, marked(house, id=made.json()["id"], docStatus="final"))
    assert (with_id.status_code, with_id.headers["etag"]) == (200, 'W/"3"')
    stale = send(house, "PUT", address, marked(house, docStatus="preliminary"), If_Match='W/"1"')
    assert stale.status_code == 412
    assert send(house, "PUT", address, marked(house, id="another")).status_code == 400
    created(house, marked(house))
    assert send(house, "PUT", address, marked(house)).status_code == 412


@pytest.mark.spec("F-103", "F-072")
def test_a_conditional_update_takes_no_id_of_the_writers_choice(house: House) -> None:
    other = created(house, note(house.world.patient))
    address = f"/fhir/DocumentReference?{CONDITION}"
    assert send(house, "PUT", address, marked(house, id="my-own")).status_code == 405
    assert send(house, "PUT", address, marked(house, id=other["id"])).status_code == 400
    assert count(house, "DocumentReference") == 1


@pytest.mark.spec("F-104")
def test_a_conditional_delete_deletes_one(house: House) -> None:
    address = f"DocumentReference?{CONDITION}"
    assert delete(house, address).status_code == 204
    for _ in range(2):
        created(house, marked(house))
    assert delete(house, address).status_code == 412
    assert len(house.found(f"/fhir/{address}", house.writer)) == 2
    assert delete(house, f"DocumentReference?{CONDITION}&_id={house.found(f'/fhir/{address}', house.writer)[0]['id']}")
    assert delete(house, address).status_code == 204
    assert house.found(f"/fhir/{address}", house.writer) == []


@pytest.mark.spec("F-107", "X-024")
def test_a_condition_finds_nothing_that_the_caller_cannot_see(house: House) -> None:
    created(house, marked(house))
    mine = {"resourceType": "Patient", "name": [{"family": "Hill"}]}
    patient = created(house, mine, house.foreign_writer)["id"]
    own = note(patient, identifier=[IDENTIFIER])
    assert post(house, own, house.foreign_writer, If_None_Exist=CONDITION).status_code == 201
    address = f"DocumentReference?{CONDITION}"
    assert delete(house, address, house.foreign_writer).status_code == 204
    assert delete(house, address, house.foreign_writer).status_code == 204
    assert len(house.found(f"/fhir/{address}", house.writer)) == 1


@pytest.mark.spec("F-107")
def test_what_a_consent_shows_is_not_what_a_condition_writes_to(house: House) -> None:
    created(house, marked(house))
    house.grant()
    patient = created(house, {"resourceType": "Patient", "name": [{"family": "Hill"}]}, house.foreign_writer)["id"]
    own = note(patient, identifier=[IDENTIFIER])
    assert len(house.found(f"/fhir/DocumentReference?{CONDITION}", house.foreign_writer)) == 1
    assert post(house, own, house.foreign_writer, If_None_Exist=CONDITION).status_code == 201


@pytest.mark.spec("F-100")
def test_the_directory_is_shared(house: House) -> None:
    listed = practitioner(identifier=[{"system": "urn:npi", "value": "1"}])
    first = post(house, listed, If_None_Exist="identifier=urn:npi|1")
    again = post(house, listed, house.foreign_writer, If_None_Exist="identifier=urn:npi|1")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert put(house, first.json() | {"active": False}, house.foreign_writer).status_code == 403


@pytest.mark.spec("F-107")
def test_a_condition_takes_the_scopes_to_read_and_search(house: House) -> None:
    asked = house.world.asked("system/DocumentReference.cud")
    services, body = house.world.services, dump(marked(house))
    with pytest.raises(Forbidden):
        create.create(services, asked, "DocumentReference", body, if_none_exist=CONDITION)
    with pytest.raises(Forbidden):
        update.update_matching(services, asked, "DocumentReference", CONDITION, body)
    with pytest.raises(Forbidden):
        removal.delete_matching(services, asked, "DocumentReference", CONDITION)
    assert create.create(services, asked, "DocumentReference", body).created


@pytest.mark.spec("F-103")
def test_what_cannot_be_searched_takes_no_condition(house: House) -> None:
    binary = {"resourceType": "Binary", "contentType": "text/plain"}
    assert post(house, binary, If_None_Exist="_id=x").status_code == 405
    assert delete(house, "Binary?_id=x").status_code == 405


@pytest.mark.spec("F-100", "F-086")
def test_what_was_deleted_is_not_found_by_a_condition(house: House) -> None:
    made = created(house, marked(house))
    delete(house, f"DocumentReference/{made['id']}")
    assert post(house, marked(house), If_None_Exist=CONDITION).status_code == 201


@pytest.mark.spec("F-106")
def test_a_condition_can_lead_over_other_resources(house: House) -> None:
    created(house, observation(house.world.patient))
    condition = "patient.identifier=urn:example:mrn|77&status=final"
    assert post(house, observation(house.world.patient), If_None_Exist=condition).status_code == 200
    assert (
        post(house, observation(house.world.patient), If_None_Exist=condition + "&subject.unknown=1").status_code == 400
    )
