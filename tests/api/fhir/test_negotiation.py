"""What form an answer takes, and what an error looks like."""

from __future__ import annotations

import pytest

from tests.api.fhir.conftest import World, patient

JSON = "application/fhir+json;charset=utf-8"


@pytest.mark.spec("F-007", "F-008", "F-012")
@pytest.mark.parametrize(
    "accept",
    [
        "application/json",
        "application/fhir+json",
        "text/json",
        "*/*",
        "application/fhir+xml, application/fhir+json;q=0.5",
        "application/fhir+json; fhirVersion=4.0",
        "application/fhir+json;charset=utf-8",
    ],
)
def test_json_is_given_to_whoever_takes_it(world: World, accept: str) -> None:
    answer = world.get("/Patient/ann", accept=accept)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == JSON


@pytest.mark.spec("F-010", "F-012", "F-016")
@pytest.mark.parametrize(
    "accept",
    [
        "application/fhir+xml",
        "text/html",
        "text/turtle, application/xml",
        "application/fhir+json;fhirVersion=5.0",
        "application/json;q=0",
    ],
)
def test_other_forms_are_not_acceptable(world: World, accept: str) -> None:
    for path in ("/Patient/ann", "/Patient", "/metadata", "/Patient/_history"):
        answer = world.get(path, accept=accept)
        assert answer.status_code == 406
        assert answer.json()["resourceType"] == "OperationOutcome"
        assert answer.headers["content-type"] == JSON


@pytest.mark.spec("F-009")
@pytest.mark.parametrize("wanted", ["json", "application/json", "application/fhir+json", "application/fhir%2Bjson"])
def test_the_format_parameter_wins(world: World, wanted: str) -> None:
    assert world.get(f"/Patient/ann?_format={wanted}", accept="text/html").status_code == 200


@pytest.mark.spec("F-010")
@pytest.mark.parametrize(
    "wanted", ["xml", "application/fhir%2Bxml", "application/fhir+json;fhirVersion=5.0", "html", ""]
)
def test_an_unknown_format_is_not_acceptable(world: World, wanted: str) -> None:
    assert world.get(f"/Patient/ann?_format={wanted}").status_code == 406


@pytest.mark.spec("F-016", "F-017", "F-021")
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/Patient/nobody", 404),
        ("GET", "/Patient?colour=red", 400),
        ("GET", "/Patient?birthdate=tomorrow", 400),
        ("PUT", "/AuditEvent/ann", 405),
        ("DELETE", "/Provenance/ann", 405),
        ("POST", "/Patient/ann", 405),
        ("PUT", "/", 405),
        ("POST", "/Spaceship", 404),
        ("GET", "/patient/ann", 404),
        ("GET", "/Patient/ann/$nothing", 404),
        ("GET", "/nothing/at/all", 404),
    ],
)
def test_every_error_is_an_outcome_that_carries_the_request_id(
    world: World, method: str, path: str, status: int
) -> None:
    answer = world.ask(method, path, x_request_id="req-7")
    assert answer.status_code == status
    issue = answer.json()["issue"][0]
    assert issue["severity"] == "error"
    assert issue["code"] in ("not-found", "not-supported", "value", "invalid")
    assert "req-7" in issue["diagnostics"]
    assert answer.headers["x-request-id"] == "req-7"
    for leak in ("Traceback", "SELECT", ".py", "tomorrow"):
        assert leak not in answer.text


@pytest.mark.spec("F-021")
@pytest.mark.parametrize("given", ["a/b", "x" * 65, "<id>"])
def test_an_id_that_is_not_safe_to_write_down_comes_back_as_the_correlation(world: World, given: str) -> None:
    answer = world.get("/Patient/ann", x_request_id=given)
    assert answer.headers["x-correlation-id"] == given
    assert answer.headers["x-request-id"] not in ("", given)
    assert "x-correlation-id" not in world.get("/Patient/ann", x_request_id="a-b").headers


@pytest.mark.spec("F-019")
@pytest.mark.parametrize("path", ["/metadata", "/Patient", "/Patient/ann", "/Patient/ann/_history", "/Patient/nobody"])
def test_head_gives_the_headers_of_get_and_no_body(world: World, path: str) -> None:
    got, head = (world.ask(each, path, x_request_id="r", accept_encoding="identity") for each in ("GET", "HEAD"))
    assert (head.status_code, head.content) == (got.status_code, b"")
    for name in ("content-type", "content-length", "cache-control", "etag", "last-modified"):
        assert head.headers.get(name) == got.headers.get(name), name


@pytest.mark.spec("F-021")
def test_a_request_without_an_id_gets_one(world: World) -> None:
    first, second = (world.get("/Patient/ann").headers["x-request-id"] for _ in range(2))
    assert first
    assert first != second


@pytest.mark.spec("F-020")
@pytest.mark.parametrize("path", ["/metadata", "/Patient/long", "/Patient?_id=long"])
def test_a_large_answer_is_packed_for_who_asks(world: World, path: str) -> None:
    world.publish(patient("long", "Rivers " * 500), "long")
    packed = world.get(path, accept_encoding="gzip")
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.json() == world.get(path, accept_encoding="identity").json()


@pytest.mark.spec("F-005")
@pytest.mark.parametrize("path", ["/metadata", "/Patient/ann", "/Patient", "/Patient/nobody", "/Patient/_history"])
def test_a_page_of_another_origin_may_read_the_answer(world: World, path: str) -> None:
    answer = world.get(path, origin="https://app.example")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.spec("F-022")
@pytest.mark.parametrize(
    "path", ["/Patient/ann", "/Patient", "/Patient/_history", "/Patient/ann/_history/1", "/AuditEvent"]
)
def test_what_is_about_patients_is_not_kept_on_the_way(world: World, path: str) -> None:
    assert world.get(f"/{path}").headers["cache-control"] == "no-store"


@pytest.mark.spec("F-018")
@pytest.mark.parametrize("path", ["/Patient/ann", "/Patient", "/metadata", "/Patient/ann/$everything"])
def test_pretty_changes_white_space_only(world: World, path: str) -> None:
    plain, pretty = world.get(path), world.get(f"{path}?_pretty=true")
    assert b"\n" in pretty.content
    shared = ("link", "date")  # the self link tells how it was asked for
    assert {k: v for k, v in plain.json().items() if k not in shared} == {
        k: v for k, v in pretty.json().items() if k not in shared
    }


def test_pretty_is_true_or_false(world: World) -> None:
    assert world.get("/Patient?_pretty=perhaps").status_code == 400
    assert b"\n" in world.get("/Patient?_pretty=true").content
