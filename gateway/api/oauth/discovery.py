"""What clients discover before they ask for anything; it says only what is really offered.

GET /fhir/.well-known/smart-configuration      https://hl7.org/fhir/smart-app-launch/conformance.html
GET /.well-known/oauth-authorization-server    RFC 8414
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.api.dependencies import services_of
from gateway.identity.keysets import ALGORITHMS
from gateway.rules.scopes import OWN
from gateway.usecases.services import Services

SCOPES = ("system/*.rs", *sorted(OWN))
CAPABILITIES = ("client-confidential-asymmetric", "permission-v1", "permission-v2")
_HEADERS = {"Access-Control-Allow-Origin": "*", "Cache-Control": "public, max-age=300"}
_PREFLIGHT = _HEADERS | {"Access-Control-Allow-Methods": "GET", "Access-Control-Allow-Headers": "*"}


def _common(services: Services) -> dict[str, Any]:
    return {
        "token_endpoint": services.token_url,
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "scopes_supported": list(SCOPES),
        "response_types_supported": [],  # RFC 8414 requires the member; there is no authorization endpoint
        "code_challenge_methods_supported": ["S256"],
    }


def smart_configuration(services: Services) -> dict[str, Any]:
    """Without `issuer`: it belongs to OpenID Connect, which is not offered."""
    return _common(services) | {"capabilities": list(CAPABILITIES)}


def server_metadata(services: Services) -> dict[str, Any]:
    return {"issuer": services.public_url} | _common(services)


def _answer(request: Request, document: dict[str, Any]) -> Response:
    if request.method == "OPTIONS":
        return Response(status_code=204, headers=_PREFLIGHT)
    return JSONResponse(document, headers=_HEADERS)


async def _smart(request: Request) -> Response:
    return _answer(request, smart_configuration(services_of(request)))


async def _oauth(request: Request) -> Response:
    return _answer(request, server_metadata(services_of(request)))


routes = [
    Route("/fhir/.well-known/smart-configuration", _smart, methods=["GET", "OPTIONS"]),
    Route("/.well-known/oauth-authorization-server", _oauth, methods=["GET", "OPTIONS"]),
]
