"""create: https://hl7.org/fhir/R4/http.html#create"""

from __future__ import annotations

import asyncio
import json
from collections.abc import MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest
from starlette.testclient import TestClient

from tests.house import House
from tests.world import BASE
from tests.writers import FHIR_JSON, count, created, labels, observation, post, practitioner, send


@pytest.mark.spec("F-030", "F-031")
def test_what_is_created_is_found_where_the_answer_says(house: House) -> None:
    answer = post(house, observation(house.world.patient))
    made = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"{BASE}/fhir/Observation/{made['id']}/_history/1"
    assert answer.headers["etag"] == 'W/"1"'
    read = house.get(answer.headers["location"].removeprefix(BASE), house.own_ehr)
    assert (read.content, read.headers["last-modified"]) == (answer.content, answer.headers["last-modified"])
    assert house.found(f"/fhir/Observation?subject=Patient/{house.world.patient}", house.own_ehr) == [made]


@pytest.mark.spec("F-032")
def test_id_version_and_time_are_the_servers_and_the_rest_of_meta_is_kept(house: House) -> None:
    meta = {
        "versionId": "17",
        "lastUpdated": "1999-01-01T00:00:00Z",
        "tag": [{"system": "urn:tags", "code": "imported"}],
        "profile": ["http://example.org/fhir/StructureDefinition/mood"],
        "security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "PSY"}],
    }
    made = created(house, observation(house.world.patient, id="mine", meta=meta))
    assert made["id"] != "mine"
    assert made["meta"]["versionId"] == "1"
    assert made["meta"]["lastUpdated"] > "2026"
    assert (made["meta"]["tag"], made["meta"]["profile"]) == (meta["tag"], meta["profile"])
    assert labels(made) == {"PSY", "R", "MH"}
    assert house.get("/fhir/Observation/mine", house.writer).status_code == 404


@pytest.mark.spec("F-032")
def test_a_malformed_id_of_the_writers_own_is_ignored_like_any_other(house: House) -> None:
    assert post(house, observation(house.world.patient, id="../../etc")).status_code == 201


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(
            '{"resourceType":"Practitioner","name":[{"family":"Bell"}]}', 400, marks=pytest.mark.spec("F-033")
        ),
        pytest.param('{"name":[{"family":"Bell"}]}', 400, marks=pytest.mark.spec("F-033")),
        pytest.param("[]", 400, marks=pytest.mark.spec("F-034")),
        pytest.param('{"resourceType":"Observation"', 400, marks=pytest.mark.spec("F-034")),
        pytest.param("", 400, marks=pytest.mark.spec("F-034")),
        pytest.param('{"resourceType":"Observation","status":"a","status":"b"}', 400, marks=pytest.mark.spec("F-038")),
        pytest.param('{"resourceType":"Observation","valueInteger":NaN}', 400, marks=pytest.mark.spec("F-038")),
        pytest.param('{"resourceType":"Observation","valueInteger":Infinity}', 400, marks=pytest.mark.spec("F-038")),
        pytest.param('{"resourceType":"Observation","x":' + "[" * 3000 + "]" * 3000 + "}", 400),
    ],
)
def test_what_is_no_resource_of_the_address_is_refused(house: House, body: str, status: int) -> None:
    answer = send(house, "POST", "/fhir/Observation", body)
    assert (answer.status_code, answer.json()["resourceType"]) == (status, "OperationOutcome")
    assert count(house, "Observation") == 0


@pytest.mark.parametrize(
    ("change", "place"),
    [
        pytest.param({"status": "nonsense"}, "Observation.status", marks=pytest.mark.spec("F-035")),
        pytest.param({"status": None}, "Observation.status", marks=pytest.mark.spec("F-037")),
        pytest.param({"mood": "low"}, "Observation.mood", marks=pytest.mark.spec("F-036")),
        pytest.param({"component": []}, "Observation.component", marks=pytest.mark.spec("F-037")),
        pytest.param({"code": {}}, "Observation.code", marks=pytest.mark.spec("F-037")),
    ],
)
def test_each_fault_is_told_with_its_place(house: House, change: dict[str, object], place: str) -> None:
    answer = post(house, observation(house.world.patient, **change))
    assert answer.status_code == 422
    assert place in [issue["expression"][0] for issue in answer.json()["issue"]]
    assert count(house, "Observation") == 0


