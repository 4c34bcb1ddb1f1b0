"""Records of 42 CFR Part 2 leave only under a consent that names the law, with its statement and the consent's scope.

https://www.ecfr.gov/current/title-42/chapter-I/subchapter-A/part-2/subpart-C/section-2.32
"""

from __future__ import annotations

from typing import Any

import pytest

from gateway.rules.labelling_written import PART_2_STATEMENT
from tests.house import House
from tests.world import BASE
from tests.writers import created


def diagnosis(house: House) -> dict[str, Any]:
    coding = {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "F10.20"}
    whom = {"reference": f"Patient/{house.world.patient}"}
    return created(house, {"resourceType": "Condition", "subject": whom, "code": {"coding": [coding]}})


def permit(house: House, *labels: str) -> str:
    form = {
        "patient": house.world.patient,
        "recipients": [f"Organization/{house.world.other}"],
        "purposes": ["TREAT"],
        "period": {"start": "2020-01-01"},
        "labels": list(labels),
    }
    answer = house.ask("POST", "/consents", house.clinician, json=form)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


@pytest.mark.spec("X-085")
def test_a_consent_that_does_not_name_the_law_opens_nothing_of_it(house: House) -> None:
    made = diagnosis(house)
    house.grant()
    assert house.get(f"/fhir/Condition/{made['id']}", house.ehr).status_code == 404


@pytest.mark.spec("X-085")
def test_a_record_leaves_with_the_statement_and_the_scope_until_it_is_revoked(house: House) -> None:
    path = f"/fhir/Condition/{diagnosis(house)['id']}"
    consent = permit(house, "42CFRPart2")
    address = f"{BASE}/fhir/Consent/{consent}/_history/1"
    read = house.get(path, house.ehr)
    assert read.status_code == 200, read.text
    assert read.headers["link"] == f'<{address}>; rel="urn:care-continuity-gateway:consent"'
    codes = {each["code"] for each in read.json()["meta"]["security"]}
    assert {"42CFRPart2", "NORDSCLCD", "RedisclosureProhibitionMark"} <= codes
    assert read.json()["meta"]["extension"][0]["valueAnnotation"]["text"] == PART_2_STATEMENT
    page = house.get("/fhir/Condition", house.ehr).json()
    (shown,) = page["meta"]["extension"]
    assert shown["valueAnnotation"]["text"] == f"{PART_2_STATEMENT} Disclosed in the scope of: {address}"
    house.revoke(consent)
    assert house.get(path, house.ehr).status_code == 404


def test_the_custodians_own_use_needs_no_scope(house: House) -> None:
    read = house.get(f"/fhir/Condition/{diagnosis(house)['id']}", house.own_ehr)
    assert (read.status_code, "link" in read.headers) == (200, False)
