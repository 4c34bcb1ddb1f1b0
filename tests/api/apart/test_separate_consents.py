"""Disclosure, model training and redisclosure are consented to apart: one never stands for another."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.apart.people import decided, token
from tests.house import House

ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"


def reader(house: House, purpose: str) -> str:
    return token(house, purpose.lower(), "user/*.rs", purpose=purpose, at=house.world.other)


def permit(house: House, *purposes: str, **form: Any) -> str:
    recipients = [f"Organization/{house.world.other}"]
    return decided(house, recipients=recipients, purposes=list(purposes), **form)


def observed(house: House, *labels: str) -> str:
    """The address of an Observation that its writer labelled."""
    observation = {
        "resourceType": "Observation",
        "meta": {"security": [{"system": ACT_CODE, "code": code} for code in labels]},
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "44261-6"}]},
        "subject": {"reference": f"Patient/{house.world.patient}"},
    }
    if not labels:
        del observation["meta"]
    headers = {"Content-Type": "application/fhir+json"}
    answer = house.ask("POST", "/fhir/Observation", house.writer, headers=headers, json=observation)
    assert answer.status_code == 201, answer.text
    return f"/fhir/Observation/{answer.headers['location'].split('/Observation/')[1].split('/')[0]}"


@pytest.mark.parametrize("purposes", [["TREAT"], ["HOPERAT"], []], ids=["care", "operations", "any"])
def test_no_other_permit_lets_a_model_train_on_it(house: House, purposes: list[str]) -> None:
    path = observed(house)
    permit(house, *purposes)
    trainer = reader(house, "MLTRAINING")
    assert house.get(path, trainer).status_code == 404
    assert house.found("/fhir/Observation", trainer) == []


def test_a_permit_to_train_lets_train_and_nothing_else(house: House) -> None:
    path = observed(house)
    consent = permit(house, "MLTRAINING")
    trainer = reader(house, "MLTRAINING")
    assert house.get(path, trainer).status_code == 200
    assert house.get(path, house.ehr).status_code == 404
    house.revoke(consent)
    assert house.get(path, trainer).status_code == 404


def test_what_may_not_be_given_out_again_is_opened_by_a_redisclosure_consent_alone(house: House) -> None:
    bound = observed(house, "NORDSCLCD")
    permit(house, "TREAT")
    assert house.get(bound, house.ehr).status_code == 404
    permit(house, "TREAT", kind="redisclosure")
    assert house.get(bound, house.ehr).status_code == 200


def test_a_redisclosure_consent_opens_nothing_else(house: House) -> None:
    path = observed(house)
    permit(house, "TREAT", kind="redisclosure")
    assert house.get(path, house.ehr).status_code == 404


def test_refusing_redisclosure_overrides_permitting_it(house: House) -> None:
    bound = observed(house, "NORDSCLCD")
    permit(house, "TREAT", kind="redisclosure")
    permit(house, "TREAT", kind="redisclosure", type="deny", labels=["R"])
    assert house.get(bound, house.ehr).status_code == 404
