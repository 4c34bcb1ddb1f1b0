"""A backend client's signed assertion becomes an access token; success and refusal are both recorded.

The assertion is used up, the scopes decided, the token kept and the audit written in one transaction: of two uses of
one assertion, in whatever processes, exactly one gets a token. https://hl7.org/fhir/smart-app-launch/backend-services.html
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from gateway.fhir.tables import resource_types
from gateway.identity import assertion
from gateway.identity.assertion import GENERIC, Assertion, AssertionFault, Registered
from gateway.identity.bearer import hash_of, mint
from gateway.peers.http import PeerRefused
from gateway.rules.access import Caller
from gateway.rules.audit import Act, AuditEntry, Outcome
from gateway.rules.scopes import ScopeFault, grant
from gateway.store import clients, tokens
from gateway.store.clients import Client
from gateway.store.tokens import Token
from gateway.usecases.asked import Origin
from gateway.usecases.services import Services

LIFETIME = timedelta(seconds=300)


class TokenRefused(Exception):
    """An OAuth error (RFC 6749 section 5.2). `reason` is for the audit, the words are for the client."""

    def __init__(self, error: str, reason: str, words: str) -> None:
        super().__init__(words)
        self.error = error
        self.reason = reason
        self.words = words


@dataclass(frozen=True, slots=True)
class Verified:
    """A client that proved to hold its key. The assertion is not used up yet."""

    client: Client
    assertion: Assertion


@dataclass(frozen=True, slots=True)
class Issued:
    token: str
    id: str
    scopes: frozenset[str]
    lifetime: timedelta


def verify(services: Services, text: str, origin: Origin, client_id: str | None = None) -> Verified:
    """Which client signed this assertion: that of the parameter `client_id`, if it was sent.

    Raises TokenRefused (`invalid_client`), recorded.
    """
    client: Client | None = None
    try:
        claimed = assertion.read(text)
        if client_id not in (None, claimed.client_id):
            raise AssertionFault("client-id", "client_id is not the issuer of the assertion.")
        with services.database.read() as db:
            client = clients.client_of(db, claimed.client_id)
        proved = assertion.verify(
            claimed,
            _registered(services, client) if client else None,
            audiences=(services.token_url, services.public_url),
            now=services.clock(),
        )
    except AssertionFault as fault:
        services.journal.record([_entry(services, client, origin, fault.reason)]).result()
        raise TokenRefused("invalid_client", fault.reason, fault.words) from None
    assert client is not None  # without one nothing is verified
    return Verified(client, proved)


def issue(services: Services, verified: Verified, scope: str, origin: Origin) -> Issued:
    """A token for the verified client, whose assertion is used up whatever the answer.

    Raises TokenRefused, recorded: `invalid_client` for an assertion used before, `invalid_scope`.
    """
    client, used = verified.client, verified.assertion
    scopes, refusal = _decide(client, scope)
    token, new = _minted(services, client, scopes)
    entry = _entry(services, client, origin, refusal.reason if refusal else None, new)
    try:
        with services.database.write() as writer:
            if not clients.claim_assertion(writer, entry, client.id, used.jti, used.expires_at, entry.at):
                raise TokenRefused("invalid_client", "replay", "This assertion was used before.")
            if clients.client_of(writer, client.id) is None:  # disabled since it was verified
                raise TokenRefused("invalid_client", "unknown-client", GENERIC)
            if refusal is None:
                tokens.issue(writer, entry, new)
    except TokenRefused as replay:
        services.journal.record([_entry(services, client, origin, replay.reason)]).result()
        raise
    if refusal is not None:
        raise refusal
    return Issued(token, new.id, scopes, LIFETIME)


def _registered(services: Services, client: Client) -> Registered:
    def key_set(kid: str) -> Any:
        if client.jwks_url is None:
            return client.jwks
        try:
            return services.keys.key_set(client.jwks_url, kid)
        except PeerRefused:
            raise AssertionFault("keys-unavailable") from None

    return Registered(key_set, client.jwks_url)


def _decide(client: Client, scope: str) -> tuple[frozenset[str], TokenRefused | None]:
    try:
        return grant(scope, client.scopes, types=resource_types()), None
    except ScopeFault as fault:
        return frozenset(), TokenRefused("invalid_scope", "scope", str(fault))


def _minted(services: Services, client: Client, scopes: frozenset[str]) -> tuple[str, Token]:
    token, now = mint(), services.clock()
    return token, Token(
        hash=hash_of(token),
        id=str(uuid.uuid4()),
        client_id=client.id,
        organization_id=client.organization_id,
        scopes=scopes,
        purpose=client.purpose,
        issued_at=now,
        expires_at=now + LIFETIME,
        device_id=client.device_id,
    )


def _caller(client: Client, token_id: str, scopes: frozenset[str]) -> Caller:
    return Caller(token_id, client.id, client.organization_id, scopes, client.purpose, device_id=client.device_id)


def _entry(
    services: Services, client: Client | None, origin: Origin, reason: str | None, new: Token | None = None
) -> AuditEntry:
    """What is recorded of an exchange; a client that is not registered is not named, for its name may be anything."""
    token_id, scopes = (new.id, new.scopes) if new and reason is None else ("", frozenset[str]())
    known = _caller(client, token_id, scopes) if client else None
    return AuditEntry(
        Act.TOKEN,
        services.clock(),
        known,
        outcome=Outcome.DENIED if reason else Outcome.DONE,
        custodian_id=client.organization_id if client else None,
        request_id=origin.request_id,
        address=origin.address,
        detail={"reason": reason} if reason else {"scopes": sorted(scopes)},
    )
