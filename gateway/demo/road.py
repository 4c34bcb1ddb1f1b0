"""What the walk carries from step to step, and how it asks the gateway: over HTTP, as each party would."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from joserfc import jwt

from gateway.demo.cast import Backend, Cast
from gateway.demo.endpoint import Endpoint
from gateway.fhir.json import dump, parse

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
AIAST = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue|AIAST"


class NotAsExpected(Exception):
    """A step saw something else than the road promises."""


@dataclass(slots=True)
class Road:
    """Whom to ask, and what the walk has learnt so far. `parts` is the HealthScribe session to walk with; `mappings`
    the folder whose examples are the other payloads."""

    http: httpx.Client
    cast: Cast
    endpoint: Endpoint
    mappings: Path
    parts: Mapping[str, bytes]
    session: str = "session-1"
    draft: dict[str, Any] = field(default_factory=dict)
    draft_id: str = ""
    digest: str = ""
    document_id: str = ""
    consent_id: str = ""
    homework_id: str = ""
    theme_id: str = ""
    alert_id: str = ""
    unheard_id: str = ""  # the alert nobody has acknowledged yet
    risk_id: str = ""
    couple: list[str] = field(default_factory=list)  # the documents of the couple's session
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def client(self) -> str:
        """The reference of the client whose road it is."""
        return f"Patient/{self.cast.client.id}"

    def ask(self, method: str, path: str, token: str, *, expect: int = 200, **rest: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} | rest.pop("headers", {})
        response = self.http.request(method, path, headers=headers, **rest)
        if response.status_code != expect:
            raise NotAsExpected(f"{method} {path} answered {response.status_code}, not {expect}: {response.text[:500]}")
        return response

    def read(self, reference: str, token: str) -> dict[str, Any]:
        resource: dict[str, Any] = parse(self.ask("GET", f"/fhir/{reference}", token).content)
        return resource

    def send(self, method: str, path: str, body: Mapping[str, Any], token: str, *, expect: int = 200) -> dict[str, Any]:
        """Send FHIR; what came back."""
        headers = {"Content-Type": "application/fhir+json"}
        answer = self.ask(method, path, token, expect=expect, headers=headers, content=dump(body))
        resource: dict[str, Any] = parse(answer.content)
        return resource

    def found(self, path: str, mode: str = "match", token: str = "") -> list[dict[str, Any]]:
        """What a search finds, of the other clinic's EHR unless a token is given; with the mode `include`, what comes
        along."""
        bundle = parse(self.ask("GET", path, token or self.token(self.cast.ehr)).content)
        return [entry["resource"] for entry in bundle.get("entry", []) if entry["search"]["mode"] == mode]

    def versions(self, reference: str, token: str) -> list[dict[str, Any]]:
        """Each version of a resource, the latest first."""
        bundle = parse(self.ask("GET", f"/fhir/{reference}/_history", token).content)
        return [entry["resource"] for entry in bundle["entry"]]

    def token(self, backend: Backend) -> str:
        """The token a backend holds: asked for once."""
        if backend.client_id not in self.tokens:
            self.tokens[backend.client_id] = self.new_token(backend)
        return self.tokens[backend.client_id]

    def new_token(self, backend: Backend) -> str:
        """SMART Backend Services: a signed assertion for a short-lived token."""
        url = f"{str(self.http.base_url).rstrip('/')}/oauth/token"
        claims = {"iss": backend.client_id, "sub": backend.client_id, "aud": url, "jti": secrets.token_hex(16)}
        claims["exp"] = int(time.time()) + 240  # type: ignore[assignment]
        header = {"alg": "ES384", "typ": "JWT", "kid": backend.key.kid}
        form = {
            "grant_type": "client_credentials",
            "scope": backend.scope,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": jwt.encode(header, claims, backend.key, algorithms=["ES384"]),
        }
        response = self.http.post("/oauth/token", data=form)
        if response.status_code != httpx.codes.OK:
            raise NotAsExpected(f"no token for {backend.client_id}: {response.text}")
        return str(response.json()["access_token"])


@dataclass(frozen=True, slots=True)
class Chapter:
    """A part of the road: its heading, and each step under its title. A step says what it saw."""

    title: str
    steps: tuple[tuple[str, Callable[[Road], str]], ...]


def expect(is_so: object, otherwise: str) -> None:
    """Raises NotAsExpected, in these words, unless it is so."""
    if not is_so:
        raise NotAsExpected(otherwise)
