"""A Consent made from what a person fills in: who may receive, for which purpose, how long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.fhir.labels import RESTRICTED, label
from gateway.rules import purposes
from gateway.rules.codes import LOINC, concept, instant, reference
from gateway.rules.consent_admission import CATEGORY, POLICY, PROFILE, RECIPIENT, ROLE_SYSTEM, SCOPE, SCOPE_SYSTEM


@dataclass(frozen=True, slots=True)
class Form:
    """`patient` lets `recipient` (an organization) have the record for `purpose`, from `start` to `end`, if given.

    `start` and `end` are FHIR dates. `source` says where the signed form is kept.
    """

    patient: str
    recipient: str
    purpose: str
    start: str
    end: str | None = None
    source: str = "Recorded at the gateway"


def consent_of(form: Form, id: str, custodian_id: str, at: datetime) -> dict[str, Any]:
    """The active Consent, in the Basic profile of IHE Privacy Consent on FHIR."""
    consent = {
        "resourceType": "Consent",
        "id": id,
        "meta": {"profile": [PROFILE]},
        "status": "active",
        "scope": concept(SCOPE_SYSTEM, SCOPE),
        "category": [concept(LOINC, CATEGORY)],
        "patient": reference("Patient", form.patient),
        "dateTime": instant(at),
        "performer": [reference("Patient", form.patient)],
        "organization": [reference("Organization", custodian_id)],
        "sourceAttachment": {"title": form.source},
        "policy": [{"uri": POLICY}],
        "provision": {
            "type": "permit",
            "period": {"start": form.start} | ({"end": form.end} if form.end else {}),
            "actor": [
                {"role": concept(ROLE_SYSTEM, RECIPIENT), "reference": reference("Organization", form.recipient)}
            ],
            "purpose": [{"system": purposes.SYSTEM, "code": form.purpose}],
        },
    }
    return label(consent, RESTRICTED)
