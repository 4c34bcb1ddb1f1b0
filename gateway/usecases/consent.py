"""Consents: grant, revoke, list. The Consent, the rows queries join and the audit entry are one transaction.

The custodian's staff does so for its patients, a patient for the own record.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import structlog

from gateway.errors import Issue, NotFound, Unprocessable
from gateway.events import Event
from gateway.fhir.json import parse
from gateway.rules.audit import Act
from gateway.rules.consent_form import Form, consent_of
from gateway.store import consents
from gateway.store.resources import Stored
from gateway.usecases.asked import Asked
from gateway.usecases.changes import Ground, Planned, Written, carry_out
from gateway.usecases.consent_references import faults_of
from gateway.usecases.fitting import fit
from gateway.usecases.known import current, is_own_patient
from gateway.usecases.refusals import recorded
from gateway.usecases.services import Services

_log = structlog.get_logger()


def grant(services: Services, asked: Asked, form: Form) -> Stored:
    """Record what a patient of the caller's organization decides. Refuses with Unprocessable."""
    id = str(uuid.uuid4())

    def decide(ground: Ground) -> list[Planned]:
        return [ground.plan(fit(ground, Act.CONSENT, drawn_up(ground, form, id), id=id))]

    with recorded(services, asked, Act.CONSENT):
        stored = _stored(carry_out(services, asked, decide))
    _log.info(Event.CONSENT_RECORDED, consent=stored.id)
    return stored


def drawn_up(ground: Ground, form: Form, id: str) -> dict[str, Any]:
    """The Consent that a form makes. Raises Unprocessable with every fault."""
    asked = ground.asked
    consent = consent_of(form, id, asked.caller.organization_id, asked.at)
    if issues := [*_not_the_callers(ground, form), *faults_of(ground, consent)]:
        raise Unprocessable("The consent cannot be recorded.", issues=issues)
    return consent


def revoke(services: Services, asked: Asked, consent_id: str) -> Stored:
    """End a consent from the next request on, in every process; ending it again changes nothing.

    Refuses with NotFound for a consent that is not one of the caller's organization.
    """

    def decide(ground: Ground) -> list[Planned]:
        found = current(ground, "Consent", consent_id)
        if found is None or not manages(asked, found):
            raise NotFound
        ended = parse(found.text)
        if ended["status"] != "active":
            return [found]
        ended["status"] = "inactive"
        return [ground.plan(fit(ground, Act.REVOKE, ended, id=consent_id, former=found))]

    with recorded(services, asked, Act.REVOKE, f"Consent/{consent_id}"):
        stored = _stored(carry_out(services, asked, decide))
    _log.info(Event.CONSENT_REVOKED, consent=consent_id)
    return stored


def of_patient(services: Services, asked: Asked, patient_id: str) -> list[Stored]:
    """The patient's consents, newest first. Refuses with NotFound unless the caller's organization is the custodian."""
    with recorded(services, asked, Act.SEARCH, "Consent"):
        with services.database.read() as db:
            if not is_own_patient(Ground(services, asked, db), patient_id):
                raise NotFound
            found = consents.of_patient(db, asked.visibility, patient_id)
        custodian_id = asked.caller.organization_id
        entry = asked.entry(Act.SEARCH, "Consent", patient_id=patient_id, custodian_id=custodian_id)
        services.journal.record([entry]).result()
    return found


def _not_the_callers(ground: Ground, form: Form) -> Iterator[Issue]:
    if not is_own_patient(ground, form.patient):
        yield Issue("No such patient of this organization.", "Consent.patient", "not-found")
    if ground.asked.caller.patient_id is not None and form.performer is not None:
        yield Issue("A patient consents in the own name.", "Consent.performer", "business-rule")


def manages(asked: Asked, consent: Stored) -> bool:
    """Whether a Consent that the caller can see is the caller's to manage: a patient manages the own, nobody else's."""
    is_custodians = consent.custodian_id == asked.caller.organization_id
    return is_custodians and asked.caller.patient_id in (None, consent.patient_id)


def _stored(written: tuple[Written, ...]) -> Stored:
    stored = written[0].stored
    assert stored is not None
    return stored
