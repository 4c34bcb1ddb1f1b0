"""`$validate` and `$meta` on the real app. https://hl7.org/fhir/R4/resource-operation-validate.html"""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.house import House
from tests.writers import created, observation, send

DEAD_PROFILE = "http://example.org/StructureDefinition/not-here"


def mood(house: House, **elements: Any) -> dict[str, Any]:
    return observation(house.world.patient, **elements)


def asked(house: House, path: str, body: Any = b"", token: str = "") -> httpx.Response:
    return send(house, "POST", f"/fhir/{path}", body, token)


def parameters(**given: Any) -> dict[str, Any]:
    listed = []
    for name, value in given.items():
        kind = "resource" if isinstance(value, dict) else "valueCode" if name == "mode" else "valueUri"
        listed.append({"name": name, kind: value})
    return {"resourceType": "Parameters", "parameter": listed}


def told(response: httpx.Response) -> list[tuple[str, str, str | None]]:
    """Severity, code and place of each issue."""
    assert response.status_code == 200, response.text
    assert response.json()["resourceType"] == "OperationOutcome"
    return [
        (each["severity"], each["code"], (each.get("expression") or [None])[0]) for each in response.json()["issue"]
    ]


FAULTLESS = [("information", "informational", None)]


def stored(house: House) -> str:
    return f"Observation/{created(house, mood(house))['id']}"


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_valid_resource_is_told_to_be_valid(house: House, wrapped: bool) -> None:
    body = parameters(resource=mood(house)) if wrapped else mood(house)
    assert told(asked(house, "Observation/$validate", body)) == FAULTLESS
    assert house.rows("SELECT count(*) FROM resource WHERE type = 'Observation'") == [(0,)]


@pytest.mark.parametrize("wrapped", [False, True])
def test_every_fault_is_told_with_its_place(house: House, wrapped: bool) -> None:
    faulty = mood(house, status="done", mood="low", note=[])
    body = parameters(resource=faulty) if wrapped else faulty
    assert [place for _, _, place in told(asked(house, "Observation/$validate", body))] == [
        "Observation.status",
        "Observation.mood",
        "Observation.note",
    ]


def test_with_a_mode_the_rules_of_the_write_are_asked(house: House) -> None:
    mine, foreign = mood(house), mood(house, subject={"reference": "Patient/nobody"})
    assert told(asked(house, "Observation/$validate?mode=create", mine)) == FAULTLESS
    assert told(asked(house, "Observation/$validate?mode=create", foreign))[0][:2] == ("error", "forbidden")
    assert told(asked(house, "Observation/$validate", foreign)) == FAULTLESS
    body = parameters(resource=foreign, mode="create")
    assert told(asked(house, "Observation/$validate", body))[0][:2] == ("error", "forbidden")
    nobody = {key: value for key, value in mine.items() if key != "subject"}
    assert told(asked(house, "Observation/$validate?mode=create", nobody))[0][:2] == ("error", "required")
    assert told(asked(house, "Observation/$validate?mode=create", mine, house.own_ehr))[0][:2] == ("error", "forbidden")


def test_an_update_and_a_deletion_can_be_tried(house: House) -> None:
    path = stored(house)
    next_version = mood(house, id=path.split("/")[1], status="amended")
    assert told(asked(house, f"{path}/$validate?mode=update", next_version)) == FAULTLESS
    moved = {**next_version, "subject": {"reference": f"Patient/{house.cast.neighbour}"}}
    assert told(asked(house, f"{path}/$validate?mode=update", moved))[0][:2] == ("error", "forbidden")
    assert (
        told(asked(house, "Observation/nowhere/$validate?mode=update", {**next_version, "id": "nowhere"}))[0][0]
        == "error"
    )
    assert told(asked(house, f"{path}/$validate?mode=delete")) == FAULTLESS
    patient = f"Patient/{house.world.patient}/$validate?mode=delete"
    assert told(asked(house, patient))[0][:2] == ("error", "conflict")
    assert house.get(f"/fhir/{path}", house.writer).json()["meta"]["versionId"] == "1"


def test_what_is_stored_can_be_validated(house: House) -> None:
    path = stored(house)
    assert told(asked(house, f"{path}/$validate")) == FAULTLESS
    assert told(house.get(f"/fhir/{path}/$validate", house.writer)) == FAULTLESS
    assert house.get(f"/fhir/{path}/$validate", house.foreign_writer).status_code == 404
    assert house.get("/fhir/Observation/nowhere/$validate", house.writer).status_code == 404
    rows = house.rows("SELECT outcome FROM audit WHERE act = 'operation' AND patient_id = ?", house.world.patient)
    assert rows == [("0",), ("0",)]


def test_a_profile_can_be_named(house: House) -> None:
    mine = mood(house)
    own = "http://hl7.org/fhir/StructureDefinition/Observation"
    assert told(asked(house, f"Observation/$validate?profile={own}", mine)) == FAULTLESS
    assert (
        told(asked(house, "Observation/$validate", parameters(resource=mine, profile=own, mode="profile"))) == FAULTLESS
    )
    assert told(asked(house, f"Observation/$validate?profile={DEAD_PROFILE}", mine)) == [("error", "not-found", None)]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("Observation/$validate", b""),
        ("Observation/$validate?mode=try", {"resourceType": "Observation"}),
        ("Observation/$validate?mode=profile", {"resourceType": "Observation"}),
        ("Observation/$validate?mode=update", {"resourceType": "Observation"}),
        ("Observation/$validate?mode=delete", b""),
        ("Observation/some/$validate?mode=update", b""),
        ("Observation/$validate?depth=1", {"resourceType": "Observation"}),
        ("Observation/$validate", {"resourceType": "Patient"}),
        ("Observation/$validate", []),
        ("Observation/$validate", {}),
        ("Observation/$validate", parameters(resource={"resourceType": "Observation"}, depth="1")),
        ("Observation/$validate?mode=create", parameters(resource={"resourceType": "Observation"}, mode="create")),
    ],
)
def test_what_cannot_be_asked_is_refused(house: House, path: str, body: Any) -> None:
    assert asked(house, path, body).status_code == 400


def test_what_is_never_written_is_not_validated(house: House) -> None:
    assert asked(house, "AuditEvent/$validate", {"resourceType": "AuditEvent"}).status_code == 405


def test_meta_tells_the_labels_and_the_version(house: House) -> None:
    path = stored(house)
    response = house.get(f"/fhir/{path}/$meta", house.writer)
    assert response.status_code == 200
    (given,) = response.json()["parameter"]
    assert given == {"name": "return", "valueMeta": house.get(f"/fhir/{path}", house.writer).json()["meta"]}
    assert given["valueMeta"]["security"][0]["code"] == "R"
    assert asked(house, f"{path}/$meta").json() == response.json()


def test_meta_of_what_is_hidden_looks_absent(house: House) -> None:
    path = stored(house)
    assert house.get(f"/fhir/{path}/$meta", house.foreign_writer).status_code == 404
    assert house.get("/fhir/Observation/nowhere/$meta", house.foreign_writer).status_code == 404
    assert house.get(f"/fhir/{path}/$meta?depth=1", house.writer).status_code == 400
    reads = house.rows("SELECT outcome FROM audit WHERE act = 'read' AND target_id = ?", path.split("/")[1])
    assert reads == [("4",)]
