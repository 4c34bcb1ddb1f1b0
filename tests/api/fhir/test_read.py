"""read and vread: what is there, what is not, and what may not be told apart."""

from __future__ import annotations

import json

import pytest

from tests.api.fhir.conftest import BASE, World, document

MALICIOUS = [
    "a" * 65,
    "..%2f..%2fetc",
    "%00",
    "a%20b",
    "1'%20OR%20'1'='1",
    "<script>",
    "$everything",
    "%C3%A4",
]


@pytest.mark.spec("F-050", "F-007", "F-022")
def test_a_read_gives_the_stored_text_with_its_version_and_time(world: World) -> None:
    stored = world.publish(document("d1"))
    answer = world.get("/DocumentReference/d1")
    assert answer.status_code == 200
    assert answer.content == stored.text
    assert answer.json()["id"] == "d1"
    assert answer.headers["etag"] == 'W/"1"'
    assert answer.headers["last-modified"] == "Wed, 02 Sep 2026 12:00:09 GMT"
    assert answer.headers["content-type"] == "application/fhir+json;charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.spec("F-051", "F-014", "F-013")
@pytest.mark.parametrize("path", ["/Patient/nobody", "/Spaceship/1", "/patient/ann", "/Patient/ann/_history/7"])
def test_what_is_not_there_is_not_found(world: World, path: str) -> None:
    answer = world.get(path)
    assert answer.status_code == 404
    assert answer.json()["resourceType"] == "OperationOutcome"


@pytest.mark.spec("F-015")
@pytest.mark.parametrize("id", MALICIOUS)
def test_an_id_that_is_none_is_not_found(world: World, id: str) -> None:
    answer = world.get(f"/Patient/{id}")
    assert answer.status_code in (400, 404)
    assert answer.json()["resourceType"] == "OperationOutcome"


@pytest.mark.spec("F-051", "F-053")
def test_a_deleted_resource_is_gone_but_its_versions_stay(world: World) -> None:
    world.delete("DocumentReference", "doc-ann")
    assert world.get("/DocumentReference/doc-ann").status_code == 410
    assert world.get("/DocumentReference/doc-ann/_history/2").status_code == 410
    assert world.get("/DocumentReference/doc-ann/_history/1").status_code == 200
    assert world.found("/DocumentReference") == ["DocumentReference/doc-bob"]


@pytest.mark.spec("F-052")
def test_a_version_is_read_as_it_was(world: World) -> None:
    world.publish(document("doc-ann", description="amended"), method="PUT")
    first = world.get("/DocumentReference/doc-ann/_history/1").json()
    second = world.get("/DocumentReference/doc-ann/_history/2").json()
    assert (first["meta"]["versionId"], second["meta"]["versionId"]) == ("1", "2")
    assert "description" not in first
    assert second["description"] == "amended"


@pytest.mark.spec("F-053")
@pytest.mark.parametrize("version", ["3", "0", "-1", "x", "99999999999999999999", "%D9%A1"])
def test_an_unknown_version_is_not_found(world: World, version: str) -> None:
    assert world.get(f"/DocumentReference/doc-ann/_history/{version}").status_code == 404


@pytest.mark.spec("F-054")
def test_what_the_caller_has_already_is_not_sent_again(world: World) -> None:
    first = world.get("/Patient/ann")
    for known in ('W/"1"', '"1"', 'W/"0", W/"1"', "*"):
        again = world.get("/Patient/ann", if_none_match=known)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == 'W/"1"'
    assert world.get("/Patient/ann", if_modified_since=first.headers["last-modified"]).status_code == 304
    assert world.get("/Patient/ann", if_modified_since="Tue, 01 Sep 2026 12:00:00 GMT").status_code == 200
    assert world.get("/Patient/ann", if_modified_since="soon").status_code == 200
    assert world.get("/Patient/ann", if_none_match='W/"2"').status_code == 200


@pytest.mark.spec("F-060")
def test_a_part_of_a_resource_is_tagged_as_a_subset(world: World) -> None:
    part = world.get("/DocumentReference/doc-ann?_elements=date").json()
    assert set(part) == {"resourceType", "id", "meta", "status", "content", "date"}
    assert [tag["code"] for tag in part["meta"]["tag"]] == ["SUBSETTED"]
    text = world.get("/Patient/ann?_summary=text").json()
    assert set(text) == {"resourceType", "id", "meta"}
    whole = world.get("/Patient/ann?_summary=false")
    assert "tag" not in whole.json()["meta"]


@pytest.mark.spec("F-060")
@pytest.mark.parametrize("query", ["_summary=count", "_summary=most", "_elements=a.b", "_summary=text&_elements=name"])
def test_a_part_that_cannot_be_is_refused(world: World, query: str) -> None:
    assert world.get(f"/Patient/ann?{query}").status_code == 400


