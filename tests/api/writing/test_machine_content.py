"""AI content enters as a submission only: no writer gives its labels or its profiles, or changes what came of one."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.rules.codes import AI_DEVICE, AI_INPUT_PROMPT, AI_MODEL_CARD, AI_PROVENANCE
from tests.house import House
from tests.writers import count, delete, note, observation, post, put, send

VALUES = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"
ACTS = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
RESERVED = [(VALUES, "AIAST"), (VALUES, "CLINAST"), (ACTS, "HUAPRV"), (ACTS, "DRAFTMark")]
INLINE = "http://hl7.org/fhir/uv/security-label-ds4p/StructureDefinition/extension-inline-sec-label"


def labelled(house: House, system: str, code: str) -> list[dict[str, Any]]:
    """The same label wherever one can be put."""
    coding = {"system": system, "code": code}
    extension = [{"url": INLINE, "valueCoding": coding}]
    device = {"resourceType": "Device", "id": "d"}
    return [
        note(house.world.patient, meta={"security": [coding]}),
        note(house.world.patient, securityLabel=[{"coding": [coding]}]),
        note(house.world.patient, description="x", _description={"extension": extension}),
        note(house.world.patient, author=[{"reference": "#d"}], contained=[device | {"extension": extension}]),
    ]


@pytest.mark.spec("X-050")
@pytest.mark.parametrize(("system", "code"), RESERVED)
def test_no_writer_gives_a_label_of_the_gateway(house: House, system: str, code: str) -> None:
    for resource in labelled(house, system, code):
        answer = post(house, resource)
        assert answer.status_code == 422, answer.text
        assert answer.json()["issue"][0]["code"] == "business-rule"
    assert count(house, "DocumentReference") == 0


@pytest.mark.spec("X-050")
@pytest.mark.parametrize("profile", [AI_DEVICE, AI_MODEL_CARD, AI_INPUT_PROMPT, AI_PROVENANCE, f"{AI_DEVICE}|1.0.0"])
def test_no_writer_claims_a_profile_of_ai_content(house: House, profile: str) -> None:
    assert post(house, note(house.world.patient, meta={"profile": [profile]})).status_code == 422
    assert post(house, {"resourceType": "Device", "meta": {"profile": [profile]}}).status_code == 422


@pytest.mark.spec("X-050")
def test_no_update_makes_content_look_like_the_machines(house: House) -> None:
    made = post(house, observation(house.world.patient)).json()
    coding = {"system": VALUES, "code": "AIAST"}
    assert put(house, made | {"meta": made["meta"] | {"security": [coding]}}).status_code == 422


@pytest.mark.spec("F-087", "F-088")
def test_what_came_of_a_submission_is_changed_by_reviews_alone(house: House) -> None:
    published = house.approve(house.draft())
    others = [f"Device/{id}" for (id,) in house.rows("SELECT id FROM resource WHERE type = 'Device'")] + [
        f"DocumentReference/{id}" for (id,) in house.rows("SELECT id FROM resource WHERE type = 'DocumentReference'")
    ]
    addresses = [f"{type}/{id}" for type, id in published.items()] + others
    before = house.rows("SELECT * FROM resource ORDER BY pk")
    for address in dict.fromkeys(addresses):
        found = house.get(f"/fhir/{address}", house.writer).json()
        human = {name: value for name, value in found.items() if name != "meta"}
        version = f'W/"{found["meta"]["versionId"]}"'
        assert send(house, "PUT", f"/fhir/{address}", human, If_Match=version).status_code == 405, address
        assert delete(house, address).status_code == 405, address
    assert house.rows("SELECT * FROM resource ORDER BY pk") == before
    assert len(addresses) > 5


def test_a_subscription_is_kept_only_while_it_is_off(house: House) -> None:
    """Nothing is delivered yet, and nobody shall wait for it."""
    wanted = {
        "resourceType": "Subscription",
        "status": "requested",
        "reason": "new notes",
        "criteria": "DocumentReference?category=clinical-note",
        "channel": {"type": "rest-hook", "endpoint": "https://ehr.example/hook"},
    }
    assert post(house, wanted).status_code == 422
    made = post(house, wanted | {"status": "off"})
    assert made.status_code == 201
    assert put(house, made.json() | {"status": "active"}).status_code == 422
