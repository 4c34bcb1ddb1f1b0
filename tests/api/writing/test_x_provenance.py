"""X-Provenance: https://hl7.org/fhir/R4/provenance.html#header"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.house import House
from tests.writers import count, created, observation, post, put


def told(house: House, **elements: Any) -> str:
    return json.dumps(
        {
            "resourceType": "Provenance",
            "recorded": "2026-09-01T10:00:00Z",
            "agent": [{"who": {"reference": f"Practitioner/{house.world.grace}"}}],
            **elements,
        }
    )


@pytest.mark.spec("F-044")
def test_what_a_writer_tells_is_kept_with_the_version_it_tells_of(house: House) -> None:
    made = created(house, observation(house.world.patient), X_Provenance=told(house))
    changed = put(house, made | {"status": "amended"}, X_Provenance=told(house))
    address = f"Observation/{made['id']}"
    assert changed.status_code == 200
    found = house.found(f"/fhir/Provenance?target={address}&_sort=_lastUpdated", house.writer)
    targets = [each["target"] for each in found]
    assert targets == [[{"reference": f"{address}/_history/{version}"}] for version in (1, 2)]
    assert found[0]["agent"] == json.loads(told(house))["agent"]
    rows = house.rows("SELECT patient_id, custodian_id FROM resource WHERE type = 'Provenance'")
    assert rows == [(house.world.patient, house.world.clinic)] * 2
    assert house.rows("SELECT count(*) FROM audit WHERE act = 'create' AND target_type = 'Provenance'") == [(2,)]


@pytest.mark.spec("F-044")
def test_a_patch_is_told_of_like_any_other_version(house: House) -> None:
    made = created(house, observation(house.world.patient))
    address, media = f"Observation/{made['id']}", "application/json-patch+json"
    change = json.dumps([{"op": "replace", "path": "/status", "value": "amended"}])
    headers = {"Content-Type": media, "X-Provenance": told(house)}
    for condition in (address, f"Observation?_id={made['id']}"):
        change = change.replace("amended", "corrected") if "?" in condition else change
        done = house.ask("PATCH", f"/fhir/{condition}", house.writer, content=change, headers=headers)
        assert done.status_code == 200, done.text
    found = house.found(f"/fhir/Provenance?target={address}&_sort=_lastUpdated", house.writer)
    targets = [each["target"][0]["reference"] for each in found]
    assert targets == [f"{address}/_history/{version}" for version in (2, 3)]


@pytest.mark.spec("F-045")
def test_where_it_would_be_lost_it_is_refused(house: House) -> None:
    made = created(house, observation(house.world.patient))
    address, headers = f"/fhir/Observation/{made['id']}", {"X-Provenance": told(house)}
    assert house.ask("DELETE", address, house.writer, headers=headers).status_code == 400
    bundle = {"resourceType": "Bundle", "type": "transaction"}
    assert house.ask("POST", "/fhir", house.writer, json=bundle, headers=headers).status_code == 400
    assert house.get(address, house.writer).status_code == 200


@pytest.mark.spec("F-044")
def test_nothing_is_told_of_what_changes_nothing(house: House) -> None:
    made = created(house, observation(house.world.patient))
    assert put(house, made, X_Provenance=told(house)).status_code == 200
    assert count(house, "Provenance") == 0


@pytest.mark.spec("F-045")
@pytest.mark.parametrize(
    "header",
    [
        "",
        "{",
        "[]",
        "Provenance",
        '{"resourceType":"Observation"}',
        '{"resourceType":"Provenance"}',
        '{"resourceType":"Provenance","recorded":"today","agent":[{"who":{"display":"x"}}]}',
        '{"resourceType":"Provenance","recorded":"2026-09-01T10:00:00Z","agent":[]}',
        '{"resourceType":"Provenance","recorded":"2026-09-01T10:00:00Z","agent":[{"who":{"display":"x"}}],"x":1}',
        '{"resourceType":"Provenance","recorded":"2026-09-01T10:00:00Z","agent":[{"who":{"display":"x"}}],'
        '"target":[{"reference":"Patient/x"}]}',
        '{"resourceType":"Provenance","recorded":"2026-09-01T10:00:00Z","agent":[{"who":{"display":"x"}}],"meta":{'
        '"profile":["http://hl7.org/fhir/uv/aitransparency/StructureDefinition/AI-Provenance"]}}',
    ],
)
def test_a_malformed_provenance_keeps_the_write_away_too(house: House, header: str) -> None:
    answer = post(house, observation(house.world.patient), X_Provenance=header)
    assert answer.status_code == 400
    assert (count(house, "Observation"), count(house, "Provenance")) == (0, 0)
    assert house.rows("SELECT act, outcome FROM audit WHERE act = 'create'") == [("create", "4")]


@pytest.mark.spec("F-045", "X-005")
def test_a_provenance_names_no_patient_of_others(house: House) -> None:
    stranger = created(house, {"resourceType": "Patient", "name": [{"family": "Hill"}]}, house.foreign_writer)["id"]
    header = told(house, entity=[{"role": "source", "what": {"reference": f"Patient/{stranger}"}}])
    assert post(house, observation(house.world.patient), X_Provenance=header).status_code == 403
    assert count(house, "Observation") == 0