@pytest.mark.spec("F-041")
@pytest.mark.parametrize(
    "inner",
    [
        "<script>alert(1)</script>",
        '<p onclick="alert(1)">x</p>',
        '<a href="javascript:alert(1)">x</a>',
        "<form><input/></form>",
        '<link rel="stylesheet" href="http://evil.example/x.css"/>',
        "<style>@import url(http://evil.example/x.css)</style>",
        '<img src="x" onerror="alert(1)"/>',
        '<iframe src="http://evil.example"/>',
    ],
)
def test_a_narrative_that_could_act_is_refused(house: House, inner: str) -> None:
    text = {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{inner}</div>'}
    answer = post(house, observation(house.world.patient, text=text))
    assert answer.status_code == 400
    assert "evil" not in answer.text
    assert "alert" not in answer.text
    assert count(house, "Observation") == 0


@pytest.mark.spec("F-039")
@pytest.mark.parametrize(
    "lexeme", ["19", "19.0", "19.00", "0.010", "1.10", "10.91968939701716", "-0.0", "1E3", "123456789012345678.25"]
)
def test_decimals_come_back_to_the_letter(house: House, lexeme: str) -> None:
    text = json.dumps(observation(house.world.patient)).replace('"value": 7', f'"value":{lexeme}')
    answer = send(house, "POST", "/fhir/Observation", text)
    assert f'"value":{lexeme},'.encode() in answer.content
    assert house.get(f"/fhir/Observation/{answer.json()['id']}", house.writer).content == answer.content


@pytest.mark.spec("F-040")
@pytest.mark.parametrize(
    "moment", ["2020", "2020-01", "2020-01-02", "2020-01-02T10:00:00.1Z", "2020-01-02T10:00:00.100+05:30"]
)
def test_times_come_back_to_the_letter(house: House, moment: str) -> None:
    made = created(house, observation(house.world.patient, effectiveDateTime=moment))
    assert made["effectiveDateTime"] == moment


@pytest.mark.spec("F-011")
@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/xml", "application/fhir+xml", "application/fhir+json; charset=utf-16"],
)
def test_another_content_type_is_refused(house: House, content_type: str) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    body = json.dumps(observation(house.world.patient)).encode()
    answer = house.ask("POST", "/fhir/Observation", house.writer, content=body, headers=headers)
    assert answer.status_code == 415
    assert count(house, "Observation") == 0


@pytest.mark.spec("F-011", "F-012")
@pytest.mark.parametrize("version", ["4.0", "4.0.1", "5.0"])
def test_the_fhir_version_of_the_content_type_counts(house: House, version: str) -> None:
    answer = post(house, observation(house.world.patient), Content_Type=f"{FHIR_JSON}; fhirVersion={version}")
    assert answer.status_code == (415 if version == "5.0" else 201)


@pytest.mark.spec("F-042")
def test_a_body_beyond_the_bound_is_refused(house: House) -> None:
    most = house.world.services.limits.write_bytes
    assert send(house, "POST", "/fhir/Observation", b" " * (most + 1)).status_code == 413
    assert count(house, "Observation") == 0


def test_a_body_is_not_read_before_its_sender_is_known(house: House) -> None:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        raise AssertionError("the body was read")

    async def keep(message: MutableMapping[str, Any]) -> None:
        sent.append(dict(message))

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/fhir/Observation",
        "raw_path": b"/fhir/Observation",
        "query_string": b"",
        "headers": [(b"content-type", FHIR_JSON.encode()), (b"authorization", b"Bearer nobody")],
        "client": None,
    }

    async def ask() -> None:
        await cast(TestClient, house.http).app(scope, receive, keep)

    with ThreadPoolExecutor(1) as alone:  # with an event loop of its own
        alone.submit(lambda: asyncio.run(ask())).result()
    assert sent[0]["status"] == 401


@pytest.mark.spec("F-043", "F-088", "X-050")
def test_the_log_is_not_written_by_others(house: House) -> None:
    answer = post(house, {"resourceType": "AuditEvent"})
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]


@pytest.mark.spec("F-043")
def test_a_type_that_is_not_kept_here_is_not_created(house: House) -> None:
    assert post(house, {"resourceType": "Claim"}).status_code == 404


@pytest.mark.spec("F-172")
@pytest.mark.parametrize("wish", ["minimal", "representation", "OperationOutcome"])
def test_prefer_says_what_comes_back(house: House, wish: str) -> None:
    answer = post(house, observation(house.world.patient), Prefer=f"return={wish}")
    assert answer.status_code == 201
    assert answer.headers["location"]
    if wish == "minimal":
        assert answer.content == b""
    else:
        assert answer.json()["resourceType"] == ("Observation" if wish == "representation" else "OperationOutcome")


def test_what_is_about_no_patient_belongs_to_the_directory(house: House) -> None:
    made = created(house, practitioner())
    assert labels(made) == {"N"}
    assert house.get(f"/fhir/Practitioner/{made['id']}", house.ehr).status_code == 200


def test_a_reader_writes_nothing(house: House) -> None:
    assert post(house, observation(house.world.patient), house.own_ehr).status_code == 403
    assert house.rows("SELECT act, outcome FROM audit WHERE act = 'create'") == [("create", "8")]


def test_a_parameter_nobody_would_look_at_is_refused(house: House) -> None:
    assert send(house, "POST", "/fhir/Practitioner?patient=1", practitioner()).status_code == 400


def test_references_to_this_server_become_relative(house: House) -> None:
    subject = {"reference": f"{BASE}/fhir/Patient/{house.world.patient}"}
    made = created(house, observation("x", subject=subject))
    assert made["subject"] == {"reference": f"Patient/{house.world.patient}"}


def test_pages_of_other_origins_may_ask_to_write(house: House) -> None:
    for method in ("PUT", "PATCH", "DELETE"):
        asked = {"Origin": "https://app.example", "Access-Control-Request-Method": method}
        answer = house.http.options("/fhir/Observation/x", headers=asked)
        assert method in answer.headers["access-control-allow-methods"]
