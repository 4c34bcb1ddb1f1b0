"""Consents as the rows that queries join, and the Consent resources they were compiled from."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import LargeBinary, bindparam, delete, exists, insert, select
from sqlalchemy import types as sql

from gateway.rules.access import Visibility
from gateway.rules.audit import AuditEntry
from gateway.rules.consent import Rule, Shape
from gateway.store.audit import record
from gateway.store.database import Reader, Writer
from gateway.store.resources import COLUMNS, Stored, permitted, stored
from gateway.store.statements import Prepared
from gateway.store.tables import consent_rule, resource, shape
from gateway.store.times import micros
from gateway.store.visible import parameters, shielded

_FORGET = Prepared(delete(consent_rule).where(consent_rule.c.consent_id == bindparam("the_consent")))
_ADD = Prepared(insert(consent_rule), [column.name for column in consent_rule.columns if column.name != "pk"])
_SHAPE = Prepared(
    insert(shape).from_select(
        ["id", "effect", "ceiling", "body"],
        select(
            bindparam("shape", type_=sql.String),
            bindparam("shape_effect", type_=sql.String),
            bindparam("shape_ceiling", type_=sql.Integer),
            bindparam("shape_body", type_=LargeBinary),
        ).where(~exists(select(shape.c.id).where(shape.c.id == bindparam("shape", type_=sql.String)))),
    )
)
_OF_PATIENT = shielded(
    select(*COLUMNS)
    .where(resource.c.type == "Consent", resource.c.patient_id == bindparam("patient_id"), resource.c.is_current)
    .order_by(resource.c.updated_at.desc(), resource.c.pk.desc())
)


def enforce(writer: Writer, audit: AuditEntry, consent_id: str, rules: Sequence[Rule]) -> None:
    """Let exactly these rules stand for the consent; none ends it, for every process's next statement."""
    writer.run(_FORGET, {"the_consent": consent_id})
    for each in {rule.shape for rule in rules}:
        _put_shape(writer, each)
    writer.run_many(_ADD, [_row(rule) for rule in rules])
    record(writer, audit)


def of_patient(db: Reader, visibility: Visibility, patient_id: str) -> list[Stored]:
    """The current Consents of a patient, newest first."""
    rows = db.all(_OF_PATIENT, {**parameters(visibility), "patient_id": patient_id})
    return permitted(db, visibility, [stored(row) for row in rows])


def _put_shape(writer: Writer, each: Shape) -> None:
    values = {"shape": each.id, "shape_effect": each.effect.value, "shape_ceiling": each.rank}
    writer.run(_SHAPE, {**values, "shape_body": each.body})


def _row(rule: Rule) -> dict[str, str | int]:
    return {
        "patient_id": rule.patient_id,
        "consent_id": rule.consent_id,
        "consent_version": rule.consent_version,
        "recipient_id": rule.recipient_id,
        "purpose": rule.purpose,
        "shape_id": rule.shape.id,
        "valid_from": micros(rule.valid_from),
        "valid_until": micros(rule.valid_until),
    }