@pytest.mark.spec("F-019")
@pytest.mark.parametrize("path", ["/Patient/ann", "/Patient?family=mu", "/metadata", "/Patient/ann/_history"])
def test_head_gives_the_headers_of_get_and_no_body(world: World, path: str) -> None:
    got, head = world.get(path, accept_encoding="identity"), world.ask("HEAD", path, accept_encoding="identity")
    assert head.status_code == got.status_code == 200
    assert head.content == b""
    for name in ("content-type", "content-length", "etag", "last-modified", "cache-control"):
        assert head.headers.get(name) == got.headers.get(name)


@pytest.mark.spec("F-018")
def test_pretty_changes_white_space_only(world: World) -> None:
    world.publish(document("d1", extension=[{"url": "urn:x", "valueDecimal": 1}]))
    plain, pretty = world.get("/DocumentReference/d1"), world.get("/DocumentReference/d1?_pretty=true")
    assert len(pretty.content.splitlines()) > 10
    assert b"".join(pretty.content.split()) == b"".join(plain.content.split())
    assert json.loads(pretty.content) == json.loads(plain.content)


@pytest.mark.spec("X-001")
def test_the_record_of_another_clinic_looks_absent(world: World) -> None:
    stranger = world.token("elsewhere")
    for path in (
        "Patient/{}",
        "DocumentReference/doc-{}",
        "Patient/{}/_history",
        "DocumentReference/doc-{}/_history/1",
    ):
        hidden = world.get(f"/{path.format('ann')}", stranger, x_request_id="same")
        absent = world.get(f"/{path.format('zoe')}", stranger, x_request_id="same")
        assert hidden.status_code == absent.status_code == 404
        assert hidden.content == absent.content
        told = [(row["outcome"], row["patient_id"]) for row in world.audited()[-2:]]
        assert told == [("4", None), ("4", None)]


@pytest.mark.spec("X-001")
def test_a_permit_opens_and_its_revocation_closes_at_once(world: World) -> None:
    ehr = world.token("ehr")
    assert world.get("/DocumentReference/doc-ann", ehr).status_code == 404
    world.permit("ann", "ehr")
    assert world.get("/DocumentReference/doc-ann", ehr).status_code == 200
    assert world.get("/DocumentReference/doc-bob", ehr).status_code == 404
    world.revoke()
    assert world.get("/DocumentReference/doc-ann", ehr).status_code == 404


def test_a_scope_for_another_type_is_not_enough(world: World) -> None:
    token = world.token(scopes=frozenset({"system/DocumentReference.rs"}))
    assert world.get("/DocumentReference/doc-ann", token).status_code == 200
    assert world.get("/Patient/ann", token).status_code == 403
    assert world.get("/Patient", token).status_code == 403
    assert world.audited()[-1]["outcome"] == "8"


@pytest.mark.spec("S-025", "S-026")
def test_a_granular_scope_gives_what_it_names_and_no_more(world: World) -> None:
    other = [{"coding": [{"system": "urn:categories", "code": "letter"}]}]
    world.publish(document("letter", category=other))
    token = world.token(scopes=frozenset({"system/DocumentReference.rs?category=urn:categories|letter"}))
    assert world.get("/DocumentReference/letter", token).status_code == 200
    assert world.get("/DocumentReference/doc-ann", token).status_code == 404
    assert world.found("/DocumentReference", token) == ["DocumentReference/letter"]
    assert world.get("/DocumentReference?_summary=count", token).json()["total"] == 1


def test_without_a_token_nothing_is_read(world: World) -> None:
    answer = world.client.get("/Patient/ann")
    assert answer.status_code == 401
    assert answer.json()["issue"][0]["code"] == "login"
    assert world.client.get(f"/Patient/ann?access_token={world.token()}").status_code == 401


def test_every_read_is_recorded_with_the_consent_that_permitted_it(world: World) -> None:
    world.permit("ann", "ehr")
    world.get("/DocumentReference/doc-ann", world.token("ehr"), x_request_id="r-1")
    row = world.audited()[-1]
    assert (row["act"], row["outcome"], row["patient_id"], row["custodian_id"]) == ("read", "0", "ann", "clinic")
    assert (row["target_type"], row["target_id"], row["target_version"]) == ("DocumentReference", "doc-ann", "1")
    assert row["request_id"] == "r-1"
    assert json.loads(row["detail"]) == {"consents": ["Consent/c1/_history/1#provision"]}


def test_absolute_addresses_lead_back_here(world: World) -> None:
    entry = world.get("/Patient?_id=ann").json()["entry"][0]
    assert entry["fullUrl"] == f"{BASE}/Patient/ann"
    assert world.get(entry["fullUrl"]).json() == entry["resource"]
