"""capabilities: https://hl7.org/fhir/R4/http.html#capabilities . Needs no token."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response

from gateway.api.dependencies import services_of
from gateway.api.fhir.answers import content, matches
from gateway.api.fhir.negotiation import wish
from gateway.fhir.json import dump
from gateway.usecases.capability import statement


async def capabilities(request: Request) -> Response:
    asked = wish(request)
    services = services_of(request)
    body, etag = _statement(services.fhir_base)
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if matches(request, etag):
        return Response(status_code=304, headers=headers)
    return content(request, asked, body, headers)


@lru_cache(maxsize=4)
def _statement(base: str) -> tuple[bytes, str]:
    """The statement and a tag that changes when it changes."""
    body = dump(statement(base))
    return body, f'W/"{sha256(body).hexdigest()[:16]}"'
