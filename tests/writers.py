"""What writers of the FHIR API send in tests, and how."""

from __future__ import annotations

import json
from typing import Any

import httpx

from tests.house import House

FHIR_JSON = "application/fhir+json"
CATEGORIES = "http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category"
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"


def observation(patient: str, value: object = 7, **elements: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "44261-6"}]},
        "subject": {"reference": f"Patient/{patient}"},
        "valueQuantity": {"value": value, "unit": "score"},
        **elements,
    }


def note(patient: str, data: str = "U2xlcHQgd2VsbC4=", media: str = "text/plain", **elements: Any) -> dict[str, Any]:
    return {
        "resourceType": "DocumentReference",
        "status": "current",
        "docStatus": "final",
        "type": {"coding": [{"system": "http://loinc.org", "code": "11506-3"}]},
        "category": [{"coding": [{"system": CATEGORIES, "code": "clinical-note"}]}],
        "subject": {"reference": f"Patient/{patient}"},
        "date": "2026-09-01T10:00:00Z",
        "author": [{"reference": "Practitioner/not-here"}],
        "content": [{"attachment": {"contentType": media, "data": data}}],
        **elements,
    }


def practitioner(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "Practitioner", "name": [{"family": "Bell"}], **elements}


def post(house: House, resource: Any, token: str = "", **headers: str) -> httpx.Response:
    """Create, as the clinic's writer unless somebody else is named."""
    return send(house, "POST", f"/fhir/{resource['resourceType']}", resource, token, **headers)


def put(house: House, resource: Any, token: str = "", **headers: str) -> httpx.Response:
    """Update what was read, at the address its id names."""
    return send(house, "PUT", f"/fhir/{resource['resourceType']}/{resource['id']}", resource, token, **headers)


def send(house: House, method: str, path: str, body: Any, token: str = "", **headers: str) -> httpx.Response:
    """`body` is a resource, or the very text of one. Headers are named in Python's way."""
    text = body if isinstance(body, str | bytes) else json.dumps(body)
    named = {"Content-Type": FHIR_JSON} | {name.replace("_", "-"): value for name, value in headers.items()}
    return house.ask(method, path, token or house.writer, content=text, headers=named)


def delete(house: House, path: str, token: str = "", **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return house.ask("DELETE", f"/fhir/{path}", token or house.writer, headers=named)


def created(house: House, resource: Any, token: str = "", **headers: str) -> dict[str, Any]:
    """The resource as it was kept."""
    response = post(house, resource, token, **headers)
    assert response.status_code == 201, response.text
    found: dict[str, Any] = response.json()
    return found


def labels(resource: dict[str, Any]) -> set[str]:
    return {label["code"] for label in resource["meta"]["security"]}


def count(house: House, type: str) -> int:
    """How many versions of a type are kept."""
    return int(house.rows("SELECT count(*) FROM resource WHERE type = ?", type)[0][0])
