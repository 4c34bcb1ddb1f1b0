"""Where an organization wants to be told: registered by an operator, who hands on the secret that is shown once."""

from __future__ import annotations

import secrets

from gateway.errors import Issue, NotFound, Unprocessable
from gateway.peers.addresses import NotAllowed
from gateway.peers.http import Http
from gateway.rules.audit import Act
from gateway.store import deliveries, endpoints
from gateway.store.deliveries import Delivery
from gateway.store.endpoints import Endpoint
from gateway.usecases.asked import Asked
from gateway.usecases.services import Services

_BYTES = 32
MOST = 100


def put(services: Services, asked: Asked, http: Http, url: str) -> str:
    """The secret of the new endpoint of the caller's organization; what waits for it goes out now. Raises
    Unprocessable for an address that nothing may be sent to."""
    try:
        http.check(url)
    except NotAllowed:
        words = "An endpoint is an https address of a public name, on port 443 or 8443."
        raise Unprocessable(issues=[Issue(words, "url", "value")]) from None
    organization_id = asked.caller.organization_id
    secret = f"whsec_{secrets.token_urlsafe(_BYTES)}"
    with services.database.write() as writer:
        entry = asked.entry(Act.REGISTER, f"Organization/{organization_id}")
        endpoints.put(writer, entry, services.vault, organization_id, url, secret.encode())
    return secret


def remove(services: Services, asked: Asked) -> None:
    """What waits goes on waiting, for the next one. Raises NotFound where there is none."""
    organization_id = asked.caller.organization_id
    with services.database.write() as writer:
        if not endpoints.remove(writer, asked.entry(Act.REGISTER, f"Organization/{organization_id}"), organization_id):
            raise NotFound("The organization has no endpoint.")


def show(services: Services, asked: Asked) -> tuple[Endpoint | None, list[Delivery]]:
    """The endpoint of the caller's organization, and what has not reached it."""
    organization_id = asked.caller.organization_id
    with services.database.read() as db:
        endpoint = endpoints.read(db, services.vault, organization_id)
        return endpoint, deliveries.waiting(db, organization_id, count=MOST)
