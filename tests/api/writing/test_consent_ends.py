"""How a Consent begins and ends: recorded as active, ended with the words it had. Else words that never were in force
could take the place of a refusal that stands."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.api.writing.test_consent_writes import consent
from tests.bundles import entry, places, post_bundle
from tests.house import House
from tests.writers import count, created, delete, observation, post, put, send

ENDED = ("inactive", "entered-in-error")
LATER = "2026-08-01T10:00:00Z"


def refusal(house: House) -> dict[str, Any]:
    """A consent that keeps the colleague out, and stands."""
    made = consent(house, dateTime="2026-01-01T10:00:00Z")
    actor = made["provision"]["actor"][0] | {"reference": {"reference": f"Practitioner/{house.world.lee}"}}
    return made | {"provision": {"type": "deny", "actor": [actor]}}


def lifted(refusal: dict[str, Any], **elements: Any) -> dict[str, Any]:
    """The same for the same, but a permit and newer."""
    root = refusal["provision"] | {"type": "permit"}
    return refusal | {"dateTime": LATER, "provision": root} | elements


def faults(answer: httpx.Response) -> tuple[int, list[str]]:
    return answer.status_code, places(answer)


@pytest.fixture
def address(house: House) -> str:
    return f"/fhir/Observation/{created(house, observation(house.world.patient))['id']}"


@pytest.mark.parametrize("status", ENDED)
def test_a_consent_that_never_was_in_force_lifts_no_refusal(house: House, address: str, status: str) -> None:
    refused = refusal(house)
    created(house, refused)
    assert house.get(address, house.colleague).status_code == 404
    answer = post(house, lifted(refused, status=status))
    assert faults(answer) == (422, ["Consent.status"])
    assert "update" in answer.json()["issue"][0]["diagnostics"]
    assert house.get(address, house.colleague).status_code == 404
    assert count(house, "Consent") == 1


@pytest.mark.parametrize("status", ENDED)
def test_nor_is_it_created_by_any_other_road(house: House, status: str) -> None:
    ended = lifted(refusal(house), status=status, identifier=[{"system": "urn:form", "value": "7"}])
    condition = "identifier=urn:form|7"
    assert faults(post(house, ended, If_None_Exist=condition)) == (422, ["Consent.status"])
    assert faults(send(house, "PUT", f"/fhir/Consent?{condition}", ended)) == (422, ["Consent.status"])
    for conditions in ({}, {"ifNoneExist": condition}):
        sent = post_bundle(house, entry("POST", "Consent", ended, **conditions))
        assert (sent.status_code, places(sent)) == (422, ["Bundle.entry[0].resource.status"])
    parameters = {
        "resourceType": "Parameters",
        "parameter": [{"name": "mode", "valueCode": "create"}, {"name": "resource", "resource": ended}],
    }
    told = send(house, "POST", "/fhir/Consent/$validate", parameters)
    assert [issue["expression"] for issue in told.json()["issue"]] == [["Consent.status"]]
    assert count(house, "Consent") == 0


@pytest.mark.parametrize("status", ENDED)
@pytest.mark.parametrize(
    "element", ["provision", "dateTime", "identifier", "category", "sourceAttachment", "performer", "policy"]
)
def test_what_ends_a_consent_changes_none_of_its_words(house: House, status: str, element: str) -> None:
    other = {
        "provision": {"type": "deny"},
        "dateTime": LATER,
        "identifier": [{"value": "8"}],
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0", "display": "Consent"}]}],
        "sourceAttachment": {"title": "Another form"},
        "performer": [{"reference": f"Practitioner/{house.world.grace}"}],
        "policy": [{"uri": "urn:care-continuity-gateway:policy:consent:1"}],
    }
    made = created(house, refusal(house))
    answer = put(house, made | {"status": status, element: other[element]})
    assert answer.status_code == 422
    assert f"Consent.{element}" in faults(answer)[1]
    change = [
        {"op": "replace", "path": "/status", "value": status},
        {"op": "add", "path": f"/{element}", "value": other[element]},
    ]
    patched = send(house, "PATCH", f"/fhir/Consent/{made['id']}", change, Content_Type="application/json-patch+json")
    assert patched.status_code == 422
    assert house.get(f"/fhir/Consent/{made['id']}", house.writer).json()["status"] == "active"


@pytest.mark.parametrize("status", ENDED)
def test_an_ended_consent_is_given_other_words_only_by_being_given_again(house: House, status: str) -> None:
    ended = put(house, created(house, refusal(house)) | {"status": status}).json()
    assert faults(put(house, ended | {"dateTime": LATER})) == (422, ["Consent.dateTime"])
    assert put(house, ended | {"dateTime": LATER, "status": "active"}).status_code == 200


@pytest.mark.parametrize("status", ENDED)
def test_ending_it_may_say_so_in_text_and_labels(house: House, address: str, status: str) -> None:
    made = created(house, refusal(house))
    assert house.get(address, house.colleague).status_code == 404
    text = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">Ended.</div>'}
    meta = made["meta"] | {"tag": [{"system": "urn:tags", "code": "ended"}]}
    answer = put(house, made | {"status": status, "text": text, "meta": meta})
    assert (answer.status_code, answer.json()["status"]) == (200, status)
    assert house.get(address, house.colleague).status_code == 200


def test_a_consent_can_be_ended_when_what_it_named_is_gone(house: House) -> None:
    found = f"Observation/{created(house, observation(house.world.patient))['id']}"
    exception = {"type": "deny", "data": [{"meaning": "instance", "reference": {"reference": found}}]}
    made = consent(house)
    permit = made | {"provision": made["provision"] | {"provision": [exception]}}
    consents = [created(house, permit) for _ in range(2)]
    assert delete(house, found).status_code == 204
    assert put(house, consents[0] | {"status": "inactive"}).status_code == 200
    house.revoke(consents[1]["id"])
