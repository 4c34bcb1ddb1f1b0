"""A document that replaces another: the former is superseded in the same act, where its writer may update it.

https://hl7.org/fhir/us/core/writing-clinical-notes.html, https://hl7.org/fhir/R4/documentreference.html
"""

from __future__ import annotations

from gateway.fhir.json import parse
from gateway.fhir.references import literal
from gateway.fhir.search.index import index
from gateway.rules.audit import Act
from gateway.store.resources import Stored
from gateway.usecases.changes import Ground, Step
from gateway.usecases.fitting import identified
from gateway.usecases.incoming import is_made_here
from gateway.usecases.known import current, patients_in
from gateway.usecases.scoping import in_scope


def supersede(ground: Ground, step: Step) -> Step:
    """The same step; beside it, for each document it replaces, one that makes that document superseded."""
    relations = (step.resource or {}).get("relatesTo", ()) if step.type == "DocumentReference" else ()
    for relation in relations:
        target = literal(relation["target"].get("reference", "")) if relation.get("code") == "replaces" else None
        if target is None or target.type != step.type or f"{target.type}/{target.id}" in ground.beside:
            continue
        found = current(ground, target.type, target.id)
        if found is not None and _may_be_superseded(ground, found, step):
            ground.along.append(ground.plan(_superseded(found)))
    return step


def _may_be_superseded(ground: Ground, found: Stored, step: Step) -> bool:
    return (
        not (found.is_deleted or found.redacts)
        and (found.custodian_id, found.patient_id) == (step.custodian_id, step.patient_id)
        and in_scope(ground.asked.caller, found, "u")
        and not is_made_here(ground, found)
        and parse(found.text).get("status") == "current"
    )


def _superseded(found: Stored) -> Step:
    resource = identified({**parse(found.text), "status": "superseded"}, found.id)
    rows, custodian_id = tuple(index(resource)), found.custodian_id or ""
    return Step(Act.UPDATE, found.type, found.id, found, resource, patients_in(found), custodian_id, rows)
