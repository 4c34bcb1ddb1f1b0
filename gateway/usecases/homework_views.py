"""Homework as its patient, and the custodian's clinicians, follow it: what was assigned, and how it goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gateway.fhir.json import parse
from gateway.fhir.labels import AIAST, CLINAST, PATAST
from gateway.fhir.search.query import parse as parse_query
from gateway.rules.audit import Act
from gateway.rules.homework import STEPS
from gateway.rules.rendering import name_of
from gateway.rules.review import check_reviewer
from gateway.store import history, resources, search
from gateway.store.database import Reader
from gateway.store.resources import Stored
from gateway.usecases.asked import Asked
from gateway.usecases.bounded import bounded
from gateway.usecases.changes import Ground
from gateway.usecases.disclosures import disclosures
from gateway.usecases.homework import check_teller
from gateway.usecases.incoming import is_assigned, is_homework_of
from gateway.usecases.refusals import recorded
from gateway.usecases.services import Services

Json = dict[str, Any]
_MOST, _SHOWN, _VERSIONS = 500, 100, 50
# An approval leaves none of them out: what a machine, a clinician or the patient wrote.
_PUBLISHED = ",".join(f"{each['system']}|{each['code']}" for each in (AIAST, CLINAST, PATAST))


@dataclass(frozen=True, slots=True)
class Homework:
    """A Task as it stands, and the versions that led there, the first of all first; `patient` is the name. `may_tell`:
    it is seen whole."""

    task: Json
    version: int
    versions: tuple[Json, ...]
    may_tell: bool
    patient: str = ""


def own(services: Services, asked: Asked) -> list[Homework]:
    """All that was assigned to the patient who asks, the latest first. Raises Forbidden for who may not act for
    herself."""
    with recorded(services, asked, Act.SEARCH, "Task"):
        check_teller(asked.caller)
        patient = str(asked.caller.patient_id)
        with services.database.read() as db:
            ground = Ground(services, asked, db)
            found = _published(services, asked, db, ("patient", patient), ("_sort", "-authored-on"))
            return _told(services, asked, db, [each for each in found if is_homework_of(ground, each, patient)])


def assigned(services: Services, asked: Asked, *, is_over: bool = False) -> list[Homework]:
    """What the clinician's organization has assigned and is going on, or over; what changed last is first. Raises
    Forbidden without a clinician."""
    with recorded(services, asked, Act.SEARCH, "Task"):
        check_reviewer(asked.caller)
        status = ("status:not" if is_over else "status", ",".join(STEPS))
        with services.database.read() as db:
            ground = Ground(services, asked, db)
            found = _published(services, asked, db, status, ("_sort", "-modified"))
            return _told(services, asked, db, [each for each in found if is_assigned(ground, each)])


def _published(services: Services, asked: Asked, db: Reader, *pairs: tuple[str, str]) -> list[Stored]:
    """What a search finds of the caller's organization, though no scope opens the type: who may follow homework may
    see it."""
    query = parse_query("Task", [*pairs, ("_security", _PUBLISHED)])
    with bounded(services, db):
        hits = search.search(db, asked.visibility, query, scope={"Task": []}, count=_MOST)
    return [hit.stored for hit in hits if hit.stored.custodian_id == asked.caller.organization_id]


def _told(services: Services, asked: Asked, db: Reader, found: list[Stored]) -> list[Homework]:
    """What goes out, once it is recorded."""
    shown = [(each, _versions(db, asked, each)) for each in found[:_SHOWN]]
    rows = [row for task, versions in shown for row in versions or [task]]
    names = {each.patient_id: _name(db, asked, each) for each, _ in shown}
    services.journal.record(disclosures(asked, Act.SEARCH, "Task", rows)).result()
    return [
        Homework(
            task=parse(task.text),
            version=task.version,
            versions=tuple(parse(row.text) for row in reversed(versions)),
            may_tell=not task.redacts,
            patient=names[task.patient_id],
        )
        for task, versions in shown
    ]


def _versions(db: Reader, asked: Asked, task: Stored) -> list[Stored]:
    found = history.history(db, asked.visibility, ["Task"], task.id, count=_VERSIONS)
    return [each for each in found if not each.is_deleted]


def _name(db: Reader, asked: Asked, task: Stored) -> str:
    found = resources.read(db, asked.visibility, "Patient", task.patient_id or "")
    return name_of(parse(found.text) if found and found.text else None, "unnamed")
