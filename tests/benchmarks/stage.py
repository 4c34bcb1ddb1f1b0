"""The stage: a clinic's database filled by the real road, the tokens of who calls, the limits' plan and rows."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
from httpx import Response
from starlette.testclient import TestClient

from gateway import wiring
from gateway.api.app import create
from gateway.identity.bearer import hash_of, mint
from gateway.rules.access import Caller
from gateway.rules.audit import Act
from gateway.rules.consent_form import permit
from gateway.settings import Settings
from gateway.store import tokens
from gateway.store.journal import Journal
from gateway.usecases import consent, register, review
from gateway.usecases.asked import Asked
from gateway.usecases.services import Services
from gateway.usecases.submit import Payload, submit
from tests.benchmarks.limits import Plan
from tests.benchmarks.load import Unwanted
from tests.benchmarks.recording import Recording, Statement
from tests.benchmarks.sessions import sessions

READ = "read by id"
NOTE = "http://loinc.org|11506-3"
HITS = 50


@dataclass(frozen=True)
class Role:
    """A caller and the token it holds."""

    caller: Caller
    token: str

    @property
    def header(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}


@dataclass
class Stage:
    settings: Settings
    scribe: Role
    reviewer: Role
    ehr: Role
    writer: Role
    patients: list[str]
    documents: list[str]
    chart: str = ""  # the patient with a whole chart
    targets: dict[str, list[str]] = field(default_factory=dict)  # what `ehr` asks for, by the name of the measurement

    def payloads(self, seed: str) -> Iterator[Payload]:
        """New sessions, of one patient after the other."""
        walks = [sessions(id, self.reviewer.caller.practitioner_id or "", seed=f"{seed}-{id}") for id in self.patients]
        while True:
            for walk in walks:
                yield next(walk)


@dataclass(frozen=True)
class Written:
    """What one submission and the approval of its draft wrote, and what each had to parse."""

    payload: Payload
    submission: list[Statement]
    draft: bytes
    approval: list[Statement]


def prepare(folder: Path, port: int, patients: int) -> Stage:
    """A fresh database: each patient with `HITS` approved documents that a consent lets another clinic see."""
    settings = Settings(home=folder, port=port, public_url=f"http://127.0.0.1:{port}", database_url=None)
    with wiring.running(settings) as services:
        operator = Asked(Caller("bench", "bench", "none", frozenset(), "HOPERAT"), services.clock())
        custodian = register.organization(services, operator, "Custodian", [("urn:example:org", "1")]).id
        recipient = register.organization(services, operator, "Recipient", [("urn:example:org", "2")]).id
        clinician = register.practitioner(services, operator, "Okafor", ["Ngozi"], [("urn:example:staff", "1")]).id
        stage = Stage(
            settings,
            scribe=role(services, custodian, "submission.write"),
            reviewer=role(services, custodian, "review", practitioner=clinician),
            ehr=role(services, recipient, "system/*.rs"),
            writer=role(services, custodian, "system/*.cruds"),
            patients=[_patient(services, custodian, recipient, number) for number in range(patients)],
            documents=[],
        )
        for payload in islice(stage.payloads("seed"), patients * HITS):
            stage.documents.append(_approved(services, stage, _submitted(services, stage, payload)))
    query = f"type={NOTE.replace('|', '%7C')}&_count={HITS}"
    stage.targets[READ] = [f"/fhir/DocumentReference/{id}" for id in stage.documents]
    stage.targets[f"search, {HITS} hits"] = [f"/fhir/DocumentReference?patient={id}&{query}" for id in stage.patients]
    return stage


def copied(stage: Stage, name: str) -> Settings:
    """Settings of a copy of the database, under the same keys; the database must be closed."""
    shutil.copy(stage.settings.home / "gateway.db", stage.settings.home / name)
    return stage.settings.model_copy(update={"database_url": f"sqlite:///{stage.settings.home / name}"})


def plan(stage: Stage) -> Plan:
    """The gateway's own SELECTs, as it says them for each target."""
    selects = {}
    with within(stage.settings) as (http, said):
        for target in (target for targets in stage.targets.values() for target in targets):
            said.take()
            answered(http.get(target, headers=stage.ehr.header))
            selects[target] = [(one.sql, list(one.values)) for one in said.take() if one.reads_resources]
    return Plan(
        url=stage.settings.database,
        key=stage.settings.key("database").hex(),
        selects=selects,
        constant='{"resourceType":"Basic"}',
    )


