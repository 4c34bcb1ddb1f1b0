"""The outbox: what organizations are told is a row of the transaction that made it so, and goes out at least once.

A delivery holds kind and ids, never content. Whoever takes one counts an attempt and puts it off by a lease: when the
process ends before the outcome is kept, it falls due again and is sent once more, under the same id.
https://microservices.io/patterns/data/transactional-outbox.html
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from gateway.fhir.json import dump
from gateway.rules.access import ReviewerSight
from gateway.rules.audit import AuditEntry
from gateway.store.audit import record
from gateway.store.database import Reader, Writer
from gateway.store.statements import Prepared, up_to
from gateway.store.tables import delivery, endpoint
from gateway.store.times import instant, micros, moment


@dataclass(frozen=True, slots=True)
class Notice:
    """What `custodian_id` tells an organization: that something of a kind happened to `about`, a reference such as
    `Alert/…`; `ids` are whatever else it needs to ask further."""

    kind: str
    custodian_id: str
    organization_id: str
    about: str
    ids: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A notice on its way. `due_at` is None once it was delivered, and while the organization has no endpoint."""

    id: str
    custodian_id: str
    organization_id: str
    kind: str
    about: str
    body: bytes
    queued_at: datetime
    due_at: datetime | None
    attempts: int
    last_status: int | None = None
    delivered_at: datetime | None = None


_FIELDS = tuple(Delivery.__slots__)
_TIMES = ("queued_at", "due_at", "delivered_at")
_ALL = select(*(delivery.c[name] for name in _FIELDS))
_INSERT = Prepared(insert(delivery), _FIELDS)
_ABOUT = Prepared(
    _ALL.where(
        delivery.c.about == bindparam("about"),
        delivery.c.custodian_id == bindparam("custodian_id"),
    ).order_by(delivery.c.queued_at, delivery.c.id)
)
_WAITING = Prepared(
    _ALL.where(
        delivery.c.organization_id == bindparam("organization_id"),
        delivery.c.delivered_at.is_(None),
    )
    .order_by(delivery.c.queued_at, delivery.c.id)
    .limit(up_to("count"))
)
_DUE = _ALL.where(delivery.c.due_at.is_not(None), delivery.c.due_at <= bindparam("at"))
_ANY_DUE = Prepared(_DUE.limit(up_to(1)))
_NEXT_DUE = Prepared(
    _DUE.order_by(delivery.c.due_at).limit(up_to("count")).with_for_update(skip_locked=True)  # on PostgreSQL
)
_HAS_ENDPOINT = Prepared(
    select(endpoint.c.organization_id).where(endpoint.c.organization_id == bindparam("organization_id"))
)
_LEASE = Prepared(
    update(delivery)
    .where(delivery.c.id == bindparam("the_id"))
    .values(due_at=bindparam("until"), attempts=delivery.c.attempts + 1)
)
_DELIVERED = Prepared(
    update(delivery)
    .where(delivery.c.id == bindparam("the_id"), delivery.c.delivered_at.is_(None))
    .values(due_at=None, delivered_at=bindparam("now"), last_status=bindparam("status"))
)
_FAILED = Prepared(
    update(delivery)
    .where(
        delivery.c.id == bindparam("the_id"),
        delivery.c.attempts == bindparam("attempt"),  # unless the lease had ended, and somebody else has it
        delivery.c.delivered_at.is_(None),
    )
    .values(due_at=bindparam("again"), last_status=bindparam("status"))
)


def queue(writer: Writer, audit: AuditEntry, notice: Notice) -> str:
    """The id of a new delivery: due at once, or, when the organization has no endpoint, as soon as it has one."""
    writer.alone()  # no endpoint comes between
    has_endpoint = writer.one(_HAS_ENDPOINT, {"organization_id": notice.organization_id}) is not None
    id, at = str(uuid.uuid4()), micros(writer.at)
    told = {"id": id, "kind": notice.kind, "about": notice.about, **notice.ids, "at": instant(at)}
    values = {
        "id": id,
        "custodian_id": notice.custodian_id,
        "organization_id": notice.organization_id,
        "kind": notice.kind,
        "about": notice.about,
        "body": dump(told),
        "queued_at": at,
        "due_at": at if has_endpoint else None,
        "attempts": 0,
        "last_status": None,
        "delivered_at": None,
    }
    writer.run(_INSERT, values)
    record(writer, audit)
    return id


def about(db: Reader, visibility: ReviewerSight, reference: str) -> list[Delivery]:
    """Whom the custodian told of something, or is still to tell, in the order in which it was said."""
    values = {"about": reference, "custodian_id": visibility.organization_id}
    return [_delivery(row) for row in db.all(_ABOUT, values)]


def waiting(db: Reader, organization_id: str, *, count: int) -> list[Delivery]:
    """What has not reached the endpoint of an organization yet, the longest waiting first."""
    return [_delivery(row) for row in db.all(_WAITING, {"organization_id": organization_id, "count": count})]


def any_due(db: Reader, at: datetime) -> bool:
    return db.one(_ANY_DUE, {"at": micros(at)}) is not None


def take(writer: Writer, audit: Callable[[Delivery], AuditEntry], *, until: datetime, count: int) -> list[Delivery]:
    """What is due, counted as attempts and leased: nobody else takes it before `until`. An entry for each."""
    found = [_delivery(row) for row in writer.all(_NEXT_DUE, {"at": micros(writer.at), "count": count})]
    for each in found:
        writer.run(_LEASE, {"the_id": each.id, "until": micros(until)})
        record(writer, audit(each))
    return found


def delivered(writer: Writer, audit: AuditEntry, taken: Delivery, status: int) -> None:
    """It has arrived, whoever else has taken it meanwhile."""
    writer.run(_DELIVERED, {"the_id": taken.id, "now": micros(writer.at), "status": status})
    record(writer, audit)


def failed(writer: Writer, audit: AuditEntry, taken: Delivery, status: int | None, again: datetime) -> None:
    """It is due `again`; nothing changes when somebody else has taken it meanwhile."""
    values = {"the_id": taken.id, "attempt": taken.attempts + 1, "again": micros(again), "status": status}
    writer.run(_FAILED, values)
    record(writer, audit)


def _delivery(row: tuple[Any, ...]) -> Delivery:
    values = dict(zip(_FIELDS, row, strict=True))
    values |= {name: moment(values[name]) for name in _TIMES if values[name] is not None}
    return Delivery(**values | {"body": bytes(values["body"])})
