"""What is posted to the base of the FHIR API in tests, and who posts it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx

from gateway.identity.bearer import hash_of, mint
from gateway.rules.audit import Act
from gateway.store import tokens
from tests.house import House
from tests.writers import send


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


def token_with(house: House, *scopes: str, organization: str = "") -> str:
    """A bearer token of the clinic with these scopes alone."""
    secret, asked = mint(), house.world.asked()
    new = tokens.Token(
        hash=hash_of(secret),
        id=secret[:8],
        client_id="some-client",
        organization_id=organization or house.world.clinic,
        scopes=frozenset(scopes),
        purpose="TREAT",
        issued_at=asked.at,
        expires_at=asked.at + timedelta(minutes=5),
        practitioner_id=None,
    )
    with house.world.services.database.write() as writer:
        tokens.issue(writer, asked.entry(Act.TOKEN, None), new)
    return secret


def kept(house: House) -> dict[str, int]:
    """How many rows the tables of content have."""
    names = ("resource", "ix_token", "ix_reference", "ix_string", "ix_date", "ix_uri")
    return {name: int(house.rows(f"SELECT count(*) FROM {name}")[0][0]) for name in names}
