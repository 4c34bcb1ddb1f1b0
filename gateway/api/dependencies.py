"""Who calls, and under which request: what every handler asks first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from gateway.errors import Forbidden, Unauthenticated
from gateway.rules.access import Caller
from gateway.rules.audit import Act
from gateway.usecases.asked import Asked, Origin
from gateway.usecases.authenticate import caller_of
from gateway.usecases.refusals import recorded
from gateway.usecases.services import Services

# What somebody tries who comes without the scope, as the audit calls it.
_TRIED = {
    "submission.write": Act.SUBMIT,
    "context.read": Act.OPERATION,
    "review": Act.REVIEW_READ,
    "consent": Act.CONSENT,
    "lineage": Act.LINEAGE,
    "audit": Act.SEARCH,
    "psychotherapy-notes": Act.NOTE_READ,
}
# Told in the OpenAPI document; it is `authenticate` that reads the header, there as in the FHIR API.
_BEARER = HTTPBearer(auto_error=False, scheme_name="bearer", description="A token of /oauth/token, or of a sign-in.")


def services_of(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


def origin_of(request: Request) -> Origin:
    return Origin(request.scope["request_id"], request.client.host if request.client else None)


def asked_of(request: Request, caller: Caller) -> Asked:
    """This request of a known caller, as the use cases take it."""
    origin = origin_of(request)
    return Asked(caller, services_of(request).clock(), origin.request_id, origin.address)


def authenticate(request: Request) -> Caller:
    """The caller of the bearer token; a token anywhere else than in the header is not looked at."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated
    return caller_of(services_of(request), token.strip())


def whoever(request: Request, _: Annotated[object, Depends(_BEARER)]) -> Caller:
    """A dependency: the caller, whose scopes the use case asks about."""
    return authenticate(request)


def require(scope: str) -> Callable[..., Caller]:
    """A dependency: the caller, who must hold `scope`; one who does not is refused, and that is recorded."""
    tried = _TRIED[scope]

    def dependency(request: Request, _: Annotated[object, Depends(_BEARER)]) -> Caller:
        caller = authenticate(request)
        with recorded(services_of(request), asked_of(request, caller), tried):
            if scope not in caller.scopes:
                raise Forbidden(f"The token does not carry the scope '{scope}'.")
        return caller

    return dependency
