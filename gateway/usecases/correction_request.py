"""A patient asks for a correction, answers a question about it, or disagrees with a denial.

Communication/$correction-request, http://hl7.org/fhir/uv/patient-corrections (1.0.0): by the patient, or by the clinic
that writes down what the patient says. What is asked about is kept in the patient's record here.
"""

from __future__ import annotations

import uuid
from typing import Any

from gateway.errors import Conflict, Forbidden, Issue, NotFound, Unprocessable
from gateway.fhir.check import check
from gateway.fhir.json import parse
from gateway.fhir.references import literal
from gateway.rules import correction_letters as letters
from gateway.rules.access import Caller
from gateway.rules.audit import Act
from gateway.rules.correction import (
    DISAGREEMENT,
    REFUSED,
    REQUEST,
    also_about,
    check_step,
    disputed,
    is_correction,
    is_followed,
    kind_of,
    original_of,
    stage_of,
)
from gateway.rules.correction import Step as Move
from gateway.rules.scopes import allows
from gateway.store.resources import Stored
from gateway.usecases.asked import Asked
from gateway.usecases.changes import Ground, Planned, Step, carry_out
from gateway.usecases.fitting import fit, localised
from gateway.usecases.known import current, is_own_patient, patients_in
from gateway.usecases.refusals import recorded
from gateway.usecases.services import Services

Json = dict[str, Any]


def correction_request(services: Services, asked: Asked, bundle: Any) -> list[Stored]:
    """The Communication as it is kept, and the Task it began or belongs to.

    Raises Forbidden without the right to write one or for another organization's patient, Unprocessable with every
    fault, NotFound for a Task that is not there, Conflict when the request is not at a stage for it.
    """
    with recorded(services, asked, Act.DISPUTE, "Communication"):
        check_asker(asked.caller)
        sent = localised(_communication(services, bundle), f"{services.fhir_base}/")
        written = carry_out(services, asked, lambda ground: _planned(ground, sent))
    return [each.stored for each in written if each.stored is not None]


def check_asker(caller: Caller) -> None:
    """Raises Forbidden for who may record neither a patient's decisions nor Communications."""
    if "consent" not in caller.scopes and not allows(caller.scopes, "Communication", "c"):
        raise Forbidden


def task_of(ground: Ground, id: str) -> tuple[Stored, Json]:
    """A request's Task of the caller's organization, as it stands and as a resource. Raises NotFound."""
    found = current(ground, "Task", id)
    if found is None or found.is_deleted or found.custodian_id != ground.asked.caller.organization_id:
        raise NotFound
    task: Json = parse(found.text)
    if not is_followed(task):
        raise NotFound
    return found, task


def item_of(ground: Ground, task: Json) -> Stored | None:
    """What is disputed, if it is the custodian's and about this patient; a dispute itself is not disputed."""
    named, patient = literal(task.get("focus", {}).get("reference", "")), literal(task["for"]["reference"])
    found = current(ground, named.type, named.id) if named is not None and named.is_local else None
    if found is None or found.is_deleted or found.custodian_id != ground.asked.caller.organization_id:
        return None
    if is_correction(parse(found.text)):
        return None
    return found if patient is not None and patient.id in patients_in(found) else None


def write(ground: Ground, made: Json, item: Stored | None) -> Step:
    """The step that keeps a new Task or Communication, as protected as what it is about."""
    letters.labelled_as(made, parse(item.text) if item else None)
    return ground.plan(fit(ground, Act.DISPUTE, made, id=made.get("id") or str(uuid.uuid4())))


def stepped(ground: Ground, found: Stored, task: Json, step: Move, outcome: str | None = None) -> Step:
    """The step that brings the Task to its next stage. Raises Conflict."""
    made = letters.staged(task, check_step(stage_of(task), step), ground.asked.at, outcome)
    return ground.plan(fit(ground, Act.RESOLVE, made, id=found.id, former=found))


