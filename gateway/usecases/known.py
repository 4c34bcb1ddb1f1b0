"""What a caller who writes can see of what is there, each answer an assumption of the decision it serves."""

from __future__ import annotations

from gateway.fhir.json import parse
from gateway.fhir.references import ID
from gateway.rules import subjects
from gateway.store import registry, resources
from gateway.store.resources import Stored
from gateway.usecases.changes import Ground
from gateway.usecases.scoping import in_scope


def is_own_patient(ground: Ground, id: str) -> bool:
    """Whether the caller's organization keeps the record of this patient, or the step beside makes it known; to a
    patient, whether it is herself."""
    step = ground.beside.get(f"Patient/{id}")
    if step is not None:
        return step.resource is not None
    if ground.asked.caller.patient_id is not None:
        found = current(ground, "Patient", id) if id == ground.asked.caller.patient_id else None
        return found is not None and not found.is_deleted
    visibility = ground.asked.visibility
    return ground.see(("patient", id), lambda db: registry.patient(db, visibility, id) is not None)


def current(ground: Ground, type: str, id: str) -> Stored | None:
    """What the caller can see of a resource, as an assumption."""
    visibility = ground.asked.visibility
    return ground.see((type, id), lambda db: resources.read(db, visibility, type, id)) if ID.match(id) else None


def reachable(ground: Ground, type: str, id: str, letter: str) -> Stored | None:
    """What the caller can see, or has the scope to change unseen; all else is as if it were not there."""
    caller, found = ground.asked.caller, current(ground, type, id)
    return found if found and (in_scope(caller, found, "r") or in_scope(caller, found, letter)) else None


def patients_in(found: Stored) -> tuple[str, ...]:
    """The patients that a version which is kept is about."""
    if found.patient_id != subjects.SEVERAL:
        return (found.patient_id,) if found.patient_id else ()
    return () if found.is_deleted else subjects.patients_of(parse(found.text))
