"""The clinic of tests/world.py behind HTTP: the submission, review and lineage routes, and tokens to call them with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from gateway.api import errors, lineage, reviews, submissions
from gateway.api.middleware import RequestFrame
from gateway.fhir import profiles
from gateway.fhir.json import dump
from gateway.identity.bearer import hash_of, mint
from gateway.rules.audit import Act
from gateway.store import tokens
from tests.world import SUMMARY, TRANSCRIPT, World, settle


@dataclass
class House:
    world: World
    http: TestClient

    def headers(self, *scopes: str, person: str | None = None, client: str = "scribe", at: str = "") -> dict[str, str]:
        """A bearer token with these scopes."""
        secret = mint()
        asked = self.world.scribe
        new = tokens.Token(
            hash=hash_of(secret),
            id=secret[:8],
            client_id=client,
            organization_id=at or self.world.clinic,
            scopes=frozenset(scopes),
            purpose="TREAT",
            issued_at=asked.at,
            expires_at=asked.at + timedelta(minutes=5),
            practitioner_id=person,
        )
        with self.world.services.database.write() as writer:
            tokens.issue(writer, asked.entry(Act.TOKEN, None), new)
        return {"authorization": f"Bearer {secret}"}

    @property
    def scribe(self) -> dict[str, str]:
        return self.headers("submission.write")

    @property
    def grace(self) -> dict[str, str]:
        return self.headers("review", "transcripts", person=self.world.grace, client="pages")

    def submit(
        self, mapping: str = "aws-healthscribe", headers: dict[str, str] | None = None, **parts: Any
    ) -> httpx.Response:
        given = {"context": self.world.context(), "summary": SUMMARY, "transcript": TRANSCRIPT} | parts
        files = {name: (None, dump(value), "application/json") for name, value in given.items() if value is not None}
        answer: httpx.Response = self.http.post(
            f"/submissions/{mapping}", files=files, headers=self.scribe | (headers or {})
        )
        return answer

    def draft(self) -> tuple[str, dict[str, str]]:
        """A fresh draft's address, and the headers of a reviewer who has read it."""
        address = f"/reviews/{self.submit().json()['draft']}"
        grace = self.grace
        return address, grace | {"if-match": self.http.get(address, headers=grace).headers["etag"]}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    world = settle(tmp_path, profiles.load(tmp_path / "none"))
    app = FastAPI()
    app.state.services = world.services
    errors.install(app)
    app.add_middleware(RequestFrame)
    for part in (submissions, reviews, lineage):
        app.include_router(part.router)
    with TestClient(app, raise_server_exceptions=False) as http:
        yield House(world, http)
    world.services.journal.stop()
    world.services.database.close()
