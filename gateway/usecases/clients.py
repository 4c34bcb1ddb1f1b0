"""Registering the OAuth clients of producers and EHRs, and taking them out of use."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from gateway.errors import Issue, NotFound, Unprocessable
from gateway.fhir.tables import resource_types
from gateway.identity.keysets import KeysetFault, check
from gateway.peers.http import PeerRefused
from gateway.rules.access import Caller, Visibility
from gateway.rules.audit import Act, AuditEntry
from gateway.rules.registration import check_registration
from gateway.rules.scopes import SYSTEM
from gateway.store import clients, registry, tokens
from gateway.store.clients import Client
from gateway.usecases.services import Services


def add(
    services: Services,
    name: str,
    organization: str,
    *,
    jwks: Any | None = None,
    jwks_url: str | None = None,
    scopes: Iterable[str],
    purpose: str,
    device: str | None = None,
    by: Caller | None = None,
) -> Client:
    """Register a client of an organization, with its public keys or the URL that publishes them.

    Consents that name the `device`, one its organization sees, mean this client. Raises Unprocessable with every fault.
    Organization, purpose and device are fixed from here on.
    """
    canonical, issues = check_registration(scopes, purpose, context=SYSTEM, types=resource_types())
    issues += _key_issues(services, jwks, jwks_url)
    if not name.strip():
        issues.append(Issue("A name is needed.", "name", code="required"))
    issues += _device_issues(services, Visibility(organization, purpose, services.clock()), device)
    if issues:
        raise Unprocessable(issues=issues)
    client = Client(str(uuid.uuid4()), name.strip(), organization, jwks, jwks_url, canonical, purpose, device)
    entry = _entry(services, client.id, organization, by, {"scopes": sorted(canonical)})
    with services.database.write() as writer:
        clients.register(writer, entry, client, entry.at)
    return client


def disable(services: Services, client_id: str, by: Caller | None = None) -> None:
    """Take a client out of use; its tokens end with it. Raises NotFound."""
    with services.database.write() as writer:
        client = clients.client_of(writer, client_id)
        if client is None:
            raise NotFound
        entry = _entry(services, client_id, client.organization_id, by, {"disabled": True})
        clients.disable(writer, entry, client_id, entry.at)
        tokens.revoke_of_client(writer, entry, client_id, entry.at)


def registered(services: Services) -> list[Client]:
    with services.database.read() as db:
        return clients.clients(db)


def _key_issues(services: Services, jwks: Any | None, jwks_url: str | None) -> list[Issue]:
    if (jwks is None) == (jwks_url is None):
        return [Issue("Either the keys or the URL of the keys is needed.", "jwks", code="required")]
    try:
        if jwks_url is not None:
            services.keys.check(jwks_url)
        else:
            check(jwks)
    except KeysetFault as fault:
        return [Issue(f"The key set cannot be registered: {fault}.", "jwks", code="security")]
    except PeerRefused:
        return [Issue("The URL must be https to a public host that is allowed here.", "jwks_url", code="security")]
    return []


def _device_issues(services: Services, visibility: Visibility, device: str | None) -> list[Issue]:
    if device is None:
        return []
    with services.database.read() as db:
        known = registry.device(db, visibility, device)
    return [] if known else [Issue("The organization knows no such Device.", "device", code="not-found")]


def _entry(
    services: Services, client_id: str, organization: str, by: Caller | None, detail: dict[str, Any]
) -> AuditEntry:
    detail = {"client": client_id} | detail
    return AuditEntry(Act.REGISTER, services.clock(), by, custodian_id=organization, detail=detail)
