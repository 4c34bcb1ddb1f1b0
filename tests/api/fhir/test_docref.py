"""`DocumentReference/$docref`: a patient's documents by the time of care, and the summary that is made on demand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.fhir.conftest import BASE, World, document

DOCREF = "/DocumentReference/$docref"
IPS = "http://loinc.org|60591-5"


def typed(id: str, code: str, **more: Any) -> dict[str, Any]:
    return document(id, type={"coding": [{"system": "http://loinc.org", "code": code}]}, **more)


def ids(world: World, query: str, token: str | None = None) -> list[str]:
    answer = world.get(f"{DOCREF}?{query}", token)
    assert answer.status_code == 200, answer.text
    assert answer.json()["type"] == "searchset"
    return [entry["resource"].get("id", "made") for entry in answer.json().get("entry", ())]


def test_without_more_it_is_the_latest_summary(world: World) -> None:
    for id, code in (("old", "34133-9"), ("new", "34133-9"), ("note", "34109-9")):
        world.publish(typed(id, code))
    assert ids(world, "patient=ann") == ["made", "new"]
    assert ids(world, "patient=ann&on-demand=true") == ["made"]


def test_the_address_of_the_summary_on_demand_gives_it(world: World) -> None:
    [entry] = world.get(f"{DOCREF}?patient=ann&on-demand=true").json()["entry"]
    url = entry["resource"]["content"][0]["attachment"]["url"]
    assert url == f"{BASE}/Patient/ann/$summary"
    assert world.get(url).json()["type"] == "document"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("type=http://loinc.org|34904-3", ["doc-ann"]),
        ("type=34904-3", ["doc-ann"]),
        ("type=34904-3,34109-9&type=11488-4", ["doc-ann", "during"]),
        ("type=urn:other|34904-3", []),
        (f"type={IPS}", ["made"]),
        ("start=2026-01-01", ["doc-ann", "during"]),
        ("end=2025-03-01", ["doc-ann"]),
        ("start=2026-01-01&end=2026-02-01&type=34109-9", ["during"]),
        ("profile=urn:profile", ["during"]),
        ("start=2026-01-01&on-demand=true", []),
    ],
)
def test_type_time_of_care_and_profile(world: World, query: str, found: list[str]) -> None:
    period = {"period": {"start": "2026-01-10", "end": "2026-01-11"}}
    world.publish(typed("during", "34109-9", context=period, meta={"profile": ["urn:profile"]}))
    assert sorted(ids(world, f"patient=ann&{query}")) == sorted(found)


def test_get_and_post_give_the_same(world: World) -> None:
    coding = {"system": "http://loinc.org", "code": "34904-3"}
    given = [{"name": "patient", "valueId": "ann"}, {"name": "type", "valueCoding": coding}]
    headers = {"authorization": f"Bearer {world.token()}"}
    answer = world.client.post(DOCREF, json={"resourceType": "Parameters", "parameter": given}, headers=headers)
    assert answer.status_code == 200
    assert [entry["resource"]["id"] for entry in answer.json()["entry"]] == ["doc-ann"]


@pytest.mark.spec("X-023")
def test_a_hidden_patient_and_none_have_no_documents(world: World) -> None:
    ehr = world.token("ehr")
    assert ids(world, "patient=ann", ehr) == ids(world, "patient=nobody", ehr) == []
    world.permit("ann", "ehr")
    assert ids(world, "patient=ann&type=34904-3", ehr) == ["doc-ann"]
    world.publish(typed("grave", "34904-3"), confidentiality="V")
    assert ids(world, "patient=ann&type=34904-3", ehr) == ["doc-ann"]


@pytest.mark.parametrize(
    "query", ["", "type=x", "patient=ann&start=soon", "patient=ann&colour=red", "patient=a&patient=b"]
)
def test_what_is_not_understood_is_refused(world: World, query: str) -> None:
    assert world.get(f"{DOCREF}?{query}").status_code == 400


def test_it_takes_the_scope(world: World) -> None:
    token = world.token(scopes=frozenset({"system/Patient.rs"}))
    assert world.get(f"{DOCREF}?patient=ann", token).status_code == 403
