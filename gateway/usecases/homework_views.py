"""Homework as its patient follows it: what was assigned, how far it is, and how it came there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gateway.fhir.json import parse
from gateway.fhir.search.query import parse as parse_query
from gateway.rules.audit import Act
from gateway.store import history, search
from gateway.store.database import Reader
from gateway.store.resources import Stored
from gateway.usecases.asked import Asked
from gateway.usecases.bounded import bounded
from gateway.usecases.changes import Ground
from gateway.usecases.disclosures import disclosures
from gateway.usecases.homework import check_teller
from gateway.usecases.incoming import is_homework_of
from gateway.usecases.refusals import recorded
from gateway.usecases.services import Services

Json = dict[str, Any]
_MOST, _SHOWN, _VERSIONS = 500, 100, 50


@dataclass(frozen=True, slots=True)
class Homework:
    """A Task as it stands, and the versions that led there, the first of all first. `may_tell`: it is seen whole."""

    task: Json
    version: int
    versions: tuple[Json, ...]
    may_tell: bool


def own(services: Services, asked: Asked) -> list[Homework]:
    """All that was assigned to the patient who asks, the latest first. Raises Forbidden for who may not act for
    herself."""
    with recorded(services, asked, Act.SEARCH, "Task"):
        check_teller(asked.caller)
        with services.database.read() as db:
            found = [(each, _versions(db, asked, each)) for each in _assigned(services, asked, db)]
    rows = [row for task, versions in found for row in versions or [task]]
    services.journal.record(disclosures(asked, Act.SEARCH, "Task", rows)).result()
    return [
        Homework(parse(task.text), task.version, tuple(parse(row.text) for row in reversed(versions)), not task.redacts)
        for task, versions in found
    ]


def _assigned(services: Services, asked: Asked, db: Reader) -> list[Stored]:
    patient = str(asked.caller.patient_id)
    query = parse_query("Task", [("patient", patient), ("_sort", "-authored-on")])
    with bounded(services, db):
        hits = search.search(db, asked.visibility, query, scope={"Task": []}, count=_MOST)
    ground = Ground(services, asked, db)
    own = (hit.stored for hit in hits if hit.stored.custodian_id == asked.caller.organization_id)
    return [each for each in own if is_homework_of(ground, each, patient)][:_SHOWN]


def _versions(db: Reader, asked: Asked, task: Stored) -> list[Stored]:
    found = history.history(db, asked.visibility, ["Task"], task.id, count=_VERSIONS)
    return [each for each in found if not each.is_deleted]
