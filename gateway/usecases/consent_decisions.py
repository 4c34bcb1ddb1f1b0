"""Who may see what, and why: the decision as it would be made for somebody, in words and with what it rests on.

The custodian's staff asks about its patients, a patient about the own record. What is asked about is not given out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.errors import Issue, NotFound, Unprocessable
from gateway.fhir.json import parse
from gateway.fhir.references import literal
from gateway.rules import purposes
from gateway.rules.access import Visibility
from gateway.rules.audit import Act, AuditEntry, Outcome
from gateway.rules.consent import Decision
from gateway.rules.consent_words import sentence_of
from gateway.store import belonging, resources
from gateway.store.database import Reader
from gateway.store.deciding import Judge
from gateway.store.resources import Stored
from gateway.usecases.asked import Asked
from gateway.usecases.belonging import LINKS
from gateway.usecases.changes import Ground
from gateway.usecases.consent_names import name_of, resource_of
from gateway.usecases.disclosures import patients_of
from gateway.usecases.known import is_own_patient
from gateway.usecases.refusals import recorded
from gateway.usecases.services import Services

_ASKED_ABOUT = frozenset({"Organization", "Practitioner", "PractitionerRole", "Device", "Patient"})


@dataclass(frozen=True, slots=True)
class Question:
    """May `who` (a reference), working for `organization`, see `what` of the patient: a resource, or all of a type?"""

    patient: str
    what: str
    who: str
    purpose: str
    organization: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """One decision, on `count` resources."""

    decision: Decision
    count: int
    words: str


@dataclass(frozen=True, slots=True)
class Rulings:
    """All decisions on what was asked about, at this moment."""

    at: datetime
    each: tuple[Ruling, ...]

    @property
    def verdict(self) -> str:
        """permit, deny, or partly; of nothing at all, deny."""
        permits = {ruling.decision.permits for ruling in self.each} or {False}
        return "partly" if len(permits) > 1 else "permit" if permits == {True} else "deny"


def decide(services: Services, asked: Asked, question: Question) -> Rulings:
    """Decide, and record who wanted to know. Refuses with NotFound for what is not the caller's to ask about, and with
    Unprocessable for a question that cannot be answered."""
    with recorded(services, asked, Act.DECIDE, question.what):
        with services.database.read() as db:
            rows = _rows(services, asked, db, question)
            sight = _sight(asked, db, question)
            judge = Judge(db, sight)
            counts = Counter(judge.decide(row) for row in rows)
            who = name_of(db, asked, question.who)
        what = question.what if "/" in question.what else f"{question.what} resources"
        each = (Ruling(one, count, sentence_of(one, who, sight.purpose, what)) for one, count in counts.items())
        rulings = Rulings(sight.at, tuple(each))
        services.journal.record(_entries(asked, question, sight, rows, rulings)).result()
    return rulings


def _rows(services: Services, asked: Asked, db: Reader, question: Question) -> list[Stored]:
    """What it is about: of the patient, whose record the caller's organization keeps, or who is the caller."""
    if not is_own_patient(Ground(services, asked, db), question.patient):
        raise NotFound
    named = literal(question.what)
    if named is None:
        return _of_type(asked, db, question)
    found = resources.read(db, asked.visibility, named.type, named.id)
    is_there = found is not None and not found.is_deleted and found.custodian_id == asked.caller.organization_id
    if found is None or not is_there or question.patient not in patients_of(found):
        raise NotFound
    return [found]


def _of_type(asked: Asked, db: Reader, question: Question) -> list[Stored]:
    if question.what not in LINKS:
        raise Unprocessable(issues=[Issue("No type of resources that are about a patient.", "body.what", "value")])
    links = ((question.what, LINKS[question.what]),)
    return belonging.compartment(db, asked.visibility, question.patient, links)


def _sight(asked: Asked, db: Reader, question: Question) -> Visibility:
    """With whose eyes to look. Raises Unprocessable for somebody unknown, and for the past."""
    at = question.at or asked.at
    if question.purpose not in purposes.PURPOSES:
        raise Unprocessable(issues=[Issue("This is no purpose of use of v3-ActReason.", "body.purpose", "value")])
    if at < asked.at:
        raise Unprocessable(issues=[Issue("What was decided is in the audit log.", "body.at", "value")])
    type, _, id = question.who.partition("/")
    if type not in _ASKED_ABOUT:
        raise Unprocessable(issues=[Issue("Ask about one person, device or organization.", "body.who", "value")])
    found = resource_of(db, asked, question.who)
    if found is None:
        raise Unprocessable(issues=[Issue("Nobody of that kind is known here.", "body.who", "not-found")])
    organization = question.organization
    if organization is not None and resource_of(db, asked, organization) is None:
        raise Unprocessable(issues=[Issue("No such organization is known here.", "body.organization", "not-found")])
    if type == "PractitionerRole":
        role = parse(found.text)
        id = _id(role.get("practitioner", {}).get("reference"))
        organization = role.get("organization", {}).get("reference")
    return Visibility(
        id if type == "Organization" else _id(organization),
        question.purpose,
        at,
        practitioner_id=id if type in ("Practitioner", "PractitionerRole") else None,
        device_id=id if type == "Device" else None,
        patient_id=id if type == "Patient" else None,
    )


def _id(reference: str | None) -> str:
    """Nobody's, for those who speak for no organization."""
    return (reference or "").partition("/")[2]


def _entries(
    asked: Asked, question: Question, sight: Visibility, rows: Sequence[Stored], rulings: Rulings
) -> list[AuditEntry]:
    reasons = dict.fromkeys(str(reason) for ruling in rulings.each for reason in ruling.decision.reasons)
    detail = {"who": question.who, "for": question.purpose, "verdict": rulings.verdict, "consents": list(reasons)}
    if sight.organization_id:
        detail["organization"] = f"Organization/{sight.organization_id}"
    outcome = Outcome.DENIED if rulings.verdict == "deny" else Outcome.DONE
    patients = dict.fromkeys([question.patient, *(patient for row in rows for patient in patients_of(row))])
    return [
        asked.entry(
            Act.DECIDE,
            question.what,
            outcome=outcome,
            patient_id=patient,
            custodian_id=asked.caller.organization_id,
            detail=detail,
        )
        for patient in patients
    ]
