"""A Bundle that was posted, read into entries: all faults of the envelope at once, and nothing smuggled."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.errors import BadRequest, Issue, TooLarge
from gateway.fhir.transaction.requests import Requests, read

BASE = "https://gateway.example/fhir"
PATIENT = {"resourceType": "Patient", "name": [{"family": "Stone"}]}


def entry(method: str, url: str, resource: Any = None, **rest: Any) -> dict[str, Any]:
    conditions = {key: rest.pop(key) for key in list(rest) if key.startswith("if")}
    held = {} if resource is None else {"resource": resource}
    return {**rest, **held, "request": {"method": method, "url": url, **conditions}}


def bundle(*entries: Any, kind: str = "transaction") -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, **({"entry": list(entries)} if entries else {})}


def requests(*entries: Any, kind: str = "transaction", most: int = 100, lookups: int = 2) -> Requests:
    return read(bundle(*entries, kind=kind), BASE, entries=most, lookups=lookups)


def faults(posted: Any) -> list[Issue]:
    with pytest.raises(BadRequest) as refused:
        read(posted, BASE, entries=100, lookups=2)
    return list(refused.value.issues)


@pytest.mark.spec("F-160")
def test_the_order_of_processing_is_not_that_of_the_entries() -> None:
    found = requests(
        entry("GET", "Patient/a"),
        entry("PATCH", "Patient/b", {"resourceType": "Parameters"}),
        entry("PUT", "Patient/c", PATIENT),
        entry("POST", "Patient", PATIENT),
        entry("HEAD", "Patient?name=x"),
        entry("DELETE", "Patient/d"),
    )
    assert [one.method for one in found.ordered] == ["DELETE", "POST", "PATCH", "PUT", "GET", "HEAD"]
    assert [one.index for one in found.entries] == list(range(6))


@pytest.mark.spec("F-169")
@pytest.mark.parametrize("kind", ["batch", "transaction"])
def test_a_bundle_without_an_entry_is_read(kind: str) -> None:
    assert requests(kind=kind) == Requests(kind, ())


@pytest.mark.spec("F-170")
@pytest.mark.parametrize("kind", ["collection", "document", "searchset", "transaction-response", "Batch", None, 1, []])
def test_a_bundle_of_another_kind_is_refused(kind: Any) -> None:
    assert faults({"resourceType": "Bundle", "type": kind})[0].expression == "Bundle.type"


@pytest.mark.parametrize("posted", [[], "x", None, 1, {}, PATIENT])
def test_what_is_no_bundle_is_refused(posted: Any) -> None:
    assert faults(posted)[0].expression == "Bundle"


@pytest.mark.spec("F-166")
def test_every_fault_of_the_envelope_is_told_at_once_with_its_place() -> None:
    told = faults(
        bundle(
            {"resource": PATIENT},
            entry("POST", "Observation", PATIENT),
            entry("PUT", "Patient/a"),
            entry("DELETE", "Patient/b", PATIENT),
            entry("POST", "Patient", PATIENT, ifMatch='W/"1"'),
            entry("GET", "Patient/x", response={"status": "200"}),
            entry("POST", "Patient", PATIENT, fullUrl="Patient/1"),
            {"request": {"method": "GET", "_url": {"id": "a"}}},
        )
    )
    assert [issue.expression for issue in told] == [
        "Bundle.entry[0].request",
        "Bundle.entry[1].resource",
        "Bundle.entry[2].resource",
        "Bundle.entry[3].resource",
        "Bundle.entry[4].request.ifMatch",
        "Bundle.entry[5].response",
        "Bundle.entry[6].fullUrl",
        "Bundle.entry[7].request",
    ]


@pytest.mark.spec("F-166")
@pytest.mark.parametrize(
    ("broken", "place"),
    [
        ({"request": {"method": "TRACE", "url": "Patient/1"}}, "Bundle.entry[0].request.method"),
        ({"request": {"method": "post", "url": "Patient"}, "resource": PATIENT}, "Bundle.entry[0].request.method"),
        ({"request": {"url": "Patient/1"}}, "Bundle.entry[0].request.method"),
        ({"request": {"method": "GET"}}, "Bundle.entry[0].request.url"),
        ({"request": None}, "Bundle.entry[0].request"),
        ({"request": []}, "Bundle.entry[0].request"),
        ({"request": {"method": "POST", "url": "Patient"}, "resource": None}, "Bundle.entry[0].resource"),
        ({"request": {"method": "POST", "url": "Patient"}, "resource": []}, "Bundle.entry[0].resource"),
        ({"request": {"method": "POST", "url": "Patient"}, "resource": "x"}, "Bundle.entry[0].resource"),
        ({"more": 1, "request": {"method": "GET", "url": "Patient/1"}}, "Bundle.entry[0].more"),
        ({}, "Bundle.entry[0]"),
        (None, "Bundle.entry[0]"),
        ("x", "Bundle.entry[0]"),
    ],
)
def test_a_broken_entry_is_named(broken: Any, place: str) -> None:
    assert faults(bundle(broken))[0].expression == place


@pytest.mark.parametrize("entries", [None, {}, "x", []])
def test_entries_are_a_list_of_at_least_one(entries: Any) -> None:
    assert faults({"resourceType": "Bundle", "type": "batch", "entry": entries})[0].expression == "Bundle.entry"


@pytest.mark.spec("F-174")
@pytest.mark.spec("X-006")
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example/fhir/Patient/1",
        "https://gateway.example/fhirx/Patient/1",
        "https://gateway.example/fhir/https://gateway.example/fhir/Patient/1",
        "https://gateway.example/oauth/token",
        "//elsewhere.example/Patient/1",
        "/Patient/1",
        "Patient//1",
        "Patient/1/",
        "../Patient/1",
        "Patient/..",
        "Patient/.",
        "Patient/../Consent/1",
        "Patient/%2e%2e",
        "Patient%2F1",
        "Patient/1%00",
        "Patient/1\n",
        "Patient\\1",
        "Patient/1#x",
        "Patient/1?_format=json",
        "Patient/$everything",
        "Patient/1/$everything",
        "$export",
        "metadata",
        "_history",
        "Patient/_history",
        "Patient/1/_history",
        "Patient/_search?name=x",
        "Patient/1/Observation",
        "Patient/1/_history/..",
        "?_type=Patient",
        "patient/1",
        "Nothing/1",
        "javascript:alert(1)",
        "Patient/" + "a" * 65,
        "Patient?name=x#y",
    ],
)
def test_an_address_that_hides_another_is_refused(method: str, url: str) -> None:
    resource = PATIENT if method in ("POST", "PUT", "PATCH") else None
    told = faults(bundle(entry(method, url, resource)))
    assert [issue.expression for issue in told] == ["Bundle.entry[0].request.url"]
    assert len(url) < 8 or url not in told[0].text


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("POST", "Patient/1"),
        ("POST", "Patient?identifier=x"),
        ("PUT", "Patient"),
        ("PUT", "Patient/1/_history/1"),
        ("DELETE", "Patient"),
        ("DELETE", "Patient/1/_history/1"),
        ("PATCH", "Patient"),
    ],
)
def test_each_method_has_its_addresses(method: str, url: str) -> None:
    told = faults(bundle(entry(method, url, PATIENT if method != "DELETE" else None)))
    assert [issue.expression for issue in told] == ["Bundle.entry[0].request.url"]


def test_an_address_of_this_server_may_be_absolute() -> None:
    (one,) = requests(entry("GET", f"{BASE}/Patient/1/_history/2")).entries
    assert (one.address.type, one.address.id, one.address.version) == ("Patient", "1", "2")


@pytest.mark.spec("F-165")
def test_the_same_identity_twice_is_refused() -> None:
    told = faults(bundle(entry("DELETE", "Patient/1"), entry("PUT", f"{BASE}/Patient/1", PATIENT)))
    assert [(issue.expression, issue.code) for issue in told] == [("Bundle.entry[1].request.url", "duplicate")]
    told = faults(bundle(entry("PUT", "Patient?identifier=a|b", PATIENT), entry("DELETE", "Patient?identifier=a|b")))
    assert [issue.expression for issue in told] == ["Bundle.entry[1].request.url"]


@pytest.mark.spec("F-165")
def test_the_same_identity_may_be_read_beside_its_write_and_in_a_batch() -> None:
    assert len(requests(entry("GET", "Patient/1"), entry("DELETE", "Patient/1")).entries) == 2
    assert len(requests(entry("DELETE", "Patient/1"), entry("DELETE", "Patient/1"), kind="batch").entries) == 2


@pytest.mark.spec("F-165")
def test_a_full_url_names_one_entry() -> None:
    twice = [entry("POST", "Patient", PATIENT, fullUrl="urn:uuid:a") for _ in range(2)]
    assert [issue.expression for issue in faults(bundle(*twice))] == ["Bundle.entry[1].fullUrl"]


@pytest.mark.spec("F-173")
def test_there_is_a_bound_to_entries_and_to_conditions() -> None:
    requests(*[entry("GET", "Patient/1")] * 4, most=4)
    with pytest.raises(TooLarge):
        requests(*[entry("GET", "Patient/1")] * 5, most=4)
    conditional = [
        entry("POST", "Patient", PATIENT, ifNoneExist="identifier=a"),
        entry("PUT", "Patient?identifier=b", PATIENT),
        entry("DELETE", "Patient?identifier=c"),
    ]
    requests(*conditional[:2], lookups=2)
    for third in (conditional[2], entry("GET", "Patient?name=a"), entry("GET", "Patient")):
        with pytest.raises(TooLarge):
            requests(*conditional[:2], third, lookups=2)
