"""capabilities: https://hl7.org/fhir/R4/http.html#capabilities . Needs no token."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response

from gateway.api.dependencies import services_of
from gateway.api.fhir.address import Endpoint
from gateway.api.fhir.answers import content, matches
from gateway.api.fhir.negotiation import wish
from gateway.fhir.json import dump
from gateway.usecases.capability import Operation, statement


def capabilities_of(system: tuple[str, ...], operations: tuple[Operation, ...]) -> Endpoint:
    """The endpoint that tells of these interactions with the system, of these operations, and of the types."""

    async def capabilities(request: Request) -> Response:
        asked = wish(request)
        body, etag = tagged(services_of(request).fhir_base, system, operations)
        headers = {"ETag": etag, "Cache-Control": "no-cache"}
        if matches(request, etag):
            return Response(status_code=304, headers=headers)
        return content(request, asked, body, headers)

    return capabilities


@lru_cache(maxsize=4)
def tagged(base: str, system: tuple[str, ...], operations: tuple[Operation, ...]) -> tuple[bytes, str]:
    """The statement and a tag that changes when it changes."""
    body = dump(statement(base, system, operations))
    return body, f'W/"{sha256(body).hexdigest()[:16]}"'
