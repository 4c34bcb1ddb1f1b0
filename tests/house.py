"""A whole gateway with everybody who calls it: a scribe, EHRs, clinicians, an auditor, a patient, each over HTTP.

`gather` makes everybody known once; `opened` puts the real app before a copy of that database, which is also what the
server processes of tests/server.py are started on.
"""

from __future__ import annotations

import json
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey
from starlette.testclient import TestClient

from gateway.api.app import create
from gateway.fhir.profiles import Profiles
from gateway.store.database import Database
from gateway.store.journal import Journal
from gateway.usecases import clients, register, signin
from gateway.usecases.asked import Asked, Origin
from gateway.usecases.services import Services
from tests.world import BASE, KEY, SUMMARY, TRANSCRIPT, World, settle

READER = "system/*.rs"
WRITER = "system/*.cruds consent"
STAFF = ("review", "transcripts", "psychotherapy-notes", "consent", "lineage", "user/*.rs")
AUDITOR = ("lineage", "audit", "user/*.rs")
PASSWORD = "a walk by the water at dusk"
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True)
class Backend:
    """A registered client and the key it signs with."""

    id: str
    key: ECKey
    scope: str

    def token(self, http: httpx.Client) -> str:
        """A new access token, asked for as SMART Backend Services has it."""
        url = f"{str(http.base_url).rstrip('/')}/oauth/token"
        claims = {
            "iss": self.id,
            "sub": self.id,
            "aud": url,
            "jti": secrets.token_hex(16),
            "exp": int(time.time()) + 240,
        }
        header = {"alg": "ES384", "typ": "JWT", "kid": self.key.kid}
        form = {
            "grant_type": "client_credentials",
            "scope": self.scope,
            "client_assertion_type": _ASSERTION,
            "client_assertion": jwt.encode(header, claims, self.key, algorithms=["ES384"]),
        }
        response = http.post("/oauth/token", data=form)
        assert response.status_code == 200, response.text
        return str(response.json()["access_token"])


@dataclass(frozen=True)
class Cast:
    """Everybody, and the database that knows them. `clinician` and `auditor` are tokens of people signed in."""

    database: Path
    world: World
    neighbour: str  # another patient of the clinic
    scribe: Backend
    ehr: Backend  # of the other organization
    own_ehr: Backend  # of the custodian
    writer: Backend  # of the custodian, with all that FHIR allows it to write
    foreign_writer: Backend  # the same of the other organization
    clinician: str
    auditor: str
    colleague: str  # another clinician of the clinic
    emergency: str  # a clinician of the other organization
    patient: str  # the patient herself


@dataclass
class House:
    """The gateway as its callers meet it."""

    cast: Cast
    world: World
    http: httpx.Client

    def __post_init__(self) -> None:
        self.scribe = self.cast.scribe.token(self.http)
        self.ehr = self.cast.ehr.token(self.http)
        self.own_ehr = self.cast.own_ehr.token(self.http)
        self.writer = self.cast.writer.token(self.http)
        self.foreign_writer = self.cast.foreign_writer.token(self.http)
        self.clinician, self.auditor = self.cast.clinician, self.cast.auditor
        self.colleague, self.emergency, self.patient = self.cast.colleague, self.cast.emergency, self.cast.patient

    def ask(self, method: str, path: str, token: str, **rest: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} | rest.pop("headers", {})
        return self.http.request(method, path, headers=headers, **rest)

    def get(self, path: str, token: str, **headers: str) -> httpx.Response:
        return self.ask("GET", path, token, headers={name.replace("_", "-"): text for name, text in headers.items()})

    def found(self, path: str, token: str) -> list[dict[str, Any]]:
        """The resources of a search or history."""
        response = self.get(path, token)
        assert response.status_code == 200, response.text
        return [entry["resource"] for entry in response.json().get("entry", [])]

    def submit(
        self,
        session: str = "s-1",
        *,
        patient: str = "",
        summary: Any = SUMMARY,
        transcript: Any = TRANSCRIPT,
        times: Mapping[str, str] | None = None,
        **context: Any,
    ) -> httpx.Response:
        whom = {"reference": f"Patient/{patient or self.world.patient}"}
        parts = {"context": self.world.context(session, patient=whom, **context)}
        parts["context"]["session"] |= times or {}
        parts |= {
            name: value for name, value in (("summary", summary), ("transcript", transcript)) if value is not None
        }
        files = {
            name: (name, json.dumps(value, ensure_ascii=False), "application/json") for name, value in parts.items()
        }
        return self.ask("POST", "/submissions/aws-healthscribe", self.scribe, files=files)

    def draft(self, session: str = "s-1", **submitted: Any) -> str:
        response = self.submit(session, **submitted)
        assert response.status_code == 201, response.text
        return str(response.json()["draft"])

    def view(self, draft: str) -> httpx.Response:
        response = self.get(f"/reviews/{draft}", self.clinician)
        assert response.status_code == 200, response.text
        return response

    def step(self, draft: str, step: str, *, digest: str = "", body: Any = None) -> httpx.Response:
        """A step of the clinician, on the draft as it is now unless she names another digest."""
        headers = {"If-Match": digest or self.view(draft).headers["etag"]}
        return self.ask("POST", f"/reviews/{draft}/{step}", self.clinician, headers=headers, json=body)

    def approve(self, draft: str) -> dict[str, str]:
        """The ids of what was published, by type; of Provenance the last."""
        response = self.step(draft, "approval")
        assert response.status_code == 200, response.text
        return dict(reference.split("/")[:2] for reference in response.json()["published"])

    def rewrite(self, draft: str, *texts: str) -> None:
        """An amendment that puts these texts in the place of the first sentences and leaves the others."""
        statements = self.view(draft).json()["statements"]
        wanted = [{"id": each["id"], "section": each["section"], "text": each["text"]} for each in statements]
        for each, text in zip(wanted, texts, strict=False):
            each["text"] = text
        response = self.step(draft, "amendment", body={"statements": wanted})
        assert response.status_code == 200, response.text

    def grant(self, *, patient: str = "", purpose: str = "TREAT", start: str = "2020-01-01", **period: str) -> str:
        form = {
            "patient": patient or self.world.patient,
            "recipients": [f"Organization/{self.world.other}"],
            "purposes": [purpose],
            "period": {"start": start, **period},
        }
        response = self.ask("POST", "/consents", self.clinician, json=form)
        assert response.status_code == 201, response.text
        return str(response.json()["id"])

    def revoke(self, consent: str) -> None:
        response = self.ask("POST", f"/consents/{consent}/revocation", self.clinician)
        assert response.status_code == 200, response.text

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What the database holds, whatever anybody may see."""
        with self.world.services.database.read() as db:
            return [tuple(row) for row in db.connection.exec_driver_sql(query, values)]

    def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table."""
        names = self.rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY 1")
        return {name: self.rows(f"SELECT * FROM {name}") for (name,) in names}

    def sabotage(self, *triggers: str) -> None:
        """Make the database itself fail where a trigger says so, as a full disk would."""
        connection = self.world.services.database.engine.connect()
        for number, trigger in enumerate(triggers):
            body = "BEGIN SELECT RAISE(ABORT, 'sabotaged'); END"
            connection.exec_driver_sql(f"CREATE TRIGGER sabotage{number} {trigger} {body}")
        connection.close()

    def mend(self, count: int = 1) -> None:
        connection = self.world.services.database.engine.connect()
        for number in range(count):
            connection.exec_driver_sql(f"DROP TRIGGER sabotage{number}")
        connection.close()


