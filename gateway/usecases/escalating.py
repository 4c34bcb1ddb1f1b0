"""An alert that nobody acknowledges in time goes to the custodian's endpoint once more, and is marked in the queue."""

from __future__ import annotations

from datetime import timedelta

import structlog

from gateway.events import Event
from gateway.rules.audit import Act, AuditEntry
from gateway.store import alerts, deliveries
from gateway.store.alerts import Alert
from gateway.usecases.alerting import ESCALATED, notice_of
from gateway.usecases.delivering import AT_ONCE, worker
from gateway.usecases.services import Services

_log = structlog.get_logger()


def escalate(services: Services, patience: timedelta) -> int:
    """Escalate some of what was raised longer than `patience` ago; how many."""
    before = services.clock() - patience
    with services.database.read() as db:
        if not alerts.any_unheard(db, before):
            return 0

    def entry(of: Alert) -> AuditEntry:
        asked, detail = worker(services, of.custodian_id), {"alert": of.id}
        return asked.entry(Act.ESCALATE, None, patient_id=of.patient_id, detail=detail)

    with services.database.write() as writer:
        found = alerts.escalate(writer, entry, before=before, count=AT_ONCE)
        for each in found:
            deliveries.queue(writer, entry(each), notice_of(each, ESCALATED))
    for each in found:
        _log.warning(Event.ALERT_ESCALATED, alert=each.id)
    return len(found)