def _communication(services: Services, bundle: Any) -> Json:
    """The one Communication of the Bundle. Raises Unprocessable."""
    issues = check(bundle)
    if not issues and bundle["resourceType"] != "Bundle":
        issues = [Issue("A Bundle of the type collection is expected.", bundle["resourceType"], "structure")]
    if issues:
        raise Unprocessable(issues=issues)
    held = [entry.get("resource", {}) for entry in bundle.get("entry", ())]
    if bundle["type"] != "collection":
        raise Unprocessable(issues=[Issue("A Bundle of the type collection is expected.", "Bundle.type", "value")])
    if [each.get("resourceType") for each in held] != ["Communication"]:
        text = "One Communication is expected; what else is to be shown goes into it as an attachment."
        raise Unprocessable(issues=[Issue(text, "Bundle.entry", "not-supported")])
    return dict(held[0])


def _planned(ground: Ground, sent: Json) -> list[Planned]:
    custodian = f"Organization/{ground.asked.caller.organization_id}"
    patient = str(sent.get("subject", {}).get("reference")).removeprefix("Patient/")
    if not is_own_patient(ground, patient):
        raise Forbidden("This is about no patient whose record the caller's organization keeps.")
    if issues := list(letters.faults(sent, custodian)):
        raise Unprocessable("The request cannot be taken.", issues=issues)
    id = _belongs_to(ground, sent)
    if id is None:
        return _begun(ground, sent, custodian)
    found, task = task_of(ground, id)
    if task["for"]["reference"] != f"Patient/{patient}":
        raise NotFound
    if kind_of(sent) == DISAGREEMENT:
        return _disagreed(ground, sent, task, custodian)
    named = task.get("focus", {}).get("reference")
    made = letters.received(sent, custodian, f"Task/{found.id}", named, ground.asked.at, original_of(task))
    return [write(ground, made, item_of(ground, task)), stepped(ground, found, task, Move.ANSWER)]


def _belongs_to(ground: Ground, sent: Json) -> str | None:
    """The id of the Task it is said to be about, or that another letter is about which it says to be about, part of or
    in response to: the guide's text and its examples name either."""
    about = [literal(each.get("reference", "")) for each in sent.get("about", ())]
    for each in (each for each in about if each is not None and each.type == "Task"):
        return each.id
    named = [literal(each.get("reference", "")) for each in (*sent.get("partOf", ()), *sent.get("inResponseTo", ()))]
    for each in (each for each in (*about, *named) if each is not None and each.type == "Communication"):
        former = current(ground, each.type, each.id)
        if former is not None and not former.is_deleted and is_correction(kept := parse(former.text)):
            return _belongs_to(ground, {"about": kept["about"]})
    if kind_of(sent) == DISAGREEMENT or "partOf" in sent:
        text = "Name the request it belongs to: its Task, or a Communication of it in about, partOf or inResponseTo."
        raise Unprocessable(issues=[Issue(text, "Communication.about", "required")])
    return None


def _begun(ground: Ground, sent: Json, custodian: str) -> list[Planned]:
    named, task_id = _disputed(sent), str(uuid.uuid4())
    item = item_of(ground, {"for": sent["subject"], "focus": {"reference": named}}) if named else None
    if named and item is None:
        text = "Nothing of this patient is kept under that address."
        raise Unprocessable(issues=[Issue(text, "Communication.payload", "not-found")])
    made = letters.received(sent, custodian, f"Task/{task_id}", named, ground.asked.at)
    return _with_task(ground, made, item, letters.opened(made, task_id, custodian, ground.asked.at, named))


def _disagreed(ground: Ground, sent: Json, task: Json, custodian: str) -> list[Planned]:
    if kind_of(task) != REQUEST or stage_of(task) not in REFUSED:
        raise Conflict("There is nothing to disagree with: the request was not denied, or not yet.")
    named, task_id, at = task.get("focus", {}).get("reference"), str(uuid.uuid4()), ground.asked.at
    made = letters.received(sent, custodian, f"Task/{task_id}", named, at, original_of(task))
    opened = letters.opened(made, task_id, custodian, at, named, f"Task/{task['id']}")
    return _with_task(ground, made, item_of(ground, task), opened)


def _with_task(ground: Ground, letter: Json, item: Stored | None, task: Json) -> list[Planned]:
    written = write(ground, letter, item)
    return [written, write(ground, task | {"input": [letters.input_of(task, written.reference)]}, item)]


def _disputed(sent: Json) -> str | None:
    return next((f"{each.type}/{each.id}" for each in (*disputed(sent), *also_about(sent))), None)
