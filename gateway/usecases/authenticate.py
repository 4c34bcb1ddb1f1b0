"""Who calls: asked on every request, so it is one point read and no more."""

from __future__ import annotations

from gateway.errors import Unauthenticated
from gateway.identity.bearer import hash_of
from gateway.rules.access import Caller
from gateway.store import tokens
from gateway.usecases.services import Services


def caller_of(services: Services, token: str) -> Caller:
    """The caller a living bearer token stands for. Raises Unauthenticated; nothing is remembered between requests."""
    with services.database.glance() as db:
        caller = tokens.caller_of(db, hash_of(token), services.clock())
    if caller is None:
        raise Unauthenticated
    return caller
