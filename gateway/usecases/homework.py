"""Assigned homework lives on: a homework app, or the patient, tells how it goes; a clinician may cancel it.

A Task update or patch (https://hl7.org/fhir/R4/task.html) of a Task that an approval published, by whoever has the
scope for it, or what a patient tells on the own pages: `rules.homework` says what may change. Each version has its
Provenance, made in the same transaction; once it is done, the plan it comes from names its results.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.errors import Forbidden, Issue, NotFound, PreconditionFailed, Unprocessable
from gateway.fhir.check import check
from gateway.fhir.json import parse
from gateway.fhir.references import literal
from gateway.rules import homework
from gateway.rules.access import Caller
from gateway.rules.audit import Act
from gateway.rules.codes import instant
from gateway.rules.review import check_reviewer
from gateway.rules.scopes import allows
from gateway.rules.subjects import patients_of
from gateway.store.resources import Stored
from gateway.usecases.asked import Asked
from gateway.usecases.changes import Ground, Planned, Step, carry_out
from gateway.usecases.door import check_all
from gateway.usecases.fitting import identified, localised
from gateway.usecases.homework_results import name_results
from gateway.usecases.incoming import PARTLY_SEEN, is_assigned, is_homework_of
from gateway.usecases.known import current, patients_in
from gateway.usecases.refusals import recorded
from gateway.usecases.services import Services
from gateway.usecases.witnessing import changed, tell


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


def kept(ground: Ground, step: Step) -> Step:
    """The same step; with it go its Provenance, and of homework that is done the plan that names its results."""
    told = tell(ground, step)
    name_results(ground, told)
    return told


def tell_of_own(
    services: Services, asked: Asked, id: str, to: str | None, words: str = "", *, version: int | None = None
) -> Stored:
    """How the own homework goes, as its patient says: the status `to` (None: as it was), and words that the clinic
    reads. The statuses that lead there are passed through, each a version of its own; the words are with the last.

    Raises Forbidden for who may not act for herself, NotFound for what is not her homework, PreconditionFailed when
    `version` is not current, Unprocessable when the status cannot follow or the words cannot be kept."""

    def decide(ground: Ground) -> list[Planned]:
        found = _own(ground, id)
        if version not in (None, found.version):
            raise PreconditionFailed
        former = parse(found.text)
        ways = homework.way(former["status"], to) if to else (None,)
        if not ways:
            raise Unprocessable(issues=[Issue("This status cannot follow.", "Task.status", "business-rule")])
        first, *rest = ways
        patient = str(asked.caller.patient_id)
        sent = homework.told_by(patient, former, first, "" if rest else words, instant(asked.at))
        return [kept(ground, advance(ground, Act.UPDATE, sent, found))]

    with recorded(services, asked, Act.UPDATE, "Task"):
        check_teller(asked.caller)
        stored = carry_out(services, asked, decide)[0].stored
    assert stored is not None
    if to and parse(stored.text)["status"] != to:
        return tell_of_own(services, asked, id, to, words, version=stored.version)
    return stored


def check_teller(caller: Caller) -> None:
    """Raises Forbidden unless it is a patient, who may decide for herself or change her Tasks."""
    may_act = "consent" in caller.scopes or allows(caller.scopes, "Task", "u")
    if caller.patient_id is None or not may_act:
        raise Forbidden


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
        return [kept(ground, step)]

    with recorded(services, asked, Act.UPDATE, "Task"):
        check_reviewer(asked.caller)
        stored = carry_out(services, asked, decide)[0].stored
    assert stored is not None
    return stored


def _own(ground: Ground, id: str) -> Stored:
    """The homework of the patient who asks. Raises NotFound, Forbidden where she sees a part of it only."""
    caller, found = ground.asked.caller, current(ground, "Task", id)
    if found is None or found.custodian_id != caller.organization_id:
        raise NotFound
    if not is_homework_of(ground, found, str(caller.patient_id)):
        raise NotFound
    if found.redacts:
        raise Forbidden(PARTLY_SEEN)
    return found


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
