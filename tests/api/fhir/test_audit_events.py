"""The log as an auditor reads it: BALP AuditEvents of her own custodian."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

import pytest

from gateway.rules.audit import Act, Outcome
from tests.api.fhir.conftest import World, document, link, names

AUDITOR = frozenset({"audit", "user/AuditEvent.rs"})


@pytest.fixture
def log(world: World) -> World:
    """A read by a clinician, a search by an EHR, a read that was refused."""
    world.permit("ann", "ehr")
    world.clock.advance(minutes=1)
    world.get("/DocumentReference/doc-ann", world.token(practitioner="dr"), x_request_id="req-1")
    world.clock.advance(minutes=1)
    world.get("/DocumentReference?patient=ann", world.token("ehr"))
    world.clock.advance(minutes=1)
    world.get("/DocumentReference/nothing")
    world.clock.advance(minutes=1)
    return world


def events(world: World, query: str, **headers: str) -> list[dict[str, Any]]:
    bundle = world.get(f"/AuditEvent?{query}", world.token(scopes=AUDITOR), **headers).json()
    return [entry["resource"] for entry in bundle.get("entry", ())]


@pytest.mark.spec("X-100")
def test_a_read_is_told_with_who_what_and_whom(log: World) -> None:
    (event,) = events(log, "entity=DocumentReference/doc-ann&agent=Practitioner/dr")
    assert event["meta"]["profile"][0].endswith("IHE.BasicAudit.PatientRead")
    assert (event["action"], event["outcome"], event["subtype"][0]["code"]) == ("R", "0", "read")
    client, server, user = event["agent"][:3]
    assert client["type"]["coding"][0]["code"] == "110152"
    assert server["type"]["coding"][0]["code"] == "110153"
    assert user["type"]["coding"][0]["code"] == "IRCP"
    assert user["who"] == {"reference": "Practitioner/dr"}
    assert user["purposeOfUse"][0]["coding"][0]["code"] == "TREAT"
    what, whom, request = event["entity"]
    assert what["what"]["reference"] == "DocumentReference/doc-ann/_history/1"
    assert whom["what"]["reference"] == "Patient/ann"
    assert request["what"]["identifier"]["value"] == "req-1"


@pytest.mark.spec("X-100")
def test_a_search_is_told_with_its_query_and_the_consents_it_stood_on(log: World) -> None:
    (event,) = events(log, "patient=ann&agent=Organization/ehr&action=E")
    assert event["meta"]["profile"][0].endswith("IHE.BasicAudit.PatientQuery")
    assert event["agent"][0]["type"]["coding"][0]["code"] == "110153"
    assert event["agent"][1]["type"]["coding"][0]["code"] == "110152"
    query, _, consent = event["entity"][:3]
    assert b64decode(query["query"]) == b"DocumentReference?patient=ann"
    assert "what" not in query
    assert consent["what"]["reference"] == "Consent/c1/_history/1"


@pytest.mark.spec("X-100")
def test_there_is_one_event_for_each_patient_of_a_searchset(world: World) -> None:
    world.get("/DocumentReference")
    found = [event["entity"][1]["what"]["reference"] for event in events(world, "action=E&_sort=_id")]
    assert sorted(found) == ["Patient/ann", "Patient/bob"]


@pytest.mark.spec("X-104")
def test_a_refused_read_is_told_without_a_patient(log: World) -> None:
    (event,) = events(log, "outcome=4")
    assert "profile" not in event["meta"]
    assert event["outcomeDesc"] == "not-found"
    assert not any("Patient/" in str(entity) for entity in event["entity"])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("date=ge2026-09-02T12:01:00Z&action=R", 2),
        ("date=lt2026-09-02", 0),
        ("type=rest&subtype=read", 2),
        ("subtype=http://hl7.org/fhir/restful-interaction|search", 1),
        ("subtype=urn:care-continuity-gateway:act|token", 0),
        ("agent:identifier=urn:care-continuity-gateway:client|ehr-client", 1),
        ("agent=ehr", 1),
        ("agent=Device/x", 0),
        ("entity=Patient/ann", 2),
        ("entity=DocumentReference/doc-ann/_history/1", 1),
        ("entity=DocumentReference/doc-ann/_history/2", 0),
        ("patient:missing=true&action=R", 1),
        ("outcome:not=0", 1),
        ("_profile=https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.PatientRead", 1),
        ("_security=R&action=E", 1),
        ("_tag=x", 0),
        ("action=R,E", 3),
        ("action=R&action=E", 0),
    ],
)
def test_the_log_is_searched_by_when_who_what_and_how(log: World, query: str, expected: int) -> None:
    own = [event for event in events(log, query) if not _reads_log(event)]
    assert len(own) == expected


def _reads_log(event: dict[str, Any]) -> bool:
    queries = [b64decode(entity["query"]) for entity in event.get("entity", ()) if "query" in entity]
    return any(query.startswith(b"AuditEvent") for query in queries)


def test_an_event_is_read_by_its_id_and_never_changes(log: World) -> None:
    (event,) = events(log, "outcome=4")
    answer = log.get(f"/AuditEvent/{event['id']}", log.token(scopes=AUDITOR))
    assert answer.json() == event
    assert answer.headers["etag"] == 'W/"1"'
    assert log.get(f"/AuditEvent/{event['id']}/_history/1", log.token(scopes=AUDITOR)).status_code == 405
    assert log.get(f"/AuditEvent/{event['id']}", log.token("ehr", scopes=AUDITOR)).status_code == 404


def test_reading_the_log_is_recorded_too(log: World) -> None:
    events(log, "patient=ann")
    row = log.audited()[-1]
    assert (row["act"], row["target_type"], row["patient_id"]) == ("search", "AuditEvent", "ann")


def test_the_log_is_walked_newest_first_without_repeats(log: World) -> None:
    auditor = log.token(scopes=AUDITOR)
    whole = names(log.get("/AuditEvent?_count=500", auditor).json())
    seen: list[str] = []
    url: str | None = "/AuditEvent?_count=2"
    while url and len(seen) < 100:
        bundle = log.get(url, auditor).json()
        seen += names(bundle)
        url = link(bundle, "next")
    assert len(seen) == len(set(seen))
    assert set(whole) <= set(seen)
    times = [event["recorded"] for event in events(log, "_sort=date")]
    assert times == sorted(times)


def test_the_log_is_counted(log: World) -> None:
    auditor = log.token(scopes=AUDITOR)
    assert log.get("/AuditEvent?outcome=4&_summary=count", auditor).json()["total"] == 1


def test_a_version_hidden_by_its_label_leaves_no_event_about_its_patient(world: World) -> None:
    world.publish(document("grave"), confidentiality="V")
    world.permit("ann", "ehr")
    world.get("/DocumentReference/grave", world.token("ehr"))
    assert world.audited()[-1]["patient_id"] is None
    assert [Act(row["act"]) for row in world.audited()[-1:]] == [Act.READ]
    assert world.audited()[-1]["outcome"] == Outcome.REFUSED.value


def test_many_criteria_about_the_kind_of_act_cost_one_condition(log: World) -> None:
    query = "&".join(["type:not=nothing", "outcome=0,4", "_security:not=V"] * 33)
    assert log.get(f"/AuditEvent?{query}", log.token(scopes=AUDITOR)).status_code == 200
    assert len(events(log, "outcome=4&outcome=0")) == 0
    assert len(events(log, "outcome=4&action:not=C")) == 1
