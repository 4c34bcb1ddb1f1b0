"""Consents: grant, revoke, list. The Consent, the rows queries join and the audit entry are one transaction."""

from __future__ import annotations

import uuid

import structlog

from gateway.errors import Issue, NotFound, Unprocessable
from gateway.events import Event
from gateway.fhir.check import check
from gateway.fhir.json import parse
from gateway.rules import consent as rules
from gateway.rules.audit import Act
from gateway.rules.consent_form import Form, consent_of
from gateway.store import consents, registry, resources
from gateway.store.database import Reader
from gateway.store.resources import New, Stored
from gateway.usecases.asked import Asked
from gateway.usecases.refusals import recorded
from gateway.usecases.services import Services

_log = structlog.get_logger()


def grant(services: Services, asked: Asked, form: Form) -> Stored:
    """Record what a patient of the caller's organization permits. Refuses with Unprocessable."""
    custodian_id = asked.caller.organization_id
    consent = consent_of(form, str(uuid.uuid4()), custodian_id, asked.at)
    target = f"Consent/{consent['id']}/_history/1"
    with recorded(services, asked, Act.CONSENT), services.database.write() as writer:
        issues = rules.admit(consent) or check(consent, profiles=services.profiles) or _unknown(writer, asked, form)
        if issues:
            raise Unprocessable("The consent cannot be recorded.", issues=issues)
        detail = {"recipient": f"Organization/{form.recipient}", "purpose": form.purpose}
        entry = asked.entry(Act.CONSENT, target, patient_id=form.patient, custodian_id=custodian_id, detail=detail)
        stored = resources.publish(writer, entry, New(consent, form.patient, custodian_id))
        consents.enforce(writer, entry, stored.id, rules.compile(consent, stored.version))
    _log.info(Event.CONSENT_RECORDED, consent=stored.id)
    return stored


def revoke(services: Services, asked: Asked, consent_id: str) -> Stored:
    """End a consent from the next request on, in every process; ending it again changes nothing.

    Refuses with NotFound for a consent that is not one of the caller's organization.
    """
    with recorded(services, asked, Act.REVOKE, f"Consent/{consent_id}"), services.database.write() as writer:
        found = resources.read(writer, asked.visibility, "Consent", consent_id)
        if found is None or found.custodian_id != asked.caller.organization_id:
            raise NotFound
        consent = parse(found.text)
        if consent["status"] == "inactive":
            return found
        target = f"Consent/{consent_id}/_history/{found.version + 1}"
        entry = asked.entry(Act.REVOKE, target, patient_id=found.patient_id, custodian_id=found.custodian_id)
        ended = {**consent, "status": "inactive"}
        stored = resources.publish(writer, entry, New(ended, found.patient_id, found.custodian_id, "PUT"))
        consents.enforce(writer, entry, consent_id, [])
    _log.info(Event.CONSENT_REVOKED, consent=consent_id)
    return stored


def of_patient(services: Services, asked: Asked, patient_id: str) -> list[Stored]:
    """The patient's consents, newest first. Refuses with NotFound unless the caller's organization is the custodian."""
    with recorded(services, asked, Act.SEARCH, "Consent"):
        with services.database.read() as db:
            if registry.patient(db, asked.visibility, patient_id) is None:
                raise NotFound
            found = consents.of_patient(db, asked.visibility, patient_id)
        custodian_id = asked.caller.organization_id
        entry = asked.entry(Act.SEARCH, "Consent", patient_id=patient_id, custodian_id=custodian_id)
        services.journal.record([entry]).result()
    return found


def _unknown(db: Reader, asked: Asked, form: Form) -> list[Issue]:
    issues = []
    if registry.patient(db, asked.visibility, form.patient) is None:
        issues.append(Issue("No such patient of this organization.", "Consent.patient", "not-found"))
    if registry.organization(db, form.recipient) is None:
        place = "Consent.provision.actor[0].reference"
        issues.append(Issue("No such organization is known here.", place, "not-found"))
    return issues
