"""A small clinic to walk real roads in: two organizations, a patient, two clinicians, a scribe."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gateway.fhir import profiles
from gateway.fhir.json import dump
from gateway.fhir.profiles import Profiles
from gateway.mapping import catalogue
from gateway.peers.http import Http
from gateway.peers.jwks import KeySource
from gateway.rules.access import Caller
from gateway.rules.label_rules import LabelRules
from gateway.store.database import Database
from gateway.store.journal import Journal
from gateway.store.migrate import upgrade
from gateway.store.submissions import Part
from gateway.store.vault import Vault
from gateway.usecases import label_rules, register
from gateway.usecases.asked import Asked
from gateway.usecases.services import Limits, Services
from gateway.usecases.submit import Payload, Receipt, submit

PROJECT = Path(__file__).parents[1]
SHARED = PROJECT.parent / "shared"
R4_PACKAGE = SHARED / "packages" / "ASSEMBLED-hl7.fhir.r4.core-4.0.1.tgz"
KEY = bytes(range(32))
BASE = "https://gateway.example"

SUMMARY: dict[str, Any] = {
    "ClinicalDocumentation": {
        "Sections": [
            {
                "SectionName": "BEHAVIOR",
                "Summary": [
                    {"SummarizedSegment": "Sleeps five hours a night.", "EvidenceLinks": [{"SegmentId": "a1"}]},
                    {
                        "SummarizedSegment": "Avoids the <train> & the bus.",
                        "EvidenceLinks": [{"SegmentId": "a2"}, {"SegmentId": "a3"}],
                    },
                ],
            },
            {
                "SectionName": "PLAN",
                "Summary": [{"SummarizedSegment": "Will ride one stop.", "EvidenceLinks": [{"SegmentId": "a4"}]}],
            },
        ]
    }
}


def transcript(*ids: str) -> dict[str, Any]:
    """A transcript with these segments; what is said in one names it."""
    segments = [
        {
            "SegmentId": id,
            "Content": f"Spoken words of {id}.",
            "BeginAudioTime": number * 4.5,
            "EndAudioTime": number * 4.5 + 4,
            "ParticipantDetails": {"ParticipantRole": "PATIENT_0"},
        }
        for number, id in enumerate(ids)
    ]
    return {
        "Conversation": {
            "ConversationId": "c1",
            "JobName": "c1",
            "JobType": "ASYNC",
            "LanguageCode": "en-US",
            "ClinicalInsights": [],
            "TranscriptItems": [],
            "TranscriptSegments": segments,
        }
    }


TRANSCRIPT = transcript("a1", "a2", "a3", "a4")


@dataclass
class World:
    services: Services
    clinic: str
    other: str
    patient: str
    grace: str
    ann: str
    lee: str  # of the clinic
    noor: str  # of the other organization

    def caller(self, *scopes: str, organization: str = "", person: str | None = None, client: str = "scribe") -> Caller:
        return Caller("t1", client, organization or self.clinic, frozenset(scopes), "TREAT", person)

    def asked(self, *scopes: str, **who: Any) -> Asked:
        return Asked(self.caller(*scopes, **who), self.services.clock(), "r1", "192.0.2.1")

    @property
    def scribe(self) -> Asked:
        return self.asked()

    @property
    def reviewer(self) -> Asked:
        return self.asked("review", "transcripts", person=self.grace, client="pages")

    @property
    def colleague(self) -> Asked:
        return self.asked("review", "transcripts", person=self.ann, client="pages")

    def context(self, session: str = "s-1", **changes: Any) -> dict[str, Any]:
        return {
            "patient": {"reference": f"Patient/{self.patient}"},
            "session": {"id": session, "start": "2026-09-01T14:00:00Z", "end": "2026-09-01T14:50:00Z"},
            "model": {
                "name": "Scribe",
                "version": "2.3.1",
                "manufacturer": "Example Ltd",
                "kinds": ["Large-Language-Models"],
            },
            "modelCard": {"markdown": "# Scribe 2.3.1", "title": "Card of Scribe 2.3.1"},
            "prompt": {"text": "Summarise the session.", "version": "14"},
        } | changes

    def payload(
        self,
        summary: Any = SUMMARY,
        transcript: Any = TRANSCRIPT,
        context: Mapping[str, Any] | None = None,
        key: str | None = None,
    ) -> Payload:
        values = {"context": self.context() if context is None else context}
        values |= {
            name: value for name, value in (("summary", summary), ("transcript", transcript)) if value is not None
        }
        parts = tuple(Part(name, "application/json", dump(value)) for name, value in values.items())
        return Payload("aws-healthscribe", parts, key)

    def submitted(self, **payload: Any) -> Receipt:
        return submit(self.services, self.scribe, self.payload(**payload))

    def draft_of(self, receipt: Receipt) -> str:
        return str(json.loads(receipt.answer)["draft"])

    def rows(self, table: str) -> int:
        with self.services.database.read() as db:
            return int(db.connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())

    def audited(self, act: str) -> list[tuple[str, dict[str, Any]]]:
        """Outcome and detail of every audit row of an act, oldest first."""
        query = "SELECT outcome, detail FROM audit WHERE act = ? ORDER BY pk"
        with self.services.database.read() as db:
            rows = db.connection.exec_driver_sql(query, (act,)).all()
        return [(row[0], json.loads(bytes(row[1] or b"{}"))) for row in rows]

    def published(self) -> list[dict[str, Any]]:
        """Every clinical resource that the FHIR API could serve, oldest first."""
        query = "SELECT text FROM resource WHERE patient_id IS NOT NULL AND type <> 'Patient' ORDER BY pk"
        with self.services.database.read() as db:
            return [json.loads(bytes(row[0])) for row in db.connection.exec_driver_sql(query)]


def services_at(folder: Path, profiles: Profiles, mappings: Path = PROJECT / "mappings") -> Services:
    """Services on the database in `folder`, which must have been migrated."""
    database = Database(f"sqlite:///{folder / 'gateway.db'}", KEY)
    return Services(
        database=database,
        journal=Journal(database),
        vault=Vault(KEY),
        notes=Vault(KEY[::-1]),
        catalogue=_formats(mappings),
        labels=_label_rules(),
        profiles=profiles,
        keys=KeySource(Http(origins=())),
        public_url=BASE,
        page_secret=KEY,
        limits=Limits(),
        clock=lambda: datetime.now(UTC),
    )


_formats = cache(catalogue.load)


@cache
def _label_rules() -> LabelRules:
    return label_rules.load(PROJECT / "mappings" / "labels")


def settle(folder: Path, profiles: Profiles, mappings: Path = PROJECT / "mappings") -> World:
    """A fresh database that knows the clinic, and a journal that has started."""
    made, whom = _settled()
    shutil.copy(Path(made.name) / "gateway.db", folder / "gateway.db")
    services = services_at(folder, profiles, mappings)
    services.journal.start()
    return World(services, *whom)


@cache
def _settled() -> tuple[TemporaryDirectory[str], tuple[str, ...]]:
    """Migrated and made known once in a process: where the database is, and the ids in the order of a `World`."""
    made = TemporaryDirectory(prefix="world-")
    folder = Path(made.name)
    upgrade(f"sqlite:///{folder / 'gateway.db'}", KEY)
    services = services_at(folder, profiles.load(folder))
    services.journal.start()
    asked = Asked(Caller("t0", "operator", "none", frozenset(), "HSYSADMIN"), services.clock())
    clinic = register.organization(services, asked, "Harbour Clinic", [("urn:example:org", "1")]).id
    other = register.organization(services, asked, "Hill Practice", [("urn:example:org", "2")]).id
    grace = register.practitioner(services, asked, "Okafor", ["Grace"], [("urn:example:staff", "1")]).id
    ann = register.practitioner(services, asked, "Bell", ["Ann"], [("urn:example:staff", "2")]).id
    lee = register.practitioner(services, asked, "Lee", ["Min"], [("urn:example:staff", "3")]).id
    noor = register.practitioner(services, asked, "Haddad", ["Noor"], [("urn:example:staff", "4")]).id
    patient = register.patient(
        services, asked, clinic, "Rivers", ["Sam"], "other", "1990-01-02", [("urn:example:mrn", "77")]
    ).id
    services.journal.stop()
    services.database.close()
    return made, (clinic, other, patient, grace, ann, lee, noor)
