"""delete: https://hl7.org/fhir/R4/http.html#delete"""

from __future__ import annotations

import pytest

from tests.house import House
from tests.writers import count, created, delete, note, observation, post, put


@pytest.mark.spec("F-086", "F-051")
def test_what_is_deleted_is_gone_and_can_be_deleted_again(house: House) -> None:
    made = created(house, observation(house.world.patient))
    address = f"Observation/{made['id']}"
    first = delete(house, address)
    assert (first.status_code, first.content, first.headers["etag"]) == (204, b"", 'W/"2"')
    assert delete(house, address).status_code == 204
    assert house.get(f"/fhir/{address}", house.writer).status_code == 410
    assert house.get(f"/fhir/{address}/_history/2", house.writer).status_code == 410
    assert house.get(f"/fhir/{address}/_history/1", house.writer).json() == made
    assert house.found("/fhir/Observation", house.writer) == []
    assert house.rows("SELECT count(*) FROM ix_token WHERE type = 'Observation'") == [(0,)]
    history = house.get(f"/fhir/{address}/_history", house.writer).json()["entry"]
    assert [(entry["request"]["method"], "resource" in entry) for entry in history] == [
        ("DELETE", False),
        ("POST", True),
    ]


@pytest.mark.spec("F-086")
def test_what_was_never_there_can_be_deleted(house: House) -> None:
    assert delete(house, "Observation/unknown").status_code == 204
    assert count(house, "Observation") == 0


@pytest.mark.spec("F-087")
def test_what_others_refer_to_stays(house: House) -> None:
    made = created(house, observation(house.world.patient))
    target = f"Observation/{made['id']}"
    panel = created(house, observation(house.world.patient, hasMember=[{"reference": target}]))
    assert delete(house, target).status_code == 409
    assert delete(house, f"Patient/{house.world.patient}").status_code == 409
    assert house.get(f"/fhir/{target}", house.writer).status_code == 200
    assert delete(house, f"Observation/{panel['id']}").status_code == 204
    assert delete(house, target).status_code == 204


@pytest.mark.spec("F-087")
def test_a_binary_that_a_document_attaches_stays(house: House) -> None:
    binary = created(house, {"resourceType": "Binary", "contentType": "text/plain", "data": "aGk="})
    content = [{"attachment": {"contentType": "text/plain", "url": f"Binary/{binary['id']}"}}]
    created(house, note(house.world.patient, content=content))
    assert delete(house, f"Binary/{binary['id']}").status_code == 409


def test_what_only_a_provenance_tells_of_can_be_deleted(house: House) -> None:
    made = created(house, observation(house.world.patient))
    target = f"Observation/{made['id']}"
    created(
        house,
        {
            "resourceType": "Provenance",
            "target": [{"reference": target}],
            "recorded": "2026-09-01T10:00:00Z",
            "agent": [{"who": {"reference": f"Practitioner/{house.world.grace}"}}],
        },
    )
    assert delete(house, target).status_code == 204


@pytest.mark.spec("F-087", "F-088")
def test_a_consent_is_ended_not_deleted(house: House) -> None:
    consent = house.grant()
    assert delete(house, f"Consent/{consent}").status_code == 405
    assert house.get(f"/fhir/Consent/{consent}", house.writer).status_code == 200


def test_a_deletion_minds_the_version_that_was_read(house: House) -> None:
    made = created(house, observation(house.world.patient))
    put(house, made | {"status": "amended"})
    address = f"Observation/{made['id']}"
    assert delete(house, address, If_Match='W/"1"').status_code == 412
    assert delete(house, address, If_Match="1").status_code == 400
    assert delete(house, address, If_Match='W/"2"').status_code == 204


@pytest.mark.spec("F-089")
def test_an_update_brings_back_what_was_deleted(house: House) -> None:
    made = created(house, observation(house.world.patient))
    delete(house, f"Observation/{made['id']}")
    answer = put(house, made)
    assert (answer.status_code, answer.headers["etag"]) == (201, 'W/"3"')
    assert house.get(f"/fhir/Observation/{made['id']}", house.writer).json() == answer.json()
    assert len(house.found("/fhir/Observation?status=final", house.writer)) == 1


@pytest.mark.spec("F-089", "X-005")
def test_what_comes_back_is_about_the_same_patient(house: House) -> None:
    made = created(house, observation(house.world.patient))
    delete(house, f"Observation/{made['id']}")
    elsewhere = made | {"subject": {"reference": f"Patient/{house.cast.neighbour}"}}
    assert put(house, elsewhere).status_code == 403


def test_a_deletion_stays_hidden_from_whom_the_resource_was_hidden(house: House) -> None:
    made = created(house, observation(house.world.patient))
    address = f"/fhir/Observation/{made['id']}"
    absent = house.get("/fhir/Observation/unknown", house.ehr)
    delete(house, f"Observation/{made['id']}")
    hidden = house.get(address, house.ehr)
    assert (hidden.status_code, absent.status_code) == (404, 404)
    assert house.get(f"{address}/_history", house.ehr).status_code == 404
    house.grant()
    assert house.get(address, house.ehr).status_code == 410


def test_writers_of_others_delete_nothing(house: House) -> None:
    made = created(house, observation(house.world.patient))
    address = f"Observation/{made['id']}"
    assert delete(house, address, house.foreign_writer).status_code == 204  # nothing is there, as far as they can see
    assert delete(house, address, house.own_ehr).status_code == 403
    house.grant()
    assert delete(house, address, house.foreign_writer).status_code == 403
    assert house.get(f"/fhir/{address}", house.writer).status_code == 200
    assert post(house, observation(house.world.patient), house.foreign_writer).status_code == 403
