"""The CapabilityStatement is true: what it lists works, and what it does not list does not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

import httpx
import pytest

from gateway.api.fhir.capabilities import tagged
from gateway.fhir.check import check
from gateway.fhir.search.table import TYPES
from gateway.rules.consent_form import consent_of, permit
from tests.api.fhir.conftest import BASE, NOON, World, document, organization, provenance
from tests.api.fhir.test_everything import DIRECTORY
from tests.synthetic import resources_of

WRITER = frozenset({"system/*.cruds", "consent", "audit"})
VALUES = {
    "token": "x",
    "reference": "Patient/x",
    "date": "2020",
    "string": "x",
    "uri": "urn:x",
    "number": "5",
    "quantity": "5",
}
READING = {
    "read": "/{kind}/{id}",
    "vread": "/{kind}/{id}/_history/1",
    "history-instance": "/{kind}/{id}/_history",
    "history-type": "/{kind}/_history",
    "search-type": "/{kind}",
}
WRITING = {"create": "POST", "update": "PUT", "patch": "PATCH", "delete": "DELETE"}
UNLISTED = ["_text=x", "_content=x", "_filter=x", "_query=x", "colour=red", "_type=x", "_has:Patient:colour:x=x"]
EVERY_PARAMETER = sorted({code for table in TYPES.values() for code in table.parameters})
# What calls each operation so that it works: on an instance of a type, or on the type.
CALLS = {
    ("everything", "instance"): ("GET", "/Patient/ann/$everything", None),
    ("summary", "instance"): ("GET", "/Patient/ann/$summary", None),
    ("summary", "type"): ("GET", "/Patient/$summary?identifier=urn:mrn|mrn-ann", None),
    ("match", "type"): (
        "POST",
        "/Patient/$match",
        ("resource", {"resourceType": "Patient", "name": [{"family": "Rivers", "given": ["Sam"]}]}),
    ),
    ("docref", "type"): ("GET", "/DocumentReference/$docref?patient=ann", None),
    ("meta", "instance"): ("GET", "/{kind}/{id}/$meta", None),
    ("validate", "instance"): ("GET", "/{kind}/{id}/$validate", None),
    ("validate", "type"): ("POST", "/{kind}/$validate", ("resource", {"resourceType": "{kind}"})),
}


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


@pytest.fixture
def filled(world: World) -> dict[str, str]:
    """The id of a resource of each type, which the world then has."""
    for resource in resources_of(3, 120, "Patient/ann"):
        is_shared = resource["resourceType"] in DIRECTORY
        about = None if is_shared or resource["resourceType"] == "Subscription" else "ann"
        world.publish(resource, about, confidentiality="N" if is_shared else "R")
    world.publish(organization("ehr", "Another clinic"), None, confidentiality="N")
    form = permit("ann", "ehr", "TREAT", "2026-01-01")
    world.publish(consent_of(form, "permit", "clinic", NOON), "ann")
    world.publish(document("doc-ann"), method="PUT")  # so that its type is among the latest
    with world.database.read() as db:
        rows = db.connection.exec_driver_sql("SELECT type, id FROM resource WHERE is_current = 1").all()
    return {**{row[0]: row[1] for row in rows}, "Patient": "ann", "AuditEvent": _event(world)}


def _event(world: World) -> str:
    world.get("/AuditEvent", world.token(scopes=WRITER))
    return str(world.audited()[-1]["id"])


def _write(world: World, method: str, path: str, resource: Any = None, **headers: str) -> httpx.Response:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    sent["authorization"] = f"Bearer {world.token(scopes=WRITER)}"
    is_patch = method == "PATCH"
    sent.setdefault("content-type", "application/json-patch+json" if is_patch else "application/fhir+json")
    body = None if resource is None else json.dumps(resource)
    return cast(httpx.Response, world.client.request(method, path, content=body, headers=sent))


def _listed(statement: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], set[str]]]:
    for entry in statement["rest"][0]["resource"]:
        yield entry["type"], entry, {interaction["code"] for interaction in entry["interaction"]}


def test_every_type_has_its_entry(statement: dict[str, Any]) -> None:
    assert {kind: codes for kind, _, codes in _listed(statement)} == {
        name: set(table.interactions) for name, table in TYPES.items()
    }


@pytest.mark.spec("F-003", "F-019")
def test_every_reading_interaction_listed_answers_get_and_head_and_no_other(
    world: World, statement: dict[str, Any], filled: dict[str, str]
) -> None:
    token = world.token(scopes=WRITER)
    for kind, _, codes in _listed(statement):
        for code, address in READING.items():
            path = address.format(kind=kind, id=filled[kind])
            answer = world.get(path, token)
            head = world.ask("HEAD", path, token)
            assert answer.status_code == (200 if code in codes else 405), (kind, code, answer.text)
            assert (head.status_code, head.content) == (answer.status_code, b""), (kind, code)
            if code in codes and code in ("read", "vread"):
                assert head.headers["etag"] == answer.headers["etag"]
            assert head.headers["content-type"] == answer.headers["content-type"]


@pytest.mark.spec("F-003", "F-043")
def test_every_writing_interaction_listed_works_and_no_other(
    world: World, statement: dict[str, Any], filled: dict[str, str]
) -> None:
    token = world.token(scopes=WRITER)
    for kind, _, codes in _listed(statement):
        path = f"/{kind}/{filled[kind]}"
        held = world.get(path, token, accept="application/fhir+json").json()
        made = _write(world, "POST", f"/{kind}", {name: held[name] for name in held if name != "id"})
        assert made.status_code == (201 if "create" in codes else 405), (kind, made.text)
        put = _write(world, "PUT", path, held)
        assert put.status_code == (200 if "update" in codes else 405), (kind, put.text)
        patch = _write(world, "PATCH", path, [{"op": "test", "path": "/resourceType", "value": kind}])
        assert patch.status_code == (200 if "patch" in codes else 405), (kind, patch.text)
        new = made.headers["location"].partition("/fhir")[2].partition("/_history")[0] if made.is_success else path
        gone = _write(world, "DELETE", new)
        assert gone.status_code in ((200, 204) if "delete" in codes else (405,)), (kind, gone.text)
        for answer, code in ((made, "create"), (put, "update"), (patch, "patch"), (gone, "delete")):
            if code not in codes:
                assert WRITING[code] not in answer.headers["allow"].split(", ")
                assert answer.json()["issue"][0]["code"] == "not-supported"


@pytest.mark.spec("F-003")
def test_what_is_conditional_works_and_nothing_else_is(
    world: World, statement: dict[str, Any], filled: dict[str, str]
) -> None:
    for kind, entry, _ in _listed(statement):
        query = f"_id={filled[kind]}"
        token = world.token(scopes=WRITER)
        held = world.get(f"/{kind}/{filled[kind]}", token, accept="application/fhir+json").json()
        if entry["conditionalCreate"]:
            assert _write(world, "POST", f"/{kind}", held, if_none_exist=query).status_code == 200, kind
        else:
            assert _write(world, "POST", f"/{kind}", held, if_none_exist=query).status_code in (400, 405, 412), kind
        put = _write(world, "PUT", f"/{kind}?{query}", held)
        assert put.status_code == (200 if entry["conditionalUpdate"] else 405), (kind, put.text)
        gone = _write(world, "DELETE", f"/{kind}?_id=nobody")
        assert (gone.status_code == 405) is (entry["conditionalDelete"] == "not-supported"), (kind, gone.text)


@pytest.mark.spec("F-003")
@pytest.mark.parametrize("part", range(4))
def test_every_parameter_listed_searches_and_no_other(world: World, statement: dict[str, Any], part: int) -> None:
    token = world.token(scopes=WRITER)
    for kind, entry, codes in list(_listed(statement))[part::4]:
        offered = {parameter["name"]: parameter["type"] for parameter in entry.get("searchParam", ())}
        assert bool(offered) is ("search-type" in codes)
        for code, type in offered.items():
            answer = world.get(f"/{kind}?{code}={_value(kind, code, type)}", token)
            assert answer.status_code == 200, (kind, code, answer.text)
        strange = [f"{code}=2020" for code in EVERY_PARAMETER if code not in offered][len(kind) :: 60]
        for query in [*strange, *UNLISTED] if offered else ():
            assert world.get(f"/{kind}?{query}", token).status_code == 400, (kind, query)


def _value(kind: str, code: str, type: str) -> str:
    if type != "composite":
        return VALUES[type]
    return "$".join(VALUES[part.kind] for part in TYPES[kind].parameters[code].components)


@pytest.mark.spec("F-003", "F-141")
def test_every_include_listed_works_and_no_other(world: World, statement: dict[str, Any]) -> None:
    for kind, entry, codes in _listed(statement):
        for control, element in (("_include", "searchInclude"), ("_revinclude", "searchRevInclude")):
            includes = entry.get(element, [])
            for some in (includes[start : start + 20] for start in range(0, len(includes), 20)):
                answer = world.get(f"/{kind}?" + "&".join(f"{control}={include}" for include in some))
                assert answer.status_code == 200, (kind, some, answer.text)
        if "search-type" in codes:
            for query in (f"_include={kind}:nothing", "_revinclude=AuditEvent:entity", "_include=AuditEvent:entity"):
                assert world.get(f"/{kind}?{query}").status_code == 400, (kind, query)


@pytest.mark.spec("F-003")
def test_the_interactions_and_parameters_of_the_system_work(world: World, statement: dict[str, Any]) -> None:
    whole = statement["rest"][0]
    codes = {interaction["code"] for interaction in whole["interaction"]}
    assert codes == {"history-system", "search-system", "transaction", "batch"}
    for path in ("/_history", "?_type=Patient", "/?_type=Patient"):
        assert world.get(path).status_code == 200, path
        assert world.ask("HEAD", path).status_code == 200, path
    for kind in ("transaction", "batch"):
        answer = _write(world, "POST", "", {"resourceType": "Bundle", "type": kind})
        assert answer.status_code == 200, answer.text
        assert answer.json()["type"] == f"{kind}-response"
    for method in ("PUT", "PATCH", "DELETE"):
        answer = _write(world, method, "", {})
        assert answer.status_code == 405
        assert "POST" in answer.headers["allow"]
    parameters = {parameter["name"]: parameter["type"] for parameter in whole["searchParam"]}
    assert {"_id", "_lastUpdated", "_security", "_list", "_has", "_type"} <= set(parameters)
    for code in (code for code, type in parameters.items() if type in VALUES):
        answer = world.get(f"?_type=Patient,Observation&{code}={VALUES[parameters[code]]}")
        assert answer.status_code == 200, (code, answer.text)
    assert world.get("/Patient?_list=nothing").status_code == 200
    assert world.get("/Patient?_has:Provenance:patient:agent=Practitioner/x").status_code == 200


@pytest.mark.spec("F-003", "F-147")
def test_the_compartment_listed_is_searched_and_no_other(world: World, statement: dict[str, Any]) -> None:
    assert statement["rest"][0]["compartment"] == ["http://hl7.org/fhir/CompartmentDefinition/patient"]
    for path in ("/Patient/ann/DocumentReference", "/Patient/ann/*"):
        assert world.get(path).status_code == 200, path
        assert world.ask("HEAD", path).status_code == 200, path
    for path in ("/Practitioner/dr/Encounter", "/Encounter/x/Observation", "/Patient/ann/Practitioner/x"):
        assert world.get(path).status_code in (404, 405), path


@pytest.mark.spec("F-003", "F-019")
def test_every_operation_listed_works_and_no_other(
    world: World, statement: dict[str, Any], filled: dict[str, str]
) -> None:
    token = world.token(scopes=WRITER)
    called = set()
    for kind, entry, _ in _listed(statement):
        for operation in entry.get("operation", ()):
            for name, level in [key for key in CALLS if key[0] == operation["name"]]:
                method, path, given = CALLS[name, level]
                path = path.format(kind=kind, id=filled[kind])
                if given is None:
                    answer = world.get(path, token)
                    assert world.ask("HEAD", path, token).status_code == answer.status_code
                else:
                    resource = json.loads(json.dumps(given[1]).replace("{kind}", kind))
                    parameter = [{"name": given[0], "resource": resource}]
                    answer = _write(world, method, path, {"resourceType": "Parameters", "parameter": parameter})
                assert answer.status_code == 200, (kind, name, level, answer.text)
                called.add((name, level))
        for name in ("expunge", "export", "lastn", "everything", "match", "graph"):
            if name not in {operation["name"] for operation in entry.get("operation", ())}:
                for path in (f"/{kind}/${name}", f"/{kind}/{filled[kind]}/${name}"):
                    assert world.get(path, token).status_code in (404, 405), path
                    assert _write(world, "POST", path, {}).status_code in (404, 405), path
    assert called == set(CALLS)


@pytest.mark.spec("F-004")
def test_the_statement_is_tagged(world: World) -> None:
    first = world.client.get("/metadata")
    again = world.client.get("/metadata", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    elsewhere, here, less = (
        tagged(base, codes, ()) for base, codes in (("https://b", ()), (BASE, ("batch",)), (BASE, ()))
    )
    assert len({first.headers["etag"], elsewhere[1], here[1], less[1]}) == 4


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
