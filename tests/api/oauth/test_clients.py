"""Registering clients."""

from __future__ import annotations

import json
from typing import Any

import pytest
from joserfc.jwk import ECKey
from sqlalchemy import select

from gateway.errors import NotFound, Unprocessable
from gateway.store.tables import audit
from gateway.usecases import clients
from gateway.usecases.services import Services

KEY = ECKey.generate_key("P-384", {"kid": "one"})
PUBLIC: dict[str, Any] = {"keys": [KEY.as_dict(private=False)]}


def faults(services: Services, **changes: Any) -> list[str | None]:
    given: dict[str, Any] = {"jwks": PUBLIC, "scopes": ["system/Patient.rs"], "purpose": "TREAT"} | changes
    name = given.pop("name", "An EHR")
    with pytest.raises(Unprocessable) as caught:
        clients.add(services, name, "org-1", **given)
    return [issue.expression for issue in caught.value.issues]


def test_a_client_keeps_its_scopes_in_canonical_form(services: Services) -> None:
    scopes = ["system/Patient.read", "system/Patient.rs", "submission.write"]
    client = clients.add(services, " A scribe ", "org-1", jwks=PUBLIC, scopes=scopes, purpose="TREAT")
    assert client.scopes == {"system/Patient.rs", "submission.write"}
    assert clients.registered(services) == [client]


def test_registering_is_recorded(services: Services) -> None:
    client = clients.add(services, "A scribe", "org-1", jwks=PUBLIC, scopes=["lineage"], purpose="TREAT")
    clients.disable(services, client.id)
    with services.database.read() as db:
        rows = db.connection.execute(select(audit.c.act, audit.c.custodian_id, audit.c.detail)).all()
    assert [(row.act, row.custodian_id) for row in rows] == [("register", "org-1")] * 2
    assert [json.loads(row.detail)["client"] for row in rows] == [client.id] * 2
    assert clients.registered(services) == []
    with pytest.raises(NotFound):
        clients.disable(services, client.id)


@pytest.mark.spec("S-089")
def test_keys_that_must_not_be_registered_are_refused(services: Services) -> None:
    secret = {"keys": [KEY.as_dict(private=True)]}
    assert faults(services, jwks=secret) == ["jwks"]
    assert faults(services, jwks={"keys": PUBLIC["keys"] * 2}) == ["jwks"]


@pytest.mark.spec("S-087", "X-060")
@pytest.mark.parametrize("url", ["http://ehr.example/keys", "https://10.0.0.1/keys", "https://user@ehr.example/"])
def test_a_url_of_keys_that_would_never_be_asked_is_refused(services: Services, url: str) -> None:
    assert faults(services, jwks=None, jwks_url=url) == ["jwks_url"]


@pytest.mark.spec("S-087")
def test_keys_come_one_way_only(services: Services) -> None:
    assert faults(services, jwks=None) == ["jwks"]
    assert faults(services, jwks_url="https://ehr.example/keys") == ["jwks"]


def test_every_fault_is_told_at_once(services: Services) -> None:
    bad = ["user/Patient.rs", "system/Nonsense.rs", "openid"]
    assert faults(services, name=" ", scopes=bad, purpose="FUN", jwks={}) == ["scopes"] * 3 + [
        "purpose",
        "jwks",
        "name",
    ]
    assert faults(services, scopes=[]) == ["scopes"]
