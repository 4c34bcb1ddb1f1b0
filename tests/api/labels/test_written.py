"""What is written is labelled by what it says, on every road the FHIR API has."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.fhir.marks import basis_of
from gateway.rules.labelling_written import PART_2_STATEMENT
from tests.house import House
from tests.writers import CONFIDENTIALITY, created, labels, note, put, send

ICD = "http://hl7.org/fhir/sid/icd-10-cm"
PART_2 = {"R", "SUD", "ETHUD", "42CFRPart2", "NORDSCLCD", "RedisclosureProhibitionMark"}


def condition(house: House, code: str = "F10.20", **elements: Any) -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "subject": {"reference": f"Patient/{house.world.patient}"},
        "code": {"coding": [{"system": ICD, "code": code}]},
        **elements,
    }


def security(*codes: str) -> dict[str, Any]:
    return {"security": [{"system": CONFIDENTIALITY, "code": code} for code in codes]}


def test_a_code_labels_what_is_created_and_says_by_which_rule(house: House) -> None:
    made = created(house, condition(house, meta=security("N")))
    assert labels(made) == PART_2
    basis = {each["code"]: (basis_of(each) or {}).get("code") for each in made["meta"]["security"]}
    assert (basis["SUD"], basis["NORDSCLCD"]) == ("substance-use", "42CFRPart2")


@pytest.mark.spec("X-085")
def test_substance_use_is_kept_with_its_statement(house: House) -> None:
    made = created(house, condition(house))
    (shown,) = made["meta"]["extension"]
    assert shown["valueAnnotation"]["text"] == PART_2_STATEMENT
    bundle = house.get("/fhir/Condition", house.own_ehr).json()
    assert [each["code"] for each in bundle["meta"]["security"]] == ["R"]


def test_a_code_that_an_update_or_a_patch_brings_labels_as_well(house: House) -> None:
    made = created(house, condition(house, "J45.909"))
    assert labels(made) == {"R"}
    updated = put(house, made | condition(house, "B20")).json()
    assert labels(updated) == {"R", "HIV"}
    patch = [{"op": "replace", "path": "/code/coding/0/code", "value": "F32.1"}]
    path = f"/fhir/Condition/{made['id']}"
    patched = send(house, "PATCH", path, patch, Content_Type="application/json-patch+json", If_Match='W/"2"')
    assert labels(patched.json()) == {"R", "HIV", "MH"}


def test_what_a_transaction_brings_is_labelled_and_what_lists_it_too(house: House) -> None:
    urn = "urn:uuid:6f1e4ac6-53bb-4e3c-8f6e-3c9f6a9d0a01"
    listing = {
        "resourceType": "List",
        "status": "current",
        "mode": "snapshot",
        "subject": {"reference": f"Patient/{house.world.patient}"},
        "entry": [{"item": {"reference": urn}}],
    }
    entries = [
        {"fullUrl": urn, "resource": condition(house), "request": {"method": "POST", "url": "Condition"}},
        {"resource": listing, "request": {"method": "POST", "url": "List"}},
    ]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    answer = send(house, "POST", "/fhir", bundle, Prefer="return=representation")
    assert answer.status_code == 200, answer.text
    one, listed = (entry["resource"] for entry in answer.json()["entry"])
    assert labels(one) == labels(listed) == PART_2


def test_the_mark_of_a_page_is_the_highest_of_what_is_on_it(house: House) -> None:
    created(house, note(house.world.patient, meta=security("N")))
    query = f"/fhir/DocumentReference?patient={house.world.patient}"
    assert house.get(query, house.own_ehr).json()["meta"]["security"][0]["code"] == "N"
    created(house, note(house.world.patient, meta=security("V")))
    assert house.get(query, house.own_ehr).json()["meta"]["security"][0]["code"] == "V"
    assert "meta" not in house.get("/fhir/Condition", house.own_ehr).json()


def test_a_document_put_together_carries_what_its_content_carries(house: House) -> None:
    created(house, condition(house))
    whole = house.get(f"/fhir/Patient/{house.world.patient}/$summary", house.own_ehr).json()
    assert labels(whole) >= PART_2
    assert labels(whole["entry"][0]["resource"]) >= PART_2
    assert whole["meta"]["extension"][0]["valueAnnotation"]["text"] == PART_2_STATEMENT