def written(stage: Stage, settings: Settings, count: int) -> list[Written]:
    """Submissions and approvals walked in this process, each with what it said to the database."""
    services, said = _recording(settings)
    services.journal.start()
    payloads = list(islice(stage.payloads("recorded"), count))
    said.take()
    drafts = [(_submitted(services, stage, payload), said.take()) for payload in payloads]
    made = []
    for payload, (draft, submission) in zip(payloads, drafts, strict=True):
        with services.database.read() as db:
            query = "SELECT content FROM draft_revision WHERE draft_id = ?"
            content = bytes(db.connection.exec_driver_sql(query, (draft,)).scalar_one())
        said.take()
        _approved(services, stage, draft)
        made.append(Written(payload, writes(submission), content, writes(said.take())))
    _close(services)
    return made


def pending(stage: Stage) -> list[tuple[str, str]]:
    """Every draft that waits, with its digest; the oldest first."""
    services = wiring.services(stage.settings)
    with services.database.read() as db:
        query = "SELECT id, digest FROM draft WHERE state = 'pending' ORDER BY created_at"
        found = [(row[0], row[1]) for row in db.connection.exec_driver_sql(query)]
    services.database.close()
    return found


@contextmanager
def within(settings: Settings) -> Iterator[tuple[TestClient, Recording]]:
    """The whole app in this process, and what it says to the database."""
    services, said = _recording(settings)
    with TestClient(create(services), base_url=settings.public_url) as http:
        yield http, said
    services.database.close()


def answered(response: Response) -> Any:
    """What came back. Raises Unwanted for a refusal."""
    if not response.is_success:
        raise Unwanted(response.text[:800])
    return response.json()


def _recording(settings: Settings) -> tuple[Services, Recording]:
    database = Recording(settings.database, settings.key("database"))
    return replace(wiring.services(settings), database=database, journal=Journal(database)), database


def _close(services: Services) -> None:
    services.journal.stop()
    services.database.close()


def writes(said: list[Statement]) -> list[Statement]:
    return [statement for statement in said if statement.is_write]


def role(services: Services, organization: str, *scopes: str, practitioner: str | None = None) -> Role:
    """A caller of the organization, with a token for these scopes and TREAT."""
    id, client = str(uuid.uuid4()), f"{scopes[0]} client"
    caller = Caller(id, client, organization, frozenset(scopes), "TREAT", practitioner)
    text, now = mint(), services.clock()
    token = tokens.Token(
        hash_of(text),
        caller.token_id,
        caller.client_id,
        organization,
        caller.scopes,
        caller.purpose,
        now,
        now + timedelta(hours=1),
        practitioner,
    )
    with services.database.write() as writer:
        tokens.issue(writer, Asked(caller, now).entry(Act.TOKEN, None), token)
    return Role(caller, text)


def _patient(services: Services, custodian: str, recipient: str, number: int) -> str:
    asked = Asked(Caller("bench", "bench", custodian, frozenset({"consent"}), "HOPERAT"), services.clock())
    identifiers = [("urn:example:mrn", str(number))]
    id = register.patient(services, asked, custodian, "Rivers", ["Sam"], "other", "1990-01-02", identifiers).id
    consent.grant(services, asked, permit(id, recipient, "TREAT", "2026-01-01"))
    return id


def _submitted(services: Services, stage: Stage, payload: Payload) -> str:
    receipt = submit(services, Asked(stage.scribe.caller, services.clock()), payload)
    return str(msgspec.json.decode(receipt.answer)["draft"])


def _approved(services: Services, stage: Stage, draft: str) -> str:
    """The id of the DocumentReference that the approval publishes."""
    with services.database.read() as db:
        query = "SELECT digest FROM draft WHERE id = ?"
        digest = db.connection.exec_driver_sql(query, (draft,)).scalar_one()
    decided = review.approve(services, Asked(stage.reviewer.caller, services.clock()), draft, digest)
    kinds = dict(reference.split("/")[:2] for reference in decided.published)
    return kinds["DocumentReference"]
