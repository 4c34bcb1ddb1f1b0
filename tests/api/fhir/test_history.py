"""Histories of an instance, a type and the system."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.fhir.conftest import World, document


def versions(bundle: dict[str, Any]) -> list[str]:
    return [f"{entry['fullUrl'].rsplit('/', 1)[1]} {entry['response']['etag']}" for entry in bundle.get("entry", ())]


@pytest.mark.spec("F-055")
def test_a_history_is_newest_first_with_what_was_asked_and_answered(world: World) -> None:
    world.publish(document("doc-ann", description="second"), method="PUT")
    world.delete("DocumentReference", "doc-ann")
    bundle = world.get("/DocumentReference/doc-ann/_history").json()
    assert bundle["type"] == "history"
    assert versions(bundle) == ['doc-ann W/"3"', 'doc-ann W/"2"', 'doc-ann W/"1"']
    deleted, changed, made = bundle["entry"]
    assert "resource" not in deleted
    assert deleted["request"] == {"method": "DELETE", "url": "DocumentReference/doc-ann"}
    assert changed["request"] == {"method": "PUT", "url": "DocumentReference/doc-ann"}
    assert changed["resource"]["description"] == "second"
    assert made["request"] == {"method": "POST", "url": "DocumentReference"}
    assert made["response"]["status"] == "201 Created"


@pytest.mark.spec("F-055")
def test_a_type_and_the_system_have_a_history(world: World) -> None:
    of_type = world.get("/DocumentReference/_history").json()
    assert versions(of_type) == ['doc-bob W/"1"', 'doc-ann W/"1"']
    of_all = world.get("/_history").json()
    assert len(of_all["entry"]) == 8


@pytest.mark.spec("F-056")
def test_a_history_begins_where_it_is_told(world: World) -> None:
    world.publish(document("doc-ann", description="second"), method="PUT")
    since = world.get("/DocumentReference/doc-ann").json()["meta"]["lastUpdated"]
    assert versions(world.get(f"/DocumentReference/doc-ann/_history?_since={since}").json()) == ['doc-ann W/"2"']
    assert versions(world.get("/DocumentReference/doc-ann/_history?_since=2030-01-01T00:00:00Z").json()) == []
    assert len(world.get("/DocumentReference/_history?_count=1").json()["entry"]) == 1


@pytest.mark.spec("F-057")
@pytest.mark.parametrize(
    "query",
    [
        "_at=soon",
        "_at=2026-13",
        "_type=Patient",
        "_since=soon",
        "_since=0001-01-01T00:00:00%2B14:00",
        "_since=9999-12-31T23:59:59-14:00",
        "_count=0",
        "_count=x",
        "patient=ann",
    ],
)
def test_what_a_history_does_not_understand_is_refused(world: World, query: str) -> None:
    assert world.get(f"/DocumentReference/_history?{query}").status_code == 400


@pytest.mark.spec("F-057")
def test_a_history_shows_what_was_current_at_a_time(world: World) -> None:
    for _ in range(2):
        world.clock.advance(days=1)
        world.publish(document("doc-ann"), method="PUT")
    at = "/DocumentReference/doc-ann/_history?_at="
    assert versions(world.get(f"{at}2026-09-03").json()) == ['doc-ann W/"2"', 'doc-ann W/"1"']
    assert versions(world.get(f"{at}2026-09-03T20:00:00Z").json()) == ['doc-ann W/"2"']
    assert versions(world.get(f"{at}2030").json()) == ['doc-ann W/"3"']
    assert versions(world.get(f"{at}2020").json()) == []
    assert world.get(f"{at}2030").json()["link"][0]["url"].endswith("_at=2030")


@pytest.mark.spec("F-055")
def test_the_history_of_the_system_may_be_that_of_some_types(world: World) -> None:
    every = versions(world.get("/_history").json())
    some = versions(world.get("/_history?_type=Patient,Provenance").json())
    assert some == [each for each in every if each.startswith(("ann", "bob", "prov"))]
    assert versions(world.get("/_history?_type=Organization&_since=2020").json()) == ['clinic W/"1"']
    assert world.get("/_history?_type=Spaceship").status_code == 400
    assert world.get("/_history?_type=AuditEvent").status_code == 400
    narrow = world.token(scopes=frozenset({"system/Patient.rs"}))
    assert world.get("/_history?_type=Patient", narrow).status_code == 200
    assert world.get("/_history?_type=Patient,Provenance", narrow).status_code == 403


@pytest.mark.spec("F-058")
@pytest.mark.parametrize("path", ["/Patient/nobody/_history", "/Spaceship/_history"])
def test_a_history_of_nothing_is_not_found(world: World, path: str) -> None:
    assert world.get(path).status_code == 404


@pytest.mark.spec("F-059")
def test_each_version_is_judged_by_its_own_labels(world: World) -> None:
    world.publish(document("doc-ann", description="grave"), confidentiality="V", method="PUT")
    world.permit("ann", "ehr")
    ehr = world.token("ehr")
    assert versions(world.get("/DocumentReference/doc-ann/_history").json()) == ['doc-ann W/"2"', 'doc-ann W/"1"']
    assert versions(world.get("/DocumentReference/doc-ann/_history", ehr).json()) == ['doc-ann W/"1"']
    assert world.get("/DocumentReference/doc-ann/_history/2", ehr).status_code == 404
    assert world.get("/DocumentReference/doc-ann", ehr).status_code == 404


@pytest.mark.spec("F-059", "X-001")
def test_a_history_shows_nobody_else_and_ends_with_the_consent(world: World) -> None:
    world.permit("ann", "ehr")
    ehr = world.token("ehr")
    seen = versions(world.get("/_history", ehr).json())
    assert not any("bob" in version for version in seen)
    assert 'doc-ann W/"1"' in seen
    world.revoke()
    assert not any("ann" in version for version in versions(world.get("/_history", ehr).json()))
    assert world.get("/Patient/ann/_history", ehr).status_code == 404


def test_the_history_of_the_system_holds_the_types_of_the_scopes(world: World) -> None:
    token = world.token(scopes=frozenset({"system/Organization.rs"}))
    assert versions(world.get("/_history", token).json()) == ['clinic W/"1"']
    assert world.get("/Patient/_history", token).status_code == 403


def test_a_history_is_recorded_once_per_patient(world: World) -> None:
    world.get("/DocumentReference/_history")
    rows = world.audited()[-2:]
    assert sorted(row["patient_id"] for row in rows) == ["ann", "bob"]
    assert {row["act"] for row in rows} == {"history"}
