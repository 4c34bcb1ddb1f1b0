"""Whether AI may process what a patient said: asked before a submission is looked at, and again before it is kept.

Of what a patient refused nothing stays but the record that it was refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import structlog

from gateway.errors import Forbidden, Unprocessable
from gateway.events import Event
from gateway.fhir import json
from gateway.fhir.references import ID
from gateway.rules.access import Visibility
from gateway.rules.attribution import attribution_of
from gateway.rules.audit import Act, Outcome
from gateway.rules.consent import Decision, Reason, Verdict, decide_processing
from gateway.store import clients, registry, submissions
from gateway.store.database import Reader
from gateway.store.deciding import rules_of
from gateway.store.submissions import Part
from gateway.usecases.asked import Asked
from gateway.usecases.context import NAME, check_context, patients_of
from gateway.usecases.services import Services

_log = structlog.get_logger()


class ProcessingRefused(Forbidden):
    """A patient has refused AI processing, or has not permitted it where it has to be permitted."""

    words = "The patient does not permit that AI processes this; nothing of it is kept."

    def __init__(self, patient_id: str, decision: Decision) -> None:
        super().__init__()
        self.patient_id = patient_id
        self.decision = decision


@dataclass(frozen=True, slots=True)
class Concerned:
    """Whom a payload is about as far as it says so, however faulty it is otherwise, and who processes it: the sender,
    and the Device of the model. What an app that is no AI carries is processed by none."""

    patients: tuple[str, ...]
    senders: tuple[Visibility, ...]
    is_ai: bool = True


def concerned(db: Reader, asked: Asked, client_id: str, parts: Sequence[Part], max_depth: int) -> Concerned:
    """`client_id` is who sent the parts, whoever tries them again."""
    context = next((_context(part, max_depth) for part in parts if part.name == NAME), {})
    client = clients.client_of(db, client_id)
    sender = asked.visibility
    if client is not None:
        sender = replace(sender, purpose=client.purpose, device_id=client.device_id)
    model = _model(context, asked.caller.organization_id)
    senders = (sender, replace(sender, device_id=model)) if model else (sender,)
    meant = (_meant(db, asked.visibility, wanted) for _, wanted in patients_of(context))
    return Concerned(tuple(dict.fromkeys(id for ids in meant for id in ids)), senders, _is_ai(context))


def check(services: Services, db: Reader, about: Concerned) -> tuple[Reason, ...]:
    """The provisions that permit it; none where only the policy does. Raises ProcessingRefused for the first patient
    who refuses one of those who process it, or permits none."""
    reasons: list[Reason] = []
    for patient_id in about.patients if about.is_ai else ():
        answers = [
            decide_processing(each, rules_of(db, each, patient_id), is_opt_in=services.ai_needs_consent)
            for each in about.senders
        ]
        refusals = [answer for answer in answers if not answer.permits]
        if any(answer.verdict is Verdict.DENY for answer in refusals) or len(refusals) == len(answers):
            raise ProcessingRefused(patient_id, refusals[0])
        reasons += [reason for answer in answers for reason in answer.reasons]
    return tuple(dict.fromkeys(reasons))


def may_keep(services: Services, about: Concerned) -> bool:
    """Whether what did not fit may be kept to be tried again: where silence forbids, of known patients only; of what
    came without a model, which may be an AI's nevertheless, only where the patient lets an AI process it."""
    try:
        with services.database.read() as db:
            check(services, db, replace(about, is_ai=True))
    except ProcessingRefused:
        return False
    return bool(about.patients) or not services.ai_needs_consent


@contextmanager
def permitted(services: Services, asked: Asked, about: Concerned, submission_id: str) -> Iterator[None]:
    """The block takes in what is permitted. Where it is not, before or meanwhile: what an earlier, faulty attempt left
    is forgotten, the refusal recorded and raised."""
    try:
        with services.database.read() as db:
            check(services, db, about)
        yield
    except ProcessingRefused as refusal:
        reasons = [str(reason) for reason in refusal.decision.reasons]
        detail = {"reason": refusal.code} | ({"consents": reasons} if reasons else {})
        denied = asked.entry(Act.SUBMIT, None, outcome=Outcome.DENIED, patient_id=refusal.patient_id, detail=detail)
        with services.database.write() as writer:
            submissions.forget(writer, denied, submission_id)
        _log.info(Event.PROCESSING_REFUSED)
        raise


def _context(part: Part, max_depth: int) -> dict[str, Any]:
    try:
        found = json.parse(part.data, max_depth=max_depth)
    except json.JsonFault:
        return {}
    return found if isinstance(found, dict) else {}


def _is_ai(context: Mapping[str, Any]) -> bool:
    return "model" in context or "source" not in context


def _model(context: Mapping[str, Any], organization_id: str) -> str | None:
    """The Device that the model is known by; None while the context has faults."""
    try:
        return attribution_of(check_context({NAME: context}), organization_id).device_id
    except Unprocessable:
        return None


def _meant(db: Reader, visibility: Visibility, wanted: Any) -> tuple[str, ...]:
    """The custodian's patients that one entry may mean; several where an identifier is ambiguous."""
    if not isinstance(wanted, dict):
        return ()
    reference, identifier = wanted.get("reference"), wanted.get("identifier")
    if isinstance(reference, str) and ID.match(reference.partition("/")[2]):
        found = registry.patient(db, visibility, reference.partition("/")[2])
        return (found.id,) if found else ()
    if isinstance(identifier, dict) and all(isinstance(identifier.get(name), str) for name in ("system", "value")):
        named = registry.patients_identified(db, visibility, identifier["system"], identifier["value"])
        return tuple(found.id for found in named)
    return ()
