"""A small world behind the FHIR API: a clinic that keeps the record of two patients, an EHR elsewhere, an auditor."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from starlette.testclient import TestClient

from gateway.api.app import create
from gateway.fhir.labels import ACT_CODE_SYSTEM, CONFIDENTIALITY, label
from gateway.identity.bearer import hash_of, mint
from gateway.rules.access import Visibility
from gateway.rules.audit import Act, AuditEntry
from gateway.rules.consent import Rule
from gateway.store import consents, resources, tables, tokens
from gateway.store.audit import record
from gateway.store.database import Database
from gateway.store.journal import Journal
from gateway.store.resources import New, Stored
from gateway.usecases import label_rules
from gateway.usecases.services import Limits, Services
from tests.permits import permit

LABELS = Path(__file__).parents[3] / "mappings" / "labels"

NOON = datetime(2026, 9, 2, 12, tzinfo=UTC)
BASE = "https://gateway.example/fhir"
READER = frozenset({"system/*.rs", "audit"})


@dataclass
class Clock:
    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **amount: float) -> None:
        self.now += timedelta(**amount)


@dataclass
class World:
    client: TestClient
    database: Database
    clock: Clock
    tokens: dict[tuple[str, ...], str] = field(default_factory=dict)
    rules: dict[str, tuple[Rule, ...]] = field(default_factory=dict)

    def publish(
        self,
        resource: dict[str, Any],
        patient: str | None = "ann",
        *,
        custodian: str | None = "clinic",
        confidentiality: str | None = "R",
        labels: Iterable[str] = (),
        method: str = "POST",
    ) -> Stored:
        """Labelled as it is told; `labels` are of v3-ActCode."""
        levels = [CONFIDENTIALITY[confidentiality]] if confidentiality else []
        labelled = label(resource, *levels, *({"system": ACT_CODE_SYSTEM, "code": code} for code in labels))
        self.clock.advance(seconds=1)
        with self.database.write() as writer:
            return resources.publish(writer, self.entry(Act.CREATE), New(labelled, patient, custodian, method))

    def delete(self, type: str, id: str) -> None:
        """The next version is a deletion."""
        table = tables.resource
        with self.database.write() as writer:
            record(writer, self.entry(Act.DELETE))
            named = (table.c.type == type) & (table.c.id == id) & table.c.is_current
            former = dict(writer.connection.execute(table.select().where(named)).mappings().one())
            writer.connection.execute(table.update().where(named).values(is_current=False))
            gone = {"version": former["version"] + 1, "is_deleted": True, "method": "DELETE", "text": b""}
            writer.connection.execute(table.insert().values({k: v for k, v in (former | gone).items() if k != "pk"}))

    def hold(self, resource: dict[str, Any], patient: str | None, **labels: Any) -> Stored:
        """Publish it; a Consent is in force from now on."""
        kept = self.publish(resource, patient, **labels)
        if kept.type == "Consent" and kept.patient_id:
            self._stand(kept.patient_id)
        return kept

    def permit(self, patient: str, organization: str, consent: str = "c1", purpose: str = "TREAT") -> None:
        """A permit without a Consent behind it, which would be one more resource in the world."""
        self.enforce(consent, permit(patient, f"Organization/{organization}", consent, purpose))

    def revoke(self, consent: str = "c1") -> None:
        self.enforce(consent)

    def enforce(self, consent: str, *rules: Rule) -> None:
        """Let these be the rules of a consent that is no resource."""
        former = self.rules.pop(consent, ())
        self.rules[consent] = rules
        for patient in {rule.patient_id for rule in (*former, *rules)}:
            self._stand(patient)

    def _stand(self, patient: str) -> None:
        sight = Visibility("clinic", "TREAT", self.clock())
        with self.database.write() as writer:
            entry = self.entry(Act.CONSENT)
            consents.recompile(writer, entry, patient)
            kept = consents.standing(writer, sight, patient)
            beside = [rule for rules in self.rules.values() for rule in rules if rule.patient_id == patient]
            consents.enforce(writer, entry, patient, [*kept, *beside])

    def entry(self, act: Act, **fields: Any) -> AuditEntry:
        return AuditEntry(act, self.clock(), None, **fields)

    def token(
        self,
        organization: str = "clinic",
        scopes: frozenset[str] = READER,
        *,
        client: str = "",
        practitioner: str | None = None,
    ) -> str:
        """A bearer token, the same one for the same wishes."""
        wishes = (organization, *sorted(scopes), client, practitioner or "")
        if wishes not in self.tokens:
            text = mint()
            issued, expires = NOON, NOON + timedelta(days=30)
            made = tokens.Token(
                hash_of(text),
                str(uuid.uuid4()),
                client or f"{organization}-client",
                organization,
                scopes,
                "TREAT",
                issued,
                expires,
                practitioner,
            )
            with self.database.write() as writer:
                tokens.issue(writer, self.entry(Act.TOKEN), made)
            self.tokens[wishes] = text
        return self.tokens[wishes]

    def get(self, path: str, token: str | None = None, **headers: str) -> httpx.Response:
        return self.ask("GET", path, token, **headers)

    def ask(self, method: str, path: str, token: str | None = None, **headers: str) -> httpx.Response:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent["authorization"] = f"Bearer {token or self.token()}"
        return cast(httpx.Response, self.client.request(method, path.removeprefix(BASE), headers=sent))

    def found(self, path: str, token: str | None = None) -> list[str]:
        """The matches of a search as `Type/id`, sorted."""
        return sorted(names(self.get(path, token).json()))

    def audited(self) -> list[dict[str, Any]]:
        with self.database.read() as db:
            rows = db.connection.execute(tables.audit.select().order_by(tables.audit.c.pk)).mappings().all()
        return [dict(row) for row in rows]


def names(bundle: dict[str, Any], mode: str = "match") -> list[str]:
    return [
        f"{entry['resource']['resourceType']}/{entry['resource']['id']}"
        for entry in bundle.get("entry", ())
        if entry["search"]["mode"] == mode
    ]


def link(bundle: dict[str, Any], relation: str) -> str | None:
    return next((found["url"] for found in bundle["link"] if found["relation"] == relation), None)


@contextmanager
def opened_world(path: Path) -> Iterator[World]:
    """An empty world on a database of its own."""
    clock = Clock()
    database = Database(f"sqlite:///{path}", os.urandom(32), clock=clock)
    tables.metadata.create_all(database.engine)
    journal = Journal(database)
    journal.start()
    yield World(_client(database, journal, clock), database, clock)
    journal.stop()
    database.close()


@pytest.fixture
def new_world(tmp_path: Path) -> Iterator[Callable[[], World]]:
    """Makes an empty world, as many as are asked for."""
    with ExitStack() as worlds:
        names = (tmp_path / f"world{number}.db" for number in count())
        yield lambda: worlds.enter_context(opened_world(next(names)))


def _client(database: Database, journal: Journal, clock: Clock) -> TestClient:
    unused = cast(Any, None)  # neither vault, mappings, profiles nor key sets are needed
    services = Services(
        database=database,
        journal=journal,
        vault=unused,
        notes=unused,
        catalogue=unused,
        labels=label_rules.load(LABELS),
        profiles=unused,
        keys=unused,
        public_url="https://gateway.example",
        page_secret=os.urandom(32),
        limits=Limits(page_default=50, page_maximum=500),
        clock=clock,
    )
    app = create(services)
    return TestClient(app, base_url=BASE, raise_server_exceptions=False)


@pytest.fixture
def world(new_world: Callable[[], World]) -> World:
    """Two patients, their clinic, a clinician, and one approved document each."""
    world = new_world()
    furnish(world)
    return world


def furnish(world: World) -> None:
    world.publish(organization("clinic", "Clinic am Park"), None, confidentiality="N")
    world.publish(practitioner("dr"), None, confidentiality="N")
    for id, family in (("ann", "Müller"), ("bob", "O'Neill")):
        world.publish(patient(id, family), id)
        world.publish(document(f"doc-{id}", id), id)
        world.publish(provenance(f"prov-{id}", f"DocumentReference/doc-{id}/_history/1"), id)


def patient(id: str, family: str = "Müller", **elements: Any) -> dict[str, Any]:
    name = [{"family": family, "given": ["José", "Maria"]}]
    identifier = [{"system": "urn:mrn", "value": f"mrn-{id}"}]
    return {"resourceType": "Patient", "id": id, "identifier": identifier, "name": name, **elements}


def organization(id: str, name: str) -> dict[str, Any]:
    return {"resourceType": "Organization", "id": id, "active": True, "name": name}


def practitioner(id: str) -> dict[str, Any]:
    return {"resourceType": "Practitioner", "id": id, "name": [{"family": "Weiß", "given": ["Eva"]}]}


def document(id: str, subject: str = "ann", **elements: Any) -> dict[str, Any]:
    return {
        "resourceType": "DocumentReference",
        "id": id,
        "status": "current",
        "type": {"coding": [{"system": "http://loinc.org", "code": "34904-3"}]},
        "category": [{"coding": [{"system": "urn:categories", "code": "clinical-note"}]}],
        "subject": {"reference": f"Patient/{subject}"},
        "date": "2026-09-01T10:00:00Z",
        "author": [{"reference": "Practitioner/dr"}],
        "content": [{"attachment": {"contentType": "text/plain", "data": "aGVsbG8="}}],
        **elements,
    }


def provenance(id: str, target: str) -> dict[str, Any]:
    return {
        "resourceType": "Provenance",
        "id": id,
        "target": [{"reference": target}],
        "recorded": "2026-09-01T10:00:00Z",
        "agent": [{"who": {"reference": "Practitioner/dr"}}],
    }
