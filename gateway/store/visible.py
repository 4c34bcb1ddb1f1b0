"""Consent as SQL: the one place that joins a visibility to a SELECT on `resource`.

`shielded` narrows a statement, `visible` one more row of it, `parameters` gives it a visibility; `resources.permitted`
asks the pure rule again of what leaves. A property test holds the two equal over random worlds.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, bindparam, case, exists, literal_column, or_, select
from sqlalchemy import types as sql

from gateway.rules.access import OPEN_CONFIDENTIALITY, Visibility
from gateway.rules.consent import RANK, Effect, Rule, shape_of
from gateway.store.database import Reader
from gateway.store.statements import Prepared
from gateway.store.tables import consent_rule, resource, shape
from gateway.store.times import micros, moment


def _constant(text: str) -> ColumnElement[Any]:
    assert text.isalpha()
    return literal_column(f"'{text}'")


_ORGANIZATION = bindparam("v_organization", type_=sql.String)
_PURPOSE = bindparam("v_purpose", type_=sql.String)
_AT = bindparam("v_at", type_=sql.BigInteger)
_OWN_USE = bindparam("v_own_use", type_=sql.Integer)


def visible(row: FromClause) -> ColumnElement[bool]:
    """The condition on one row of `resource`, or of an alias of it: of every hop of a search, not of its end alone."""
    return or_(
        and_(
            row.c.custodian_id == _ORGANIZATION,
            or_(literal_column("1") == _OWN_USE, row.c.patient_id.is_(None)),
        ),
        and_(
            row.c.patient_id.is_(None),
            row.c.confidentiality.in_([_constant(code) for code in sorted(OPEN_CONFIDENTIALITY)]),
        ),
        and_(_speaks(row, Effect.PERMIT), ~_speaks(row, Effect.DENY)),
    )


def _speaks(row: FromClause, effect: Effect) -> ColumnElement[bool]:
    # A Consent is opened by its own permit only.
    opened = or_(row.c.type != _constant("Consent"), consent_rule.c.consent_id == row.c.id)
    return exists(
        select(literal_column("1"))
        .select_from(consent_rule.join(shape, shape.c.id == consent_rule.c.shape_id))
        .where(
            consent_rule.c.patient_id == row.c.patient_id,
            consent_rule.c.recipient_id == _ORGANIZATION,
            consent_rule.c.purpose == _PURPOSE,
            consent_rule.c.valid_from <= _AT,
            consent_rule.c.valid_until > _AT,
            shape.c.effect == _constant(effect.value),
            shape.c.ceiling >= _rank(row),
            *([opened] if effect is Effect.PERMIT else []),
        )
        .correlate(row)
    )


def _rank(row: FromClause) -> ColumnElement[Any]:
    return case(
        *((row.c.confidentiality == _constant(code), literal_column(str(rank))) for code, rank in RANK.items()),
        else_=literal_column(str(RANK["V"])),
    )


def shielded(statement: Select[Any]) -> Prepared:
    """The same as a prepared statement: it does not run without the `parameters` of a visibility."""
    return Prepared(statement.where(visible(resource)))


def parameters(visibility: Visibility) -> dict[str, Any]:
    return {
        "v_organization": visibility.organization_id,
        "v_purpose": visibility.purpose,
        "v_at": micros(visibility.at),
        "v_own_use": int(visibility.own_use),
    }


_RULES = Prepared(
    select(
        consent_rule.c.consent_id,
        consent_rule.c.consent_version,
        consent_rule.c.valid_from,
        consent_rule.c.valid_until,
        shape.c.body,
    )
    .join(shape, shape.c.id == consent_rule.c.shape_id)
    .where(
        consent_rule.c.patient_id == bindparam("patient_id"),
        consent_rule.c.recipient_id == bindparam("recipient_id"),
        consent_rule.c.purpose == bindparam("purpose"),
    )
    .order_by(consent_rule.c.pk)
)


def rules_of(db: Reader, visibility: Visibility, patient_id: str) -> list[Rule]:
    """The patient's compiled rules, valid now or not, that name this recipient and purpose."""
    recipient_id, purpose = visibility.organization_id, visibility.purpose
    rows = db.all(_RULES, {"patient_id": patient_id, "recipient_id": recipient_id, "purpose": purpose})
    return [_rule(patient_id, recipient_id, purpose, *row) for row in rows]


@lru_cache(maxsize=4096)  # of the row's own values, which are read each time
def _rule(
    patient_id: str, recipient_id: str, purpose: str, consent: str, version: int, start: int, end: int, body: bytes
) -> Rule:
    return Rule(patient_id, consent, version, recipient_id, purpose, shape_of(bytes(body)), moment(start), moment(end))
