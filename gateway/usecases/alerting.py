"""Risk at once: what comes in and tells of one raises an alert, in the transaction that keeps it.

The alert waits in the queue of the custodian's clinicians, and a notice of it goes to the custodian's own endpoint.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from gateway.fhir.json import parse
from gateway.rules.audit import Act, AuditEntry
from gateway.rules.risk import LONG_AGO, Risk, risks_in, worse_than
from gateway.store import alerts, deliveries
from gateway.store.alerts import Alert
from gateway.store.database import Writer
from gateway.store.deliveries import Notice
from gateway.store.drafts import Draft
from gateway.store.resources import Stored

RAISED, ESCALATED = "alert", "alert-escalated"


class Source(NamedTuple):
    """Where it was found: in a draft, or in a resource of the record."""

    draft_id: str | None
    type: str | None = None
    resource_id: str | None = None


def notice_of(alert: Alert, kind: str) -> Notice:
    """What the custodian is told: that there is an alert, and nothing of whom it is about."""
    return Notice(kind, alert.custodian_id, alert.custodian_id, alert.reference, {"alert": alert.id})


def draft_kept(writer: Writer, cause: AuditEntry, draft: Draft, resources: Iterable[Mapping[str, Any]]) -> None:
    """To be called when a draft is kept; `cause` is what records that."""
    _raise(writer, cause, risks_in(resources), draft.patients, draft.custodian_id, Source(draft_id=draft.id))


def draft_amended(
    writer: Writer,
    cause: AuditEntry,
    draft: Draft,
    resources: Iterable[Mapping[str, Any]],
    former: Iterable[Mapping[str, Any]],
) -> None:
    """To be called when a revision is kept: what it tells worse than the one before it is heard of by all. What it no
    longer tells stays in the queue until somebody acknowledges it."""
    risks = worse_than(risks_in(resources), risks_in(former))
    _raise(writer, cause, risks, draft.patients, draft.custodian_id, Source(draft_id=draft.id))


def version_kept(
    writer: Writer,
    cause: AuditEntry,
    resource: Mapping[str, Any],
    former: Stored | None,
    patients: Sequence[str],
    custodian_id: str,
) -> None:
    """To be called when a version is written over the FHIR API. What the one before told was heard of then, unless it
    has become worse; and what is brought from long ago alarms nobody."""
    risks = risks_in([resource], since=writer.at - LONG_AGO)
    if risks and former is not None and not former.is_deleted:
        risks = worse_than(risks, risks_in([parse(former.text)], since=former.updated_at - LONG_AGO))
    source = Source(None, resource["resourceType"], resource["id"])
    _raise(writer, cause, risks, patients, custodian_id, source)


def _raise(
    writer: Writer,
    cause: AuditEntry,
    risks: Iterable[Risk],
    patients: Sequence[str],
    custodian_id: str,
    source: Source,
) -> None:
    """One alert for each finding and patient; what names none of the patients may be about each of them."""
    concerned = dict.fromkeys(
        (risk.finding, patient)
        for risk in sorted(risks, key=str)
        for patient in patients
        if risk.patient_id == patient or risk.patient_id not in patients
    )
    for finding, patient in concerned:
        alert = Alert(str(uuid.uuid4()), patient, custodian_id, finding.value, writer.at, *source)
        detail = {"alert": alert.id}
        entry = replace(
            cause,
            act=Act.ALERT,
            target=None,
            patient_id=patient,
            others=(),
            custodian_id=custodian_id,
            detail=detail,
        )
        alerts.add(writer, entry, alert)
        deliveries.queue(writer, entry, notice_of(alert, RAISED))
