"""Law 8: AIAST is never dropped by approval; approval is never inferred from a label."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from gateway.fhir.json import dump
from gateway.fhir.labels import AIAST, CLINAST, DRAFT_MARK, HUAPRV
from tests.house import House


def codes(labels: list[dict[str, Any]]) -> set[str]:
    return {str(label["code"]) for label in labels}


def approved(house: House, draft: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The Composition and its DocumentReference, as they are served."""
    made = house.approve(draft)
    kinds = ("Composition", "DocumentReference")
    composition, document = (house.get(f"/fhir/{kind}/{made[kind]}", house.own_ehr).json() for kind in kinds)
    return composition, document


@pytest.mark.parametrize("rewritten", [0, 1, 3])
def test_approved_content_stays_labelled_as_the_machines(house: House, rewritten: int) -> None:
    """Also when a clinician has rewritten every sentence of it."""
    draft = house.draft()
    if rewritten:
        house.rewrite(draft, *(f"In her own words, number {number}." for number in range(rewritten)))
    composition, document = approved(house, draft)
    for resource in (composition, document):
        assert {AIAST["code"], CLINAST["code"]} <= codes(resource["meta"]["security"])
        assert not {HUAPRV["code"], DRAFT_MARK["code"]} & codes(resource["meta"]["security"])
    assert AIAST["code"] in codes([coding for label in document["securityLabel"] for coding in label["coding"]])
    assert (composition["status"], document["docStatus"]) == ("final", "final")
    assert composition["author"][0]["reference"].startswith("Device/")


def test_the_document_inside_carries_the_label_as_well(house: House) -> None:
    draft = house.draft()
    house.rewrite(draft, "In her own words.")
    made = house.approve(draft)
    whole = house.get(f"/fhir/DocumentReference/{made['DocumentReference']}", house.own_ehr)
    content = whole.json()["content"][1]["attachment"]
    bundle = json.loads(base64.b64decode(content["data"]))
    assert AIAST["code"] in codes(bundle["meta"]["security"])
    assert AIAST["code"] in codes(bundle["entry"][0]["resource"]["meta"]["security"])


def test_the_machine_stays_an_agent_of_everything_it_had_a_part_in(house: House) -> None:
    draft = house.draft()
    house.rewrite(draft, "In her own words.")
    house.approve(draft)
    told = house.found("/fhir/Provenance?_count=100", house.own_ehr)
    machine = [any(agent["who"]["reference"].startswith("Device/") for agent in one["agent"]) for one in told]
    assert len(machine) == 5
    assert all(machine)
    assert all(any(agent["type"]["coding"][0]["code"] == "verifier" for agent in one["agent"]) for one in told)


def test_a_search_for_machine_written_content_finds_it_after_every_road(house: House) -> None:
    first, second = house.draft("s-1"), house.draft("s-2")
    house.rewrite(second, *(f"In her own words, {number}." for number in range(3)))
    ids = {house.approve(draft)["DocumentReference"] for draft in (first, second)}
    query = f"_security={AIAST['system']}|{AIAST['code']}&type=34904-3"
    assert {found["id"] for found in house.found(f"/fhir/DocumentReference?{query}", house.own_ehr)} == ids


def relabelled(house: House, draft: str) -> None:
    """The draft's content as if somebody had labelled it approved: CLINAST, final, a verifier."""
    ((content,),) = house.rows("SELECT content FROM draft_revision WHERE draft_id = ?", draft)
    text = bytes(content).decode()
    for old, new in ((HUAPRV, CLINAST), (DRAFT_MARK, CLINAST)):
        text = text.replace(dump(dict(old)).decode(), dump(dict(new)).decode())
    text = text.replace('"preliminary"', '"final"')
    assert text != bytes(content).decode()
    connection = house.world.services.database.engine.connect()
    connection.exec_driver_sql("UPDATE draft_revision SET content = ? WHERE draft_id = ?", (text.encode(), draft))
    connection.close()


def test_a_label_approves_nothing(house: House) -> None:
    house.grant()
    draft = house.draft()
    relabelled(house, draft)
    assert [waiting["id"] for waiting in house.get("/reviews", house.clinician).json()] == [draft]
    assert house.view(draft).json()["state"] == "pending"
    for token in (house.ehr, house.own_ehr):
        assert house.found("/fhir/Composition", token) == []
        assert house.found(f"/fhir/DocumentReference?patient={house.world.patient}", token) == []


def test_an_approval_labels_anew_whatever_the_draft_says(house: House) -> None:
    draft = house.draft()
    relabelled(house, draft)
    composition, _ = approved(house, draft)
    assert AIAST["code"] in codes(composition["meta"]["security"])
    assert composition["attester"][0]["party"]["reference"] == f"Practitioner/{house.world.grace}"


@pytest.mark.parametrize("claim", [{"status": "final"}, {"meta": {"security": [dict(CLINAST)]}}, {"approved": True}])
def test_a_producer_cannot_claim_an_approval(house: House, claim: dict[str, Any]) -> None:
    assert house.submit(**claim).status_code == 422
    assert house.rows("SELECT count(*) FROM draft") == [(0,)]
