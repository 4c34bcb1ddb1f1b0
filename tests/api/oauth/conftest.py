"""A gateway cut down to its OAuth side, on a database of its own.

Run as a script (`python conftest.py DATABASE_URL KEY PUBLIC_URL PORT`) it serves the same app, for tests that need
several processes.
"""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from fastapi import Depends, FastAPI
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.testclient import TestClient

from gateway.api import errors
from gateway.api.dependencies import authenticate, require
from gateway.api.middleware import RequestFrame
from gateway.api.oauth import discovery, token
from gateway.peers.http import Http
from gateway.peers.jwks import KeySource
from gateway.rules.access import Caller
from gateway.store.clients import Client
from gateway.store.database import Database
from gateway.store.journal import Journal
from gateway.store.migrate import upgrade
from gateway.usecases import clients
from gateway.usecases.services import Limits, Services

PUBLIC_URL = "https://gateway.example"
KEY = bytes(range(32))
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SCOPES = ("system/Patient.rs", "system/DocumentReference.rs", "lineage")


@dataclass
class Clock:
    """Stands still until it is moved."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **time: float) -> None:
        self.now += timedelta(**time)


@dataclass
class KeyServer:
    """The web as key sources see it: what each URL answers now, and how often it was asked."""

    answers: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    asked: int = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        return httpx.Response(200, json=self.answers[f"https://{request.headers['host']}{request.url.path}"])


@dataclass
class Signer:
    """A backend client with its private key."""

    client: Client
    key: ECKey | RSAKey
    clock: Clock
    audience: str = f"{PUBLIC_URL}/oauth/token"

    def assertion(self, head: dict[str, Any] | None = None, **changes: Any) -> str:
        expires = int(self.clock().timestamp()) + 240
        claims = {"iss": self.client.id, "sub": self.client.id, "aud": self.audience, "exp": expires}
        claims |= {"jti": str(uuid.uuid4())} | changes
        algorithm = "ES384" if isinstance(self.key, ECKey) else "RS384"
        header = {"alg": algorithm, "kid": self.key.kid, "typ": "JWT"} | (head or {})
        return jws.serialize_compact(header, json.dumps(claims), self.key, algorithms=[header["alg"]])

    def form(self, scope: str = "system/Patient.rs", **changes: Any) -> dict[str, str]:
        whole = {
            "grant_type": "client_credentials",
            "scope": scope,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": changes.pop("client_assertion", None) or self.assertion(),
        } | changes
        return {name: value for name, value in whole.items() if value is not None}


def services_on(database: Database, clock: Any, keys: KeySource, public_url: str = PUBLIC_URL) -> Services:
    unused = cast(Any, None)
    return Services(
        database=database,
        journal=Journal(database),
        vault=unused,
        notes=unused,
        catalogue=unused,
        labels=unused,
        profiles=unused,
        keys=keys,
        public_url=public_url,
        page_secret=b"",
        limits=Limits(),
        clock=clock,
    )


def app_of(services: Services) -> FastAPI:
    """The OAuth side, and two doors behind which a token is needed."""
    app = FastAPI()
    app.state.services = services
    app.add_middleware(RequestFrame)
    errors.install(app)
    app.router.routes.extend([*discovery.routes, *token.routes])

    async def whoami(request: Request) -> JSONResponse:
        caller = authenticate(request)
        return JSONResponse({"client": caller.client_id, "scopes": sorted(caller.scopes), "purpose": caller.purpose})

    app.router.add_route("/fhir/whoami", whoami)

    @app.get("/lineage")
    def lineage(caller: Caller = Depends(require("lineage"))) -> str:
        return caller.client_id

    return app


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'gateway.db'}"
    upgrade(url, KEY)
    return url


@pytest.fixture
def key_server() -> KeyServer:
    return KeyServer()


@pytest.fixture
def services(database_url: str, clock: Clock, key_server: KeyServer) -> Iterator[Services]:
    database = Database(database_url, KEY)
    http = Http(origins=None, resolve=lambda host, port: ["93.184.216.34"], transport=httpx.MockTransport(key_server))
    services = services_on(database, clock, KeySource(http))
    services.journal.start()
    yield services
    services.journal.stop()
    database.close()
    http.close()


@pytest.fixture
def web(services: Services) -> Iterator[TestClient]:
    with TestClient(app_of(services), base_url=PUBLIC_URL) as client:
        yield client


@pytest.fixture
def key() -> ECKey:
    return ECKey.generate_key("P-384", {"kid": "one"})


@pytest.fixture
def ehr(services: Services, clock: Clock, key: ECKey) -> Signer:
    """A registered EHR that may read patients and documents and trace lineage."""
    keys = {"keys": [key.as_dict(private=False)]}
    client = clients.add(services, "An EHR", "org-1", jwks=keys, scopes=SCOPES, purpose="TREAT")
    return Signer(client, key, clock)


if __name__ == "__main__":
    import uvicorn

    _, url, secret, public_url, port = sys.argv
    served = services_on(
        Database(url, bytes.fromhex(secret)), lambda: datetime.now(UTC), KeySource(Http(origins=())), public_url
    )
    served.journal.start()
    uvicorn.run(app_of(served), host="127.0.0.1", port=int(port), log_level="error")