def gather(folder: Path, profiles: Profiles) -> Cast:
    """Make everybody known on a fresh database in `folder`."""
    world = settle(folder, profiles)
    services, operator = world.services, world.asked("consent", person=None)
    mrn = [("urn:example:mrn", "78")]
    neighbour = register.patient(services, operator, world.clinic, "Stone", ["Kim"], "other", "1980-03-04", mrn).id
    made = Cast(
        database=folder / "gateway.db",
        world=world,
        neighbour=neighbour,
        scribe=backend(services, "A scribe", world.clinic, "submission.write"),
        ehr=backend(services, "The EHR of another clinic", world.other, READER),
        own_ehr=backend(services, "The clinic's own EHR", world.clinic, READER),
        writer=backend(services, "The clinic's writing EHR", world.clinic, WRITER),
        foreign_writer=backend(services, "The writing EHR of another clinic", world.other, WRITER),
        clinician=_person(world, "grace", world.grace, STAFF, "TREAT"),
        auditor=_person(world, "ann", world.ann, AUDITOR, "HOPERAT"),
        colleague=_person(world, "lee", world.lee, STAFF, "TREAT"),
        emergency=_person(world, "noor", world.noor, STAFF, "TREAT", world.other),
        patient=_patient(world, operator),
    )
    services.journal.stop()
    services.database.close()
    return made


def backend(services: Services, name: str, organization: str, scope: str) -> Backend:
    key = ECKey.generate_key("P-384", {"use": "sig", "alg": "ES384", "kid": secrets.token_hex(8)}, private=True)
    jwks = {"keys": [key.as_dict(private=False)]}
    known = clients.add(services, name, organization, jwks=jwks, scopes=scope.split(), purpose="TREAT")
    return Backend(known.id, key, scope)


def _person(
    world: World, login: str, practitioner: str, scopes: tuple[str, ...], purpose: str, organization: str = ""
) -> str:
    services, at = world.services, organization or world.clinic
    signin.add_person(
        services, login, PASSWORD, practitioner=practitioner, organization=at, scopes=scopes, purpose=purpose
    )
    return signin.sign_in(services, login, PASSWORD, Origin()).token


def _patient(world: World, operator: Asked) -> str:
    signin.add_patient(world.services, operator, "sam", PASSWORD, world.patient)
    return signin.sign_in(world.services, "sam", PASSWORD, Origin()).token


def moved(cast: Cast, folder: Path, database: Path | None = None) -> World:
    """The world on a copy of a database (the cast's own when none is named), with a journal that has not started."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(database or cast.database, folder / "gateway.db")
    store = Database(f"sqlite:///{folder / 'gateway.db'}", KEY)
    return replace(cast.world, services=replace(cast.world.services, database=store, journal=Journal(store)))


@contextmanager
def opened(cast: Cast, folder: Path, database: Path | None = None, **set_up: Any) -> Iterator[House]:
    """The real app before a copy of the database; when it closes, all that was written is in `folder`/gateway.db.
    `set_up` are services as this house has them."""
    world = moved(cast, folder, database)
    world = replace(world, services=replace(world.services, **set_up))
    with TestClient(create(world.services), base_url=BASE, raise_server_exceptions=False) as http:
        yield House(cast, world, http)
    world.services.database.close()
