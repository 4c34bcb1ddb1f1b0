"""The CapabilityStatement is true: what it lists works, and what it does not list does not."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.api.fhir.capabilities import tagged
from gateway.fhir.check import check
from gateway.fhir.search_table import TYPES
from tests.api.fhir.conftest import BASE, World, provenance

VALUES = {"token": "x", "reference": "Patient/x", "date": "2020", "string": "x", "uri": "urn:x"}
INTERACTIONS = {
    "read": ("GET", "/{}/x"),
    "vread": ("GET", "/{}/x/_history/1"),
    "history-instance": ("GET", "/{}/x/_history"),
    "history-type": ("GET", "/{}/_history"),
    "search-type": ("GET", "/{}"),
    "create": ("POST", "/{}"),
    "update": ("PUT", "/{}/x"),
    "patch": ("PATCH", "/{}/x"),
    "delete": ("DELETE", "/{}/x"),
}
UNLISTED = ["_text=x", "_content=x", "_filter=x", "_query=x", "_list=x", "_has:Provenance:target:agent=x", "_type=x"]
EVERY_PARAMETER = sorted({code for table in TYPES.values() for code in table.parameters})


@pytest.fixture
def statement(world: World) -> dict[str, Any]:
    answer = world.client.get("/metadata")
    assert answer.status_code == 200
    held: dict[str, Any] = answer.json()
    return held


@pytest.mark.spec("F-001", "F-002")
def test_the_statement_needs_no_token_and_speaks_of_r4_in_json(statement: dict[str, Any]) -> None:
    assert statement["resourceType"] == "CapabilityStatement"
    assert statement["fhirVersion"] == "4.0.1"
    assert "application/fhir+json" in statement["format"]


@pytest.mark.spec("F-003")
def test_every_interaction_listed_answers_and_no_other(world: World, statement: dict[str, Any]) -> None:
    for listed in statement["rest"][0]["resource"]:
        kind = listed["type"]
        codes = {interaction["code"] for interaction in listed["interaction"]}
        existing = _existing(world, kind)
        for code, (method, address) in INTERACTIONS.items():
            status = world.ask(method, address.format(kind).replace("/x", f"/{existing}")).status_code
            assert (status == 200) is (code in codes), (kind, code, status)
            assert status in (200, 404, 405)


def _existing(world: World, kind: str) -> str:
    """The id of a resource of the type, made where the world has none; the log has one once it was asked."""
    world.get(f"/{kind}")
    found = world.get(f"/{kind}?_count=1").json()
    if "entry" in found:
        return str(found["entry"][0]["resource"]["id"])
    world.publish({"resourceType": kind, "id": "made"})
    return "made"


@pytest.mark.spec("F-003")
@pytest.mark.parametrize("kind", sorted(TYPES))
def test_every_parameter_listed_searches_and_no_other(world: World, statement: dict[str, Any], kind: str) -> None:
    listed = next(entry for entry in statement["rest"][0]["resource"] if entry["type"] == kind)
    offered = {parameter["name"]: parameter["type"] for parameter in listed["searchParam"]}
    for code in EVERY_PARAMETER:
        query = f"{code}={VALUES[offered.get(code, 'date')]}"
        status = world.get(f"/{kind}?{query}").status_code
        assert status == (200 if code in offered else 400), (kind, code)
    for query in UNLISTED:
        assert world.get(f"/{kind}?{query}").status_code in (400, 403)


@pytest.mark.spec("F-003", "F-141")
@pytest.mark.parametrize("kind", sorted(TYPES))
def test_every_include_listed_works_and_no_other(world: World, statement: dict[str, Any], kind: str) -> None:
    listed = next(entry for entry in statement["rest"][0]["resource"] if entry["type"] == kind)
    for control, element in (("_include", "searchInclude"), ("_revinclude", "searchRevInclude")):
        for include in listed.get(element, ()):
            assert world.get(f"/{kind}?{control}={include}").status_code == 200
    assert world.get(f"/{kind}?_include={kind}:nothing").status_code == 400
    assert world.get(f"/{kind}?_include=AuditEvent:entity").status_code == 400
    assert world.get(f"/{kind}?_revinclude=AuditEvent:entity").status_code == 400


@pytest.mark.spec("F-003")
def test_the_interactions_of_the_system_work(world: World, statement: dict[str, Any]) -> None:
    assert statement["rest"][0]["interaction"] == [{"code": "history-system"}]
    assert world.get("/_history").status_code == 200
    for method in ("POST", "GET"):
        assert world.ask(method, "/").status_code in (404, 405)


@pytest.mark.spec("F-004")
def test_the_statement_is_tagged(world: World) -> None:
    first = world.client.get("/metadata")
    again = world.client.get("/metadata", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    elsewhere, here = (tagged(base, ("history-system",), ()) for base in ("https://b.example", BASE))
    assert here[1] == first.headers["etag"]
    assert elsewhere[1] != here[1]


@pytest.mark.spec("F-005")
def test_the_statement_names_smart_and_promises_no_endpoint_that_is_not_there(statement: dict[str, Any]) -> None:
    """The oauth-uris extension needs an authorize endpoint; until there is one, smart-configuration tells the rest."""
    security = statement["rest"][0]["security"]
    assert security["cors"] is True
    [coding] = security["service"][0]["coding"]
    system = "http://terminology.hl7.org/CodeSystem/restful-security-service"
    assert coding == {"system": system, "code": "SMART-on-FHIR"}
    assert "extension" not in security


@pytest.mark.spec("F-006")
def test_no_guide_is_claimed_that_is_not_tested(statement: dict[str, Any]) -> None:
    assert "implementationGuide" not in statement
    assert "instantiates" not in statement


def test_the_statement_passes_the_door_check(statement: dict[str, Any]) -> None:
    assert check(statement) == []


def test_a_provenance_target_of_any_type_can_be_searched(world: World) -> None:
    world.publish(provenance("of-device", "Device/m1/_history/1"), None, confidentiality="N")
    assert world.found("/Provenance?target=Device/m1") == ["Provenance/of-device"]
