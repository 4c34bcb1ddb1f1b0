"""The audit log as the FHIR API gives it out: each row an AuditEvent, made when it is asked for."""

from __future__ import annotations

from gateway.fhir.json import dump
from gateway.rules.balp import render
from gateway.store.audit_log import Logged
from gateway.store.resources import Stored
from gateway.store.times import micros


def event_of(row: Logged, base: str) -> Stored:
    """The AuditEvent of a row, in the form of everything else that is read; its only version is the first."""
    event = render(row.recorded, base)
    return Stored(
        pk=row.pk,
        type="AuditEvent",
        id=row.recorded.id,
        version=1,
        updated_micros=micros(row.recorded.at),
        patient_id=row.recorded.patient_id,
        custodian_id=row.custodian_id,
        confidentiality="R",
        is_deleted=False,
        text=dump(event),
        method="POST",
    )
