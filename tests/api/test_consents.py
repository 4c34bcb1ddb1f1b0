"""Consents over HTTP: for the custodian's staff with the scope `consent`, and nobody else."""

from __future__ import annotations

import hashlib
import json
import secrets
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from gateway.api import consents, errors
from gateway.api.middleware import RequestFrame
from gateway.fhir import profiles
from gateway.rules.audit import Act
from gateway.store import tokens
from tests.world import BASE, World, settle

Client = Callable[..., TestClient]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = settle(tmp_path, profiles.load(tmp_path))
    yield world
    world.services.journal.stop()
    world.services.database.close()


@pytest.fixture
def client(world: World) -> Client:
    """A client of the clinic's staff, or of another organization, or with other scopes."""
    app = FastAPI()
    app.state.services = world.services
    errors.install(app)
    app.add_middleware(RequestFrame)
    app.include_router(consents.router)

    def make(*scopes: str, organization: str | None = None) -> TestClient:
        text, now = secrets.token_urlsafe(), world.services.clock()
        token = tokens.Token(
            hash=hashlib.sha256(text.encode()).hexdigest(),
            id=str(uuid.uuid4()),
            client_id="pages",
            organization_id=organization or world.clinic,
            scopes=frozenset(scopes or {"consent"}),
            purpose="TREAT",
            issued_at=now,
            expires_at=now + timedelta(minutes=5),
        )
        with world.services.database.write() as writer:
            tokens.issue(writer, world.asked().entry(Act.TOKEN, None), token)
        return TestClient(app, headers={"Authorization": f"Bearer {text}"}, raise_server_exceptions=False)

    return make


def form(world: World, **changes: Any) -> dict[str, Any]:
    given = {"patient": world.patient, "recipients": [f"Organization/{world.other}"], "purposes": ["TREAT"]}
    return given | {"period": {"start": "2026-09-02"}} | changes


def places(answer: Any) -> list[str]:
    body = answer.json()
    assert body["resourceType"] == "OperationOutcome"
    return [place for issue in body["issue"] for place in issue.get("expression", [])]


def test_a_grant_answers_with_the_consent_and_where_it_lives(world: World, client: Client) -> None:
    answer = client().post("/consents", json=form(world))
    body = answer.json()
    assert answer.status_code == 201
    assert answer.headers["content-type"] == "application/fhir+json;charset=utf-8"
    assert answer.headers["location"] == f"{BASE}/fhir/Consent/{body['id']}/_history/1"
    assert answer.headers["etag"] == 'W/"1"'
    assert answer.headers["cache-control"] == "no-store"
    assert (body["resourceType"], body["status"]) == ("Consent", "active")


def test_a_revocation_answers_with_the_ended_consent(world: World, client: Client) -> None:
    id = client().post("/consents", json=form(world)).json()["id"]
    answer = client().post(f"/consents/{id}/revocation")
    assert (answer.status_code, answer.json()["status"], answer.headers["etag"]) == (200, "inactive", 'W/"2"')


def test_the_consents_of_a_patient_are_listed_as_a_bundle(world: World, client: Client) -> None:
    ids = [client().post("/consents", json=form(world)).json()["id"] for _ in range(2)]
    bundle = client().get("/consents", params={"patient": world.patient}).json()
    assert (bundle["type"], bundle["total"]) == ("searchset", 2)
    assert [entry["fullUrl"] for entry in bundle["entry"]] == [f"{BASE}/fhir/Consent/{id}" for id in ids[::-1]]


def test_without_the_scope_nothing_is_done(world: World, client: Client) -> None:
    outsider = client("review")
    answers = [
        outsider.post("/consents", json=form(world)),
        outsider.post("/consents/x/revocation"),
        outsider.get("/consents", params={"patient": world.patient}),
    ]
    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert world.rows("consent_rule") == 0


def test_without_a_token_nothing_is_done(world: World, client: Client) -> None:
    anonymous = client()
    del anonymous.headers["Authorization"]
    assert anonymous.post("/consents", json=form(world)).status_code == 401


def test_another_organization_meets_the_same_answer_for_hidden_and_absent(world: World, client: Client) -> None:
    id = client().post("/consents", json=form(world)).json()["id"]
    stranger = client(organization=world.other)
    hidden, absent = (
        stranger.post(f"/consents/{each}/revocation", headers={"X-Request-Id": "r1"}) for each in (id, "absent")
    )
    assert hidden.status_code == absent.status_code == 404
    assert hidden.json()["issue"] == absent.json()["issue"]
    assert stranger.get("/consents", params={"patient": world.patient}).status_code == 404


@pytest.mark.parametrize(
    ("changes", "status", "place"),
    [
        ({"patient": "no such id!"}, 422, "body.patient"),
        ({"period": {"start": "soon"}}, 422, "body.period.start"),
        ({"period": {"start": "2026", "until": "2027"}}, 422, "body.period.until"),
        ({"label": "N"}, 422, "body.label"),
        ({"recipients": []}, 422, "body.recipients"),
        ({"recipients": ["the neighbour"]}, 422, "body.recipients.0"),
        ({"exceptions": [{"type": "deny", "recipients": ["*"]}]}, 422, "body.exceptions.0.recipients.0"),
        ({"performer": "RelatedPerson/nobody"}, 422, "Consent.performer[0]"),
        (
            {"exceptions": [{"labels": ["PSY"], "period": {"end": "2020"}}]},
            422,
            "Consent.provision.provision[0].period",
        ),
        ({"recipients": ["Organization/nowhere"]}, 422, "Consent.provision.actor[0].reference"),
        ({"purposes": ["CURIOSITY"]}, 422, "Consent.provision.purpose[0].code"),
    ],
)
def test_a_form_that_cannot_hold_is_refused_with_its_place(
    world: World, client: Client, changes: dict[str, Any], status: int, place: str
) -> None:
    answer = client().post("/consents", json=form(world, **changes))
    assert answer.status_code == status
    assert any(place in found for found in places(answer))


def written(world: World, **changes: Any) -> str:
    return json.dumps(form(world, **changes))


SPOILT: dict[str, Callable[[World], bytes]] = {
    "a key twice": lambda world: written(world).replace("{", '{"recipients": [], ', 1).encode(),
    "a lone surrogate": lambda world: written(world, source="\ud800").encode(),
    "NUL": lambda world: written(world, source="a\0").encode(),
    "a byte order mark": lambda world: b"\xef\xbb\xbf" + written(world).encode(),
    "UTF-16": lambda world: written(world).encode("utf-16"),
    "overlong UTF-8": lambda world: written(world, source="slash").encode().replace(b"slash", b"\xc0\xaf"),
    "NaN": lambda world: written(world, source=float("nan")).encode(),
    "too deep": lambda world: b"[" * 100 + b"]" * 100,
    "half an object": lambda world: written(world).encode()[:-1],
}


@pytest.mark.spec("X-042")
@pytest.mark.parametrize("fault", SPOILT)
def test_a_body_that_is_not_strict_json_is_refused(world: World, client: Client, fault: str) -> None:
    body, headers = SPOILT[fault](world), {"Content-Type": "application/json"}
    answer = client().post("/consents", content=body, headers=headers)
    assert answer.status_code == 400
    assert places(answer) == []
    assert "strict JSON" in answer.json()["issue"][0]["diagnostics"]
    assert world.patient not in answer.text
    assert world.rows("consent_rule") == 0


def test_a_strict_body_with_every_kind_of_value_is_read(world: World, client: Client) -> None:
    answer = client().post("/consents", json=form(world, source="é 😀", period={"start": "2026", "end": None}))
    assert answer.status_code == 201
