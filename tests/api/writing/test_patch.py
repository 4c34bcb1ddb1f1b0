"""PATCH on the real app: both kinds of patch, by id and by condition. https://hl7.org/fhir/R4/http.html#patch"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.bundles import places, token_with
from tests.house import House
from tests.writers import FHIR_JSON, created, observation, send

JSON_PATCH = "application/json-patch+json"


def score(house: House) -> dict[str, Any]:
    known_as = [{"system": "urn:example:scores", "value": "phq-1"}]
    return observation(house.world.patient, 12, status="preliminary", identifier=known_as)


def scored(house: House) -> str:
    """Where a new score is."""
    return f"Observation/{created(house, score(house))['id']}"


def patch(
    house: House, path: str, body: Any, *, media: str = JSON_PATCH, token: str = "", **headers: str
) -> httpx.Response:
    return send(house, "PATCH", f"/fhir/{path}", body, token, Content_Type=media, **headers)


def final(status: str = "final") -> list[dict[str, Any]]:
    return [{"op": "replace", "path": "/status", "value": status}]


def as_parameters(type: str, path: str, **value: Any) -> dict[str, Any]:
    parts = [{"name": "type", "valueCode": type}, {"name": "path", "valueString": path}]
    parts += [{"name": "value", **value}] if value else []
    return {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}


def now(house: House, path: str) -> dict[str, Any]:
    response = house.get(f"/fhir/{path}", house.writer)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


@pytest.mark.spec("F-079")
def test_a_json_patch_makes_the_next_version(house: House) -> None:
    path = scored(house)
    response = patch(house, path, final())
    assert (response.status_code, response.headers["ETag"]) == (200, 'W/"2"')
    assert response.headers["Location"].endswith(f"{path}/_history/2")
    assert response.headers["Last-Modified"]
    assert response.json()["status"] == now(house, path)["status"] == "final"
    history = house.get(f"/fhir/{path}/_history", house.writer).json()["entry"]
    assert [entry["request"]["method"] for entry in history] == ["PATCH", "POST"]


@pytest.mark.spec("F-083")
def test_a_fhirpath_patch_makes_the_next_version(house: House) -> None:
    path = scored(house)
    response = patch(
        house, path, as_parameters("replace", "Observation.value", valueString="moderate"), media=FHIR_JSON
    )
    assert response.status_code == 200, response.text
    found = now(house, path)
    assert (found["valueString"], "valueQuantity" in found, found["meta"]["versionId"]) == ("moderate", False, "2")


@pytest.mark.spec("F-039", "F-079")
def test_what_a_patch_leaves_alone_keeps_its_letters(house: House) -> None:
    made = json.dumps(score(house) | {"issued": "2026-09-02T10:00:00.10+05:30"}).replace(" 12,", " 12.50,")
    path = f"Observation/{send(house, 'POST', '/fhir/Observation', made).json()['id']}"
    assert (
        patch(house, path, b'[{"op":"add","path":"/referenceRange","value":[{"high":{"value":27.0}}]}]').status_code
        == 200
    )
    text = house.get(f"/fhir/{path}", house.writer).text
    assert '"value":12.50' in text
    assert '"value":27.0}' in text
    assert '"2026-09-02T10:00:00.10+05:30"' in text


@pytest.mark.spec("F-080")
@pytest.mark.parametrize(
    ("body", "place"),
    [
        ([{"op": "replace", "path": "/status", "value": "done"}], "Observation.status"),
        ([{"op": "remove", "path": "/code"}], "Observation.code"),
        ([{"op": "add", "path": "/mood", "value": "low"}], "Observation.mood"),
        ([{"op": "add", "path": "/note", "value": []}], "Observation.note"),
        ([{"op": "add", "path": "/note", "value": None}], "Observation.note"),
    ],
)
def test_a_patch_that_would_break_the_resource_is_refused(house: House, body: Any, place: str) -> None:
    path = scored(house)
    response = patch(house, path, body)
    assert response.status_code == 422
    assert place in places(response)
    assert now(house, path)["meta"]["versionId"] == "1"


@pytest.mark.spec("F-080")
def test_a_patch_does_not_bring_in_what_no_writer_may_send(house: House) -> None:
    path = scored(house)
    label = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "AIAST"}
    assert patch(house, path, [{"op": "add", "path": "/meta/security/-", "value": label}]).status_code == 422
    assert now(house, path)["meta"]["versionId"] == "1"


@pytest.mark.spec("F-082")
def test_a_failed_test_is_422_and_nothing_is_done(house: House) -> None:
    path = scored(house)
    body = [*final(), {"op": "test", "path": "/valueQuantity/value", "value": 13}]
    response = patch(house, path, body)
    assert (response.status_code, places(response)) == (422, ["[1]"])
    assert now(house, path)["status"] == "preliminary"


@pytest.mark.spec("F-081")
@pytest.mark.parametrize(
    ("media", "body", "place"),
    [
        (JSON_PATCH, [{"op": "replace", "path": "/id", "value": "other"}], "[0].path"),
        (JSON_PATCH, [{"op": "replace", "path": "/resourceType", "value": "Patient"}], "[0].path"),
        (JSON_PATCH, [{"op": "replace", "path": "/meta/versionId", "value": "9"}], "[0].path"),
        (JSON_PATCH, [{"op": "remove", "path": "/meta/lastUpdated"}], "[0].path"),
        (FHIR_JSON, as_parameters("replace", "Observation.id", valueId="other"), "Parameters.parameter[0]"),
        (FHIR_JSON, as_parameters("delete", "Observation.meta.versionId"), "Parameters.parameter[0]"),
    ],
)
def test_identity_and_version_are_not_to_be_patched(house: House, media: str, body: Any, place: str) -> None:
    path = scored(house)
    response = patch(house, path, body, media=media)
    assert (response.status_code, places(response)) == (422, [place])
    assert now(house, path)["meta"]["versionId"] == "1"


@pytest.mark.spec("F-084")
@pytest.mark.parametrize(
    "media",
    [
        "application/json",
        "application/xml-patch+xml",
        "application/fhir+xml",
        "text/plain",
        "application/merge-patch+json",
    ],
)
def test_other_media_types_are_415(house: House, media: str) -> None:
    path = scored(house)
    response = patch(house, path, final(), media=media)
    assert (response.status_code, response.json()["resourceType"]) == (415, "OperationOutcome")
    assert now(house, path)["meta"]["versionId"] == "1"


@pytest.mark.spec("F-085")
def test_if_match_is_honoured(house: House) -> None:
    path = scored(house)
    assert patch(house, path, final(), If_Match='W/"1"').status_code == 200
    assert patch(house, path, final("amended"), If_Match='W/"1"').status_code == 412
    assert patch(house, path, final("amended"), If_Match="one").status_code == 400
    assert now(house, path)["status"] == "final"


@pytest.mark.spec("F-085")
def test_of_racing_patches_on_one_version_one_wins(house: House) -> None:
    path = scored(house)
    with ThreadPoolExecutor(4) as pool:
        answers = pool.map(
            lambda status: patch(house, path, final(status), If_Match='W/"1"'),
            ("final", "amended", "corrected", "cancelled"),
        )
        assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]
    assert now(house, path)["meta"]["versionId"] == "2"


@pytest.mark.spec("F-085")
def test_racing_patches_without_a_version_all_come_in(house: House) -> None:
    path = scored(house)
    with ThreadPoolExecutor(4) as pool:
        notes = [
            [{"op": "add", "path": f"/{name}", "value": [{"text": name}]}]
            for name in ("note", "category", "interpretation")
        ]
        assert [answer.status_code for answer in pool.map(lambda body: patch(house, path, body), notes)] == [200] * 3
    found = now(house, path)
    assert found["meta"]["versionId"] == "4"
    assert {"note", "category", "interpretation"} <= found.keys()


def test_a_patch_that_changes_nothing_keeps_the_version(house: House) -> None:
    path = scored(house)
    response = patch(house, path, final("preliminary"))
    assert (response.status_code, response.headers["ETag"]) == (200, 'W/"1"')
    assert patch(house, path, []).headers["ETag"] == 'W/"1"'


def test_prefer_says_what_comes_back(house: House) -> None:
    path = scored(house)
    assert patch(house, path, final(), Prefer="return=minimal").content == b""
    told = patch(house, path, final("amended"), Prefer="return=OperationOutcome")
    assert told.json()["resourceType"] == "OperationOutcome"


@pytest.mark.spec("F-105")
def test_a_conditional_patch_finds_none_one_or_several(house: House) -> None:
    condition = "Observation?identifier=urn:example:scores|phq-1"
    assert patch(house, condition, final()).status_code == 404
    path = scored(house)
    assert patch(house, condition, final()).status_code == 200
    assert now(house, path)["status"] == "final"
    other = scored(house)
    assert patch(house, condition, final("amended")).status_code == 412
    assert (now(house, path)["status"], now(house, other)["status"]) == ("final", "preliminary")


@pytest.mark.spec("F-105", "F-106")
@pytest.mark.parametrize("condition", ["", "?", "?mood=low", "?identifier=", "?_count=1"])
def test_a_condition_that_says_nothing_patches_nothing(house: House, condition: str) -> None:
    path = scored(house)
    assert patch(house, f"Observation{condition}", final()).status_code in (400, 412)
    assert now(house, path)["meta"]["versionId"] == "1"


@pytest.mark.spec("F-105", "F-107")
def test_another_organizations_resources_look_absent(house: House) -> None:
    path = scored(house)
    absent = patch(house, "Observation/nowhere", final(), token=house.foreign_writer)
    hidden = patch(house, path, final(), token=house.foreign_writer)
    assert (absent.status_code, hidden.status_code) == (404, 404)
    assert [issue["code"] for issue in absent.json()["issue"]] == [issue["code"] for issue in hidden.json()["issue"]]
    condition = "Observation?identifier=urn:example:scores|phq-1"
    assert patch(house, condition, final(), token=house.foreign_writer).status_code == 404
    house.grant()
    assert house.get(f"/fhir/{path}", house.foreign_writer).status_code == 200
    assert patch(house, path, final(), token=house.foreign_writer).status_code == 403
    assert patch(house, condition, final(), token=house.foreign_writer).status_code in (403, 404)
    assert now(house, path)["meta"]["versionId"] == "1"


@pytest.mark.spec("X-005")
@pytest.mark.parametrize(
    ("body", "status"),
    [
        ([{"op": "replace", "path": "/subject/reference", "value": "Patient/{neighbour}"}], 403),
        ([{"op": "replace", "path": "/subject/reference", "value": "Patient/nobody"}], 403),
        ([{"op": "add", "path": "/performer", "value": [{"reference": "Patient/{neighbour}"}]}], 200),
        ([{"op": "remove", "path": "/subject"}], 422),
    ],
)
def test_what_is_about_a_patient_stays_about_that_patient(house: House, body: Any, status: int) -> None:
    path = scored(house)
    sent = json.dumps(body).replace("{neighbour}", house.cast.neighbour).encode()
    response = patch(house, path, sent)
    assert response.status_code == status, response.text
    assert now(house, path)["subject"]["reference"] == f"Patient/{house.world.patient}"


def test_who_may_change_but_not_read_is_shown_nothing(house: House) -> None:
    path = scored(house)
    blind = token_with(house, "system/Observation.u")
    response = patch(house, path, final(), token=blind)
    assert (response.status_code, response.content, response.headers["ETag"]) == (200, b"", 'W/"2"')


def test_without_the_scope_nothing_is_patched(house: House) -> None:
    path = scored(house)
    assert patch(house, path, final(), token=house.own_ehr).status_code == 403
    assert patch(house, "Observation?status=preliminary", final(), token=house.own_ehr).status_code == 403


@pytest.mark.spec("F-088")
@pytest.mark.parametrize("type", ["Provenance", "AuditEvent", "Binary"])
def test_what_never_changes_cannot_be_patched(house: House, type: str) -> None:
    assert patch(house, f"{type}/some", []).status_code == 405
    assert patch(house, f"{type}?_id=some", []).status_code == 405


def test_a_deleted_resource_is_gone(house: House) -> None:
    path = scored(house)
    assert house.ask("DELETE", f"/fhir/{path}", house.writer).status_code == 204
    assert patch(house, path, final()).status_code == 410


def test_what_came_of_a_submission_is_changed_by_reviews_only(house: House) -> None:
    published = house.approve(house.draft())
    document = f"DocumentReference/{published['DocumentReference']}"
    assert patch(house, document, [{"op": "add", "path": "/description", "value": "x"}]).status_code == 405


def test_a_patch_and_its_refusal_are_recorded(house: House) -> None:
    path = scored(house)
    patch(house, path, final())
    patch(house, path, [{"op": "remove", "path": "/note"}])
    rows = house.rows(
        "SELECT outcome, target_type, target_id, target_version FROM audit WHERE act = 'patch' ORDER BY pk"
    )
    type, id = path.split("/")
    assert rows == [("0", type, id, "2"), ("4", type, id, None)]


def test_no_fault_of_a_patch_repeats_content(house: House) -> None:
    path = scored(house)
    for body in (
        [{"op": "test", "path": "/valueQuantity/value", "value": "secret"}],
        [{"op": "secret", "path": "/secret"}],
    ):
        assert "secret" not in patch(house, path, body).text
    secret = as_parameters("delete", "Observation.secret.where(secret = 'secret')")
    assert "secret" not in patch(house, path, secret, media=FHIR_JSON).text
