"""The stage: a clinic's database filled by the real road, the tokens of who calls, the limits' plan and rows."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice
from pathlib import Path

import msgspec

from gateway import wiring
from gateway.identity.bearer import hash_of, mint
from gateway.rules.access import Caller
from gateway.rules.audit import Act
from gateway.rules.consent_form import Form
from gateway.settings import Settings
from gateway.store import tokens
from gateway.store.journal import Journal
from gateway.store.resources import COLUMNS
from gateway.usecases import consent, read, register, review, search
from gateway.usecases.asked import Asked
from gateway.usecases.services import Services
from gateway.usecases.submit import Payload, submit
from tests.benchmarks.limits import Plan
from tests.benchmarks.recording import Recording, Statement
from tests.benchmarks.sessions import sessions

NOTE = "http://loinc.org|11506-3"
HITS = 50


@dataclass(frozen=True)
class Role:
    """A caller and the token it holds."""

    caller: Caller
    token: str


@dataclass
class Stage:
    settings: Settings
    scribe: Role
    reviewer: Role
    ehr: Role
    patients: list[str]
    documents: list[str]

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
            scribe=_role(services, custodian, "submission.write"),
            reviewer=_role(services, custodian, "review", practitioner=clinician),
            ehr=_role(services, recipient, "system/*.rs"),
            patients=[_patient(services, custodian, recipient, number) for number in range(patients)],
            documents=[],
        )
        for payload in islice(stage.payloads("seed"), patients * HITS):
            stage.documents.append(_approved(services, stage, _submitted(services, stage, payload)))
    return stage


def copied(stage: Stage, name: str) -> Settings:
    """Settings of a copy of the database, under the same keys; the database must be closed."""
    shutil.copy(stage.settings.home / "gateway.db", stage.settings.home / name)
    return stage.settings.model_copy(update={"database_url": f"sqlite:///{stage.settings.home / name}"})


def plan(stage: Stage) -> Plan:
    """The gateway's own SELECTs, as it says them for each document and each patient."""
    services, said = _recording(stage.settings)
    ehr = Asked(stage.ehr.caller, services.clock())
    reads, searches = {}, {}
    for id in stage.documents:
        read.read(services, ehr, "DocumentReference", id).recorded.result()
        reads[id] = _selecting(said.take())
    for id in stage.patients:
        pairs = [("patient", id), ("type", NOTE), ("_count", str(HITS))]
        search.search(services, ehr, "DocumentReference", pairs).recorded.result()
        searches[id] = _selecting(said.take())
    _close(services)
    return Plan(
        url=stage.settings.database,
        key=stage.settings.key("database").hex(),
        text_column=[column.name for column in COLUMNS].index("text"),
        read=next(iter(reads.values())).sql,
        reads={id: list(statement.values) for id, statement in reads.items()},
        search=next(iter(searches.values())).sql,
        searches={id: list(statement.values) for id, statement in searches.items()},
        constant='{"resourceType":"Basic"}',
    )


def written(stage: Stage, settings: Settings, count: int) -> list[Written]:
    """Submissions and approvals walked in this process, each with what it said to the database."""
    services, said = _recording(settings)
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
        made.append(Written(payload, _writes(submission), content, _writes(said.take())))
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


def _recording(settings: Settings) -> tuple[Services, Recording]:
    database = Recording(settings.database, settings.key("database"))
    services = replace(wiring.services(settings), database=database, journal=Journal(database))
    services.journal.start()
    return services, database


def _close(services: Services) -> None:
    services.journal.stop()
    services.database.close()


def _selecting(said: list[Statement]) -> Statement:
    """The one SELECT on patient content, with consent joined to it."""
    (found,) = [one for one in said if "consent_rule" in one.sql and "resource.text" in one.sql]
    return found


def _writes(said: list[Statement]) -> list[Statement]:
    return [statement for statement in said if statement.is_write]


def _role(services: Services, organization: str, scope: str, practitioner: str | None = None) -> Role:
    caller = Caller(str(uuid.uuid4()), f"{scope} client", organization, frozenset({scope}), "TREAT", practitioner)
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
    consent.grant(services, asked, Form(id, recipient, "TREAT", "2026-01-01"))
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
