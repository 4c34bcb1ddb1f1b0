"""Authlib's authorization server, cut to one grant and one way of authenticating: what the token endpoint runs on.

One instance serves one request; its hooks are synchronous and run in the thread pool.
https://docs.authlib.org/en/latest/oauth2/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from authlib.oauth2.rfc6749 import AuthorizationServer, OAuth2Request
from authlib.oauth2.rfc6749.errors import InvalidClientError, InvalidRequestError, InvalidScopeError
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from starlette.responses import JSONResponse

from gateway.usecases import token
from gateway.usecases.asked import Origin
from gateway.usecases.services import Services
from gateway.usecases.token import TokenRefused, Verified

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
METHOD = "private_key_jwt"
GRANT = "client_credentials"
_ERRORS = {"invalid_client": InvalidClientError, "invalid_scope": InvalidScopeError}
_HEADERS = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class Client:
    """A verified client as authlib wants to see it."""

    def __init__(self, verified: Verified) -> None:
        self.verified = verified

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == METHOD and endpoint == "token"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == GRANT


class BackendServicesGrant(ClientCredentialsGrant):  # type: ignore[misc]
    """Client credentials, proved by a signed assertion; no refresh token."""

    TOKEN_ENDPOINT_AUTH_METHODS = (METHOD,)

    def validate_requested_scope(self) -> None:
        """Scopes are decided in the transaction that issues the token."""

    def create_token_response(self) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
        """Authlib's own would write the token to a debug log."""
        return 200, self.server.exchange(self.request), []


class TokenServer(AuthorizationServer):  # type: ignore[misc]
    """The protocol around `usecases.token`. It only ever sees a form and headers, never the web framework's request."""

    def __init__(self, services: Services, origin: Origin) -> None:
        super().__init__()
        self._services = services
        self._origin = origin
        self.register_client_auth_method(METHOD, self._authenticate)
        self.register_grant(BackendServicesGrant)

    def answer(self, form: Mapping[str, str], headers: Mapping[str, str]) -> JSONResponse:
        """The answer to a token request. `headers` have lower-case names."""
        response: JSONResponse = self.create_token_response((form, headers))
        return response

    def refuse(self, words: str) -> JSONResponse:
        response: JSONResponse = self.handle_error_response(None, InvalidRequestError(words))
        return response

    def exchange(self, request: OAuth2Request) -> dict[str, Any]:
        """The token response of a verified client (RFC 6749 section 5.1)."""
        try:
            issued = token.issue(
                self._services, request.client.verified, request.payload.data.get("scope", ""), self._origin
            )
        except TokenRefused as refusal:
            raise _error(refusal) from None
        return {
            "access_token": issued.token,
            "token_type": "bearer",
            "expires_in": int(issued.lifetime.total_seconds()),
            "scope": " ".join(sorted(issued.scopes)),
        }

    def _authenticate(self, query_client: object, request: OAuth2Request) -> Client:
        form = request.payload.data
        if not form.get("client_assertion_type") and not form.get("client_assertion"):
            # Whoever tried the Authorization header hears 401 and its scheme; RFC 6749 section 5.2.
            tried = "authorization" in request.headers
            raise InvalidClientError("A client assertion is needed.", status_code=401 if tried else 400)
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise InvalidClientError(f"client_assertion_type must be {ASSERTION_TYPE}.")
        try:
            given = form.get("client_assertion", "")
            return Client(token.verify(self._services, given, self._origin, client_id=form.get("client_id")))
        except TokenRefused as refusal:
            raise _error(refusal) from None

    # What authlib asks of an integration.

    def create_oauth2_request(self, request: tuple[Mapping[str, str], Mapping[str, str]]) -> OAuth2Request:
        form, headers = request
        made = OAuth2Request("POST", self._services.token_url, headers=headers)
        made.payload = BasicOAuth2Payload(dict(form))
        return made

    def handle_response(self, status: int, body: dict[str, Any], headers: list[tuple[str, str]]) -> JSONResponse:
        kept = {name: value for name, value in headers if name.lower() == "www-authenticate"}
        return JSONResponse(body, status_code=status, headers=_HEADERS | kept)

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""


def _error(refusal: TokenRefused) -> Exception:
    error: Exception = _ERRORS[refusal.error](refusal.words)
    return error
