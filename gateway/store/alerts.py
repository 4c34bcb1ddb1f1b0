"""Alerts: that something in a draft or in the record is to be heard of at once, by whom it was, and when. No content.

Never on the FHIR API: the custodian's clinicians see them, and nobody else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from gateway.rules.access import ReviewerSight
from gateway.rules.audit import AuditEntry
from gateway.store.audit import record
from gateway.store.database import Reader, Writer
from gateway.store.statements import Prepared, up_to
from gateway.store.tables import alert
from gateway.store.times import micros, moment


@dataclass(frozen=True, slots=True)
class Alert:
    """`finding` is a code of `rules.risk`; it was found in a draft, or in a resource of the record."""

    id: str
    patient_id: str
    custodian_id: str
    finding: str
    raised_at: datetime
    draft_id: str | None = None
    type: str | None = None
    resource_id: str | None = None
    escalated_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    flag_id: str | None = None

    @property
    def reference(self) -> str:
        """What deliveries and the audit name it by."""
        return f"Alert/{self.id}"


_FIELDS = tuple(Alert.__slots__)
_TIMES = ("raised_at", "escalated_at", "acknowledged_at")
_ALL = select(*(alert.c[name] for name in _FIELDS))
_OWN = _ALL.where(alert.c.custodian_id == bindparam("custodian_id"))
_BY_ID = Prepared(_OWN.where(alert.c.id == bindparam("id")))
_OPEN = Prepared(
    _OWN.where(alert.c.acknowledged_at.is_(None)).order_by(alert.c.raised_at, alert.c.id).limit(up_to("count"))
)
_HEARD = Prepared(
    _OWN.where(alert.c.acknowledged_at.is_not(None))
    .order_by(alert.c.acknowledged_at.desc(), alert.c.id)
    .limit(up_to("count"))
)
_UNHEARD = _ALL.where(
    alert.c.acknowledged_at.is_(None), alert.c.escalated_at.is_(None), alert.c.raised_at <= bindparam("before")
)
_ANY_UNHEARD = Prepared(_UNHEARD.limit(up_to(1)))
_NEXT_UNHEARD = Prepared(
    _UNHEARD.order_by(alert.c.raised_at).limit(up_to("count")).with_for_update(skip_locked=True)  # on PostgreSQL
)
_INSERT = Prepared(insert(alert), _FIELDS)
_ACKNOWLEDGE = Prepared(
    update(alert)
    .where(alert.c.id == bindparam("the_id"), alert.c.acknowledged_at.is_(None))
    .values(acknowledged_at=bindparam("now"), acknowledged_by=bindparam("by"))
)
_ESCALATE = Prepared(update(alert).where(alert.c.id == bindparam("the_id")).values(escalated_at=bindparam("now")))
_FLAG = Prepared(
    update(alert).where(alert.c.id == bindparam("the_id"), alert.c.flag_id.is_(None)).values(flag_id=bindparam("flag"))
)


def read(db: Reader, visibility: ReviewerSight, id: str) -> Alert | None:
    row = db.one(_BY_ID, {"id": id, "custodian_id": visibility.organization_id})
    return _alert(row) if row else None


def queue(db: Reader, visibility: ReviewerSight, *, acknowledged: bool, count: int) -> list[Alert]:
    """The custodian's alerts: those nobody has acknowledged, the oldest first; of the others the latest first."""
    values = {"custodian_id": visibility.organization_id, "count": count}
    return [_alert(row) for row in db.all(_HEARD if acknowledged else _OPEN, values)]


def any_unheard(db: Reader, before: datetime) -> bool:
    """Whether one raised before that waits for an acknowledgement, and was not escalated yet."""
    return db.one(_ANY_UNHEARD, {"before": micros(before)}) is not None


def add(writer: Writer, audit: AuditEntry, new: Alert) -> None:
    values = {name: getattr(new, name) for name in _FIELDS}
    writer.run(_INSERT, values | {name: micros(values[name]) for name in _TIMES if values[name] is not None})
    record(writer, audit)


def escalate(writer: Writer, audit: Callable[[Alert], AuditEntry], *, before: datetime, count: int) -> list[Alert]:
    """Mark those that were raised before that and nobody has acknowledged. An entry for each."""
    found = [_alert(row) for row in writer.all(_NEXT_UNHEARD, {"before": micros(before), "count": count})]
    for each in found:
        writer.run(_ESCALATE, {"the_id": each.id, "now": micros(writer.at)})
        record(writer, audit(each))
    return found


def acknowledge(writer: Writer, audit: AuditEntry, id: str, by: str) -> bool:
    """False when somebody has acknowledged it before; then it stays as it is."""
    record(writer, audit)
    return writer.run(_ACKNOWLEDGE, {"the_id": id, "now": micros(writer.at), "by": by}) == 1


def flag(writer: Writer, audit: AuditEntry, id: str, flag_id: str) -> bool:
    """Remember the Flag that was made of it; False when there is one."""
    record(writer, audit)
    return writer.run(_FLAG, {"the_id": id, "flag": flag_id}) == 1


def _alert(row: tuple[Any, ...]) -> Alert:
    values = dict(zip(_FIELDS, row, strict=True))
    return Alert(**values | {name: moment(values[name]) for name in _TIMES if values[name] is not None})
