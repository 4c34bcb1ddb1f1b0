"""A Flag: that somebody's safety needs attention, said by a clinician. No machine ever makes one.

https://hl7.org/fhir/R4/flag.html; its Provenance: US Core 6.1.0
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from gateway.fhir.labels import MH, RESTRICTED, label
from gateway.rules.codes import (
    ACT_REASON,
    DATA_OPERATION,
    PARTICIPANT,
    TERMINOLOGY,
    US_CORE_PROVENANCE,
    concept,
    instant,
    reference,
)


def flag_of(id: str, patient_id: str, practitioner_id: str, text: str, at: datetime) -> dict[str, Any]:
    """An active safety flag in the clinician's own words."""
    made = {
        "resourceType": "Flag",
        "id": id,
        "status": "active",
        "category": [concept(f"{TERMINOLOGY}/flag-category", "safety", "Safety")],
        "code": {"text": text},
        "subject": reference("Patient", patient_id),
        "period": {"start": instant(at)},
        "author": reference("Practitioner", practitioner_id),
    }
    return label(made, RESTRICTED, MH)


def provenance_of(id: str, flag_id: str, practitioner_id: str, organization_id: str, at: datetime) -> dict[str, Any]:
    """Who raised the flag. That an alert led to it is the custodian's own business: the audit tells which."""
    author = {
        "type": concept(PARTICIPANT, "author"),
        "who": reference("Practitioner", practitioner_id),
        "onBehalfOf": reference("Organization", organization_id),
    }
    return {
        "resourceType": "Provenance",
        "id": id,
        "meta": {"profile": [US_CORE_PROVENANCE]},
        "target": [{"reference": f"Flag/{flag_id}/_history/1"}],
        "recorded": instant(at),
        "reason": [concept(ACT_REASON, "TREAT")],
        "activity": concept(DATA_OPERATION, "CREATE"),
        "agent": [author],
    }
