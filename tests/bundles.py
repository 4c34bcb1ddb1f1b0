"""What is posted to the base of the FHIR API in tests, and who posts it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx

from tests.house import House
from tests.writers import observation, send

ANN = "urn:uuid:0c2f0a6e-9f61-4f2c-9c55-6d3d0d3a8f01"
EVA = "urn:uuid:0c2f0a6e-9f61-4f2c-9c55-6d3d0d3a8f02"
INDEXED = ("token", "reference", "date", "string", "quantity", "uri")


def entry(method: str, url: str, resource: Any = None, full_url: str = "", **conditions: str) -> dict[str, Any]:
    """`conditions` are named as in `entry.request`."""
    named = {"fullUrl": full_url} if full_url else {}
    held = {} if resource is None else {"resource": resource}
    return {**named, **held, "request": {"method": method, "url": url, **conditions}}


def bundle(*entries: dict[str, Any], kind: str = "transaction") -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, **({"entry": list(entries)} if entries else {})}


def post_bundle(
    house: House, *entries: Any, kind: str = "transaction", token: str = "", **headers: str
) -> httpx.Response:
    return send(house, "POST", "/fhir", bundle(*entries, kind=kind), token, **headers)


def answers(response: httpx.Response) -> list[dict[str, Any]]:
    """The entries of an answer that went well."""
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json().get("entry", [])
    return found


def statuses(response: httpx.Response) -> list[str]:
    return [one["response"]["status"][:3] for one in answers(response)]


def places(response: httpx.Response) -> list[str]:
    """Where the faults of a refusal are."""
    assert response.json()["resourceType"] == "OperationOutcome"
    return [issue["expression"][0] for issue in response.json()["issue"]]


def token_with(house: House, *scopes: str) -> str:
    """A token of the clinic's writer that asked for these scopes alone."""
    return replace(house.cast.writer, scope=" ".join(scopes)).token(house.http)


def kept(house: House) -> dict[str, int]:
    """How many rows the tables of content have."""
    names = ("resource", "consent_rule", *(f"ix_{kind}" for kind in INDEXED))
    return {name: int(house.rows(f"SELECT count(*) FROM {name}")[0][0]) for name in names}


def patient(family: str = "Brook", mrn: str = "") -> dict[str, Any]:
    known = {"identifier": [{"system": "urn:example:mrn", "value": mrn}]} if mrn else {}
    return {"resourceType": "Patient", **known, "name": [{"family": family}]}


def about(full_url: str, **elements: Any) -> dict[str, Any]:
    return observation("x", **elements) | {"subject": {"reference": full_url}}
