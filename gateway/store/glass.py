"""Emergency accesses as the audit log tells of them, and whether a consent opens anything to one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, literal_column, select, text

from gateway.fhir.json import parse
from gateway.rules.access import Visibility
from gateway.rules.audit import Act, Outcome
from gateway.rules.shape import Effect
from gateway.store.database import Reader
from gateway.store.deciding import rules_of
from gateway.store.statements import Prepared, up_to
from gateway.store.tables import audit, resource, token
from gateway.store.tables.record import OF_GLASS
from gateway.store.times import micros, moment

_CUSTODIAN = Prepared(
    select(resource.c.custodian_id).where(
        resource.c.type == literal_column("'Patient'"),
        resource.c.id == bindparam("id"),
        resource.c.is_current,
        ~resource.c.is_deleted,
    )
)
_OF_CUSTODIAN = Prepared(
    select(
        audit.c.at,
        audit.c.act,
        audit.c.outcome,
        audit.c.patient_id,
        audit.c.organization_id,
        audit.c.practitioner_id,
        audit.c.detail,
    )
    .where(audit.c.custodian_id == bindparam("custodian_id"), text(OF_GLASS))
    .order_by(audit.c.at.desc(), audit.c.pk.desc())
    .limit(up_to("count"))
)
_OPEN = Prepared(
    select(token.c.hash, token.c.bound_to, token.c.person_id).where(
        token.c.id == bindparam("id"),
        token.c.purpose == literal_column("'BTG'"),
        token.c.expires_at > bindparam("the_moment"),
        token.c.revoked_at.is_(None),
    )
)


@dataclass(frozen=True, slots=True)
class Told:
    """One row of the log: that somebody broke the glass, tried to, or that an access was ended."""

    at: datetime
    act: Act
    outcome: Outcome
    patient_id: str | None
    organization_id: str | None
    practitioner_id: str | None
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Glass:
    """An emergency access that is still good."""

    token_hash: str
    patient_id: str
    person_id: str


def custodian_of(db: Reader, patient_id: str) -> str | None:
    """Who keeps the record and is to be told; None for a patient who is not known here."""
    row = db.one(_CUSTODIAN, {"id": patient_id})
    return row[0] if row else None


def is_opened(db: Reader, visibility: Visibility, patient_id: str) -> bool:
    """Whether a consent in force permits this visibility anything at all of the patient's."""
    return any(
        rule.shape.effect is Effect.PERMIT and rule.speaks(visibility) for rule in rules_of(db, visibility, patient_id)
    )


def told(db: Reader, visibility: Visibility, count: int) -> list[Told]:
    """What the log tells of emergencies to the auditors of the custodian, newest first."""
    rows = db.all(_OF_CUSTODIAN, {"custodian_id": visibility.organization_id, "count": count})
    return [
        Told(moment(at), Act(act), Outcome(outcome), patient, organization, practitioner, parse(bytes(detail)))
        for at, act, outcome, patient, organization, practitioner, detail in rows
    ]


def open_one(db: Reader, id: str, at: datetime) -> Glass | None:
    """The access of this id, if it is still good."""
    row = db.one(_OPEN, {"id": id, "the_moment": micros(at)})
    return Glass(*row) if row else None
