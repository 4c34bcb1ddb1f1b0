"""Requests for corrections as their patient, and the custodian's clinicians, follow them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.fhir.json import parse
from gateway.fhir.search.query import parse as parse_query
from gateway.rules.audit import Act
from gateway.rules.correction import (
    REQUEST,
    TASK_TYPES,
    Stage,
    asker_of,
    due_at,
    is_correction,
    is_extended,
    is_followed,
    kind_of,
    stage_of,
)
from gateway.rules.evidence import Statement
from gateway.rules.rendering import name_of
from gateway.rules.review import sight_of
from gateway.store import deliveries, resources, search
from gateway.store.database import Reader
from gateway.store.deliveries import Delivery
from gateway.store.resources import Stored
from gateway.usecases.asked import Asked
from gateway.usecases.belonging import compartment
from gateway.usecases.bounded import bounded
from gateway.usecases.changes import Ground
from gateway.usecases.correction_request import item_of, task_of
from gateway.usecases.corrections import holders
from gateway.usecases.disclosures import disclosures
from gateway.usecases.note_correction import sentences
from gateway.usecases.refusals import recorded
from gateway.usecases.services import Services

Json = dict[str, Any]
_MOST, _SHOWN = 500, 100
_TYPES = (
    *("Observation", "DocumentReference", "CarePlan", "Goal", "Task", "QuestionnaireResponse", "RiskAssessment"),
    *("Condition", "CareTeam", "Communication", "Flag"),
)


@dataclass(frozen=True, slots=True)
class Correction:
    """A request, or a disagreement, as it stands: its Task, what was said about it in the order of time, and what it is
    about; `patient` is the name. `due` is None once it is decided, `is_extended` tells that it is later than usual;
    `told` are the notices that it was put right."""

    task: Json
    version: int
    stage: Stage
    due: datetime | None
    letters: tuple[Json, ...] = ()
    item: Json | None = None
    told: tuple[Delivery, ...] = ()
    patient: str = ""
    is_extended: bool = False


@dataclass(frozen=True, slots=True)
class Followed:
    """One request in full. `held_by` are the organizations that were given what it is about, `disagreements` what the
    patient had logged, `statements` the sentences of a note that was approved here."""

    correction: Correction
    disagreements: tuple[Correction, ...]
    held_by: tuple[str, ...]
    statements: tuple[Statement, ...] = ()


def waiting(services: Services, asked: Asked) -> list[Correction]:
    """The requests that have to be decided, the most urgent first."""
    found = _listed(services, asked, ("status", "ready,in-progress"), ("code", f"{TASK_TYPES}|{REQUEST}"))
    return sorted(found, key=lambda each: due_at(each.task))


def own(services: Services, asked: Asked) -> list[Correction]:
    """All requests and disagreements of the patient who asks, each with what was said."""
    return _listed(services, asked, ("code", f"{TASK_TYPES}|"), letters=True)


def disputable(services: Services, asked: Asked) -> list[Json]:
    """What of the own record a patient may ask about, the latest first."""
    patient = asked.caller.patient_id or ""
    with services.database.read() as db:
        found = compartment(db, asked, patient, _TYPES, whole=True)
    latest = sorted(found, key=lambda row: row.updated_micros, reverse=True)[:_SHOWN]
    services.journal.record(disclosures(asked, Act.SEARCH, "Patient", latest)).result()
    asked_for = (parse(row.text) for row in latest)
    return [each for each in asked_for if not is_correction(each)]


def follow(services: Services, asked: Asked, id: str) -> Followed:
    """Raises NotFound."""
    with recorded(services, asked, Act.SEARCH, "Task"), services.database.read() as db:
        found, task = task_of(Ground(services, asked, db), id)
        rows = [found]
        correction = _correction(services, asked, db, found, rows)
        beside = _found(services, asked, db, "Task", ("reasonreference", f"Task/{id}"))
        logged = [each for each in beside if _is_own(asked, each)]
        disagreements = tuple(_correction(services, asked, db, each, rows) for each in logged)
        item = correction.item
        named = [f"{item['resourceType']}/{item['id']}"] if item else []
        held = holders(db, asked, asker_of(task), named)
        shown = [each for each in rows if f"{each.type}/{each.id}" in named and not each.redacts]
        statements = tuple(statement for each in shown for statement in sentences(db, asked, each))
    services.journal.record(disclosures(asked, Act.SEARCH, "Task", [*rows, *logged])).result()
    return Followed(correction, disagreements, tuple(held), statements)


def _listed(services: Services, asked: Asked, *pairs: tuple[str, str], letters: bool = False) -> list[Correction]:
    with recorded(services, asked, Act.SEARCH, "Task"), services.database.read() as db:
        tasks = _found(services, asked, db, "Task", *pairs, ("_sort", "authored-on"))
        found = [each for each in tasks if _is_own(asked, each)]
        rows = list(found)
        made = [_correction(services, asked, db, each, rows if letters else None) for each in found]
    services.journal.record(disclosures(asked, Act.SEARCH, "Task", rows)).result()
    return made


def _is_own(asked: Asked, found: Stored) -> bool:
    """Of the custodian whose clinician asks, or of the patient who does; what others opened to them is not theirs."""
    caller = asked.caller
    task = parse(found.text)
    is_near = found.custodian_id == caller.organization_id and is_followed(task)
    return is_near and caller.patient_id in (None, asker_of(task))


def _correction(services: Services, asked: Asked, db: Reader, found: Stored, rows: list[Stored] | None) -> Correction:
    """`rows` gathers what goes out beside the Task; without it nothing does."""
    task = parse(found.text)
    stage, letters, item = stage_of(task), list[Stored](), None
    if rows is not None:
        sent = _found(services, asked, db, "Communication", ("about", f"Task/{found.id}"), ("_sort", "sent"))
        letters = [each for each in sent if is_correction(parse(each.text))]
        item = item_of(Ground(services, asked, db), task)
        rows += [*letters, *([item] if item else [])]
    is_waiting = kind_of(task) == REQUEST and task["status"] in ("ready", "in-progress")
    due = due_at(task) if is_waiting else None
    said = tuple(parse(each.text) for each in letters)
    told = deliveries.about(db, sight_of(asked.caller), f"Task/{found.id}")
    who = resources.read(db, asked.visibility, "Patient", found.patient_id or "")
    patient = name_of(parse(who.text) if who and who.text else None, "unnamed")
    about = parse(item.text) if item else None
    is_later = is_waiting and is_extended(task)
    return Correction(task, found.version, stage, due, said, about, tuple(told), patient, is_later)


def _found(services: Services, asked: Asked, db: Reader, type: str, *pairs: tuple[str, str]) -> list[Stored]:
    """What a search finds that no scope limits: who may follow requests sees what was said about them."""
    query = parse_query(type, list(pairs))
    with bounded(services, db):
        return [hit.stored for hit in search.search(db, asked.visibility, query, scope={type: []}, count=_MOST)]
