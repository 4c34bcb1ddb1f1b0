"""Assigned homework lives on: a homework app, or the patient, tells how it goes; a clinician may cancel it.

A Task update or patch (https://hl7.org/fhir/R4/task.html) of a Task that an approval published: `rules.homework` says
what may change. Each version has its Provenance, made in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.errors import Forbidden, Issue, NotFound, PreconditionFailed, Unprocessable
from gateway.fhir.check import check
from gateway.fhir.json import parse
from gateway.fhir.references import literal
from gateway.rules import homework
from gateway.rules.audit import Act
from gateway.rules.codes import instant
from gateway.rules.review import check_reviewer
from gateway.rules.subjects import patients_of
from gateway.store.resources import Stored
from gateway.usecases.asked import Asked
from gateway.usecases.changes import Ground, Planned, Step, carry_out
from gateway.usecases.door import check_all
from gateway.usecases.fitting import identified, localised
from gateway.usecases.incoming import PARTLY_SEEN, is_made_here
from gateway.usecases.known import current, patients_in
from gateway.usecases.refusals import recorded
from gateway.usecases.services import Services
from gateway.usecases.witnessing import changed, tell


def is_assigned(ground: Ground, found: Stored) -> bool:
    """Whether it is homework that an approval assigned."""
    return found.type == "Task" and not found.is_deleted and is_made_here(ground, found)


def advance(ground: Ground, act: Act, sent: dict[str, Any], found: Stored) -> Step:
    """The step to what was sent; the same content where it changes nothing. Raises Unprocessable with every fault."""
    services, asked, former = ground.services, ground.asked, parse(found.text)
    sent = identified(localised(sent, f"{services.fhir_base}/"), found.id)
    issues = check(sent, profiles=services.profiles)
    issues = issues or homework.faults(former, sent, _speakers(asked, found)) + list(
        _results(ground, former, sent, found)
    )
    if issues:
        raise Unprocessable("The homework cannot be changed so.", issues=issues)
    return changed(act, found, homework.progressed(former, sent, instant(asked.at)))


def cancel(services: Services, asked: Asked, id: str, reason: str, *, version: int | None = None) -> Stored:
    """End homework that is not over, for a reason the patient reads. Raises NotFound for what is no homework of the
    clinician's organization, PreconditionFailed when `version` is not current, Unprocessable when it is over."""

    def decide(ground: Ground) -> list[Planned]:
        found = current(ground, "Task", id)
        if found is None or found.custodian_id != asked.caller.organization_id or not is_assigned(ground, found):
            raise NotFound
        if found.redacts:
            raise Forbidden(PARTLY_SEEN)
        if version not in (None, found.version):
            raise PreconditionFailed
        former = parse(found.text)
        if homework.is_over(former["status"]):
            raise Unprocessable("The homework is over already.")
        ended = homework.cancelled(former, reason)
        step = changed(Act.UPDATE, found, homework.progressed(former, ended, instant(asked.at)))
        check_all(services, [step.resource or {}])
        return [tell(ground, step)]

    with recorded(services, asked, Act.UPDATE, "Task"):
        check_reviewer(asked.caller)
        stored = carry_out(services, asked, decide)[0].stored
    assert stored is not None
    return stored


def _speakers(asked: Asked, found: Stored) -> frozenset[str]:
    """Under whose names the caller may sign: the own, and the patients'."""
    caller = asked.caller
    own = (("Device", caller.device_id), ("Practitioner", caller.practitioner_id))
    return frozenset([*(f"{kind}/{id}" for kind, id in own if id), *(f"Patient/{id}" for id in patients_in(found))])


def _results(ground: Ground, former: dict[str, Any], sent: dict[str, Any], found: Stored) -> Iterator[Issue]:
    """A result is kept here, and is of the same patient."""
    for number, output in homework.added(former, sent, "output"):
        target = literal(output.get("valueReference", {}).get("reference", ""))
        if target is not None and not _is_of_same_patient(ground, target.type, target.id, found):
            text = "A result is kept here, in the record of the same patient."
            yield Issue(text, f"Task.output[{number}].valueReference", "not-found")


def _is_of_same_patient(ground: Ground, type: str, id: str, found: Stored) -> bool:
    step = ground.beside.get(f"{type}/{id}")
    if step is not None:
        patients = patients_of(step.resource) if step.resource else ()
        return patients == patients_in(found)
    result = current(ground, type, id)
    return result is not None and not result.is_deleted and patients_in(result) == patients_in(found)
