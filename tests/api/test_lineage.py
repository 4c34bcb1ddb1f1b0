"""GET /lineage/{type}/{id} as an auditor meets it."""

from __future__ import annotations

from tests.api.conftest import House


def approved(house: House) -> str:
    address, grace = house.draft()
    return str(house.http.post(f"{address}/approval", headers=grace).json()["published"][1])


def test_an_auditor_traces_every_sentence(house: House) -> None:
    reference = approved(house)
    answer = house.http.get(f"/lineage/{reference}", headers=house.headers("lineage"))
    assert answer.status_code == 200
    found = answer.json()
    assert (found["resource"], found["submission"]["mapping"]) == (reference, "aws-healthscribe")
    assert [[each["segmentId"] for each in one["evidence"]] for one in found["statements"]] == [
        ["a1"],
        ["a2", "a3"],
        ["a4"],
    ]
    first = found["statements"][1]["evidence"][0]
    assert (first["start"], first["end"], first["isReceived"]) == (4.5, 8.5, True)
    assert found["approval"]["by"] == f"Practitioner/{house.world.grace}"
    assert "Spoken" not in answer.text


def test_lineage_needs_its_scope_and_its_organization(house: House) -> None:
    reference = approved(house)
    assert house.http.get(f"/lineage/{reference}", headers=house.grace).status_code == 403
    outsider = house.headers("lineage", at=house.world.other)
    assert house.http.get(f"/lineage/{reference}", headers=outsider).status_code == 404


def test_a_draft_has_no_lineage_to_ask_for(house: House) -> None:
    address, _ = house.draft()
    draft = address.rpartition("/")[2]
    assert house.http.get(f"/lineage/Composition/{draft}", headers=house.headers("lineage")).status_code == 404


def test_an_address_that_names_no_resource_is_refused(house: House) -> None:
    answer = house.http.get("/lineage/composition/x%20y", headers=house.headers("lineage"))
    assert (answer.status_code, answer.json()["resourceType"]) == (422, "OperationOutcome")
