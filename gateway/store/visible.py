"""Consent as SQL: the one place that joins a visibility to a SELECT on `resource`.

`shielded` narrows a statement, `visible` one more row of it, `parameters` gives it a visibility; `resources.permitted`
asks the pure rule again of what leaves. A property test holds the two equal over random worlds.

What a rule speaks of is met with every kind of content when either is new (`kinds`), so a row's verdict is a walk
along the rules of its patient, which lie side by side, and a look whether the shape of each meets the row's kind.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    FromClause,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    not_,
    or_,
    select,
)
from sqlalchemy import types as sql

from gateway.rules.access import OPEN_CONFIDENTIALITY, Visibility
from gateway.rules.consent import OWN_ACCESS
from gateway.rules.purposes import denied_under, permitted_under
from gateway.rules.shape import PATIENT_ACCESS
from gateway.rules.subjects import SEVERAL
from gateway.store.statements import Prepared
from gateway.store.tables import consent_rule, resource, shape, shape_kind, subject
from gateway.store.times import micros

_MOST_RECIPIENTS, _MOST_PERSONS, _MOST_PURPOSES = 6, 4, 4
_NOTHING, _PERMITTED, _DENIED = 0, 1, 2  # what a consent has to say; the highest of all consents counts


def _constant(text: str) -> ColumnElement[Any]:
    assert text.isalnum() or text == SEVERAL
    return literal_column(f"'{text}'")


def _number(value: int) -> ColumnElement[int]:
    return literal_column(str(value), sql.Integer)


def _texts(name: str, count: int) -> list[BindParameter[str]]:
    return [bindparam(f"v_{name}{place}", type_=sql.String) for place in range(count)]


_ORGANIZATION = bindparam("v_organization", type_=sql.String)
_AT = bindparam("v_at", type_=sql.BigInteger)
_OWN_USE = bindparam("v_own_use", type_=sql.Integer)
_IS_PERSON = bindparam("v_is_person", type_=sql.Integer)
_IS_BOUND = bindparam("v_is_bound", type_=sql.Integer)
_BOUND_TO = bindparam("v_bound_to", type_=sql.String)
OWN_PATIENT = bindparam("v_patient", type_=sql.String)  # whose own access it is, or nobody's: ""
RECIPIENTS = _texts("recipient", _MOST_RECIPIENTS)
_NOBODY_IN_PERSON = RECIPIENTS[: _MOST_RECIPIENTS - _MOST_PERSONS]  # everybody, and the organization
# As a deny may name the purpose; what a permit may is among them.
DENYING = _texts("denying", _MOST_PURPOSES)
PERMITTING = _texts("permitting", _MOST_PURPOSES)


def visible(row: FromClause) -> ColumnElement[bool]:
    """The condition on one row of `resource`, or of an alias of it: of every hop of a search, not of its end alone.

    The lines of the policy exclude each other, and the dear ones come last: what is before them is soon decided."""
    patient = row.c.patient_id
    open_to_all = row.c.confidentiality.in_([_constant(code) for code in sorted(OPEN_CONFIDENTIALITY)])
    within = or_(_number(0) == _IS_BOUND, patient == _BOUND_TO, _is_bound_to_one(row))
    return or_(
        and_(patient.is_(None), or_(row.c.custodian_id == _ORGANIZATION, open_to_all)),
        and_(
            patient.is_not(None),
            within,
            or_(
                and_(_is_own_use(row), _number(0) == _IS_PERSON),
                and_(patient != _constant(SEVERAL), _opened(row, patient)),
                and_(patient == _constant(SEVERAL), _opened_by_all(row)),
            ),
        ),
    )


def _is_own_use(row: FromClause) -> ColumnElement[bool]:
    # Never NULL, as it is negated below.
    return and_(row.c.custodian_id.is_not(None), row.c.custodian_id == _ORGANIZATION, _number(1) == _OWN_USE)


def _is_bound_to_one(row: FromClause) -> ColumnElement[bool]:
    """Whether the patient to whom the caller is bound is one of several."""
    among = _subjects(row).where(subject.c.patient_id == _BOUND_TO)
    return and_(row.c.patient_id == _constant(SEVERAL), exists(among))


def _opened_by_all(row: FromClause) -> ColumnElement[bool]:
    """By each of the patients of what is about several; of whom nothing is known, nobody opens it."""
    closed = _subjects(row).where(not_(_opened(row, subject.c.patient_id)))
    return and_(or_(_is_own_use(row), exists(_subjects(row))), not_(exists(closed)))


def _opened(row: FromClause, patient: ColumnElement[Any]) -> ColumnElement[bool]:
    """By own access if it is the patient who asks; else by own use, unless a consent denies it to this very person or
    device; else by the consents of that patient."""
    access = select(shape.c.pk).where(shape.c.digest == _constant(PATIENT_ACCESS.id)).scalar_subquery()
    met = select(_number(1)).where(shape_kind.c.shape_pk == access, shape_kind.c.kind_pk == row.c.kind_pk)
    said = func.coalesce(_said(row, patient), _number(_NOTHING))
    least = case((_is_own_use(row), _number(_NOTHING)), else_=_number(_PERMITTED))
    return or_(
        and_(patient == OWN_PATIENT, exists(met.correlate(row))),
        and_(patient != OWN_PATIENT, said.between(least, _number(_PERMITTED))),
    )


def _subjects(row: FromClause) -> Select[Any]:
    return select(_number(1)).select_from(subject).where(subject.c.resource_pk == row.c.pk).correlate(row)


def _said(row: FromClause, patient: ColumnElement[Any]) -> ColumnElement[Any]:
    """What the consents of a patient say of a row: NULL for nothing. In each its deepest rule wins, of equal ones the
    deny; a Consent is opened by its own permit only. Own use heeds what names the person or device alone."""
    rule = consent_rule.c
    is_met = and_(shape_kind.c.shape_pk == rule.shape_pk, shape_kind.c.kind_pk == row.c.kind_pk)
    of_consent = (
        select(func.max(rule.weight).label("weight"), rule.consent_id)
        .select_from(consent_rule.join(shape_kind, is_met))
        .where(
            rule.patient_id == patient,
            rule.valid_from <= _AT,
            rule.valid_until > _AT,
            _is_one_of(rule.recipient, RECIPIENTS),
            or_(not_(_is_own_use(row)), rule.recipient.not_in(_NOBODY_IN_PERSON)),
            or_(_is_one_of(rule.purpose, PERMITTING), and_(_is_deny(rule.weight), _is_one_of(rule.purpose, DENYING))),
        )
        .group_by(rule.consent_id)
        .correlate(row, subject)
        .subquery()
    )
    opens = or_(row.c.type != _constant("Consent"), of_consent.c.consent_id == row.c.id)
    said = case(
        (_is_deny(of_consent.c.weight), _number(_DENIED)),
        (opens, _number(_PERMITTED)),
        else_=_number(_NOTHING),
    )
    return select(func.max(said)).select_from(of_consent).correlate(row, subject).scalar_subquery()


def _is_deny(weight: ColumnElement[int]) -> ColumnElement[bool]:
    return weight.op("&")(_number(1)) == _number(1)


def _is_one_of(column: ColumnElement[str], values: list[BindParameter[str]]) -> ColumnElement[bool]:
    """One by one, the likeliest first: SQLite makes a table of an IN and looks into that, which takes longer."""
    return or_(*(column == value for value in values))


def shielded(statement: Select[Any]) -> Prepared:
    """The same as a prepared statement: it does not run without the `parameters` of a visibility."""
    return Prepared(statement.where(visible(resource)))


def parameters(visibility: Visibility) -> dict[str, Any]:
    eyes = visibility
    whose = eyes.organization_id, eyes.purpose, eyes.practitioner_id, eyes.device_id, eyes.patient_id, eyes.bound_to
    return {**_of_caller(*whose), "v_at": micros(visibility.at)}


@lru_cache(maxsize=1024)  # the same callers come back at other times
def _of_caller(organization_id: str, purpose: str, *whose: str | None) -> dict[str, Any]:
    visibility = Visibility(organization_id, purpose, datetime.min, *whose)
    is_patient = purpose == OWN_ACCESS
    return {
        "v_organization": organization_id,
        "v_own_use": int(visibility.own_use),
        "v_is_person": int(bool(visibility.person_keys)),
        "v_is_bound": int(visibility.bound_to is not None),
        "v_bound_to": visibility.bound_to or "",
        "v_patient": (is_patient and visibility.patient_id) or "",
        **_filled("recipient", visibility.recipients, _MOST_RECIPIENTS),
        **_filled("permitting", permitted_under(purpose), _MOST_PURPOSES),
        **_filled("denying", denied_under(purpose), _MOST_PURPOSES),
    }


def _filled(name: str, texts: tuple[str, ...], most: int) -> dict[str, str]:
    """Nobody and nothing is called ""."""
    assert len(texts) <= most
    return {f"v_{name}{place}": texts[place] if place < len(texts) else "" for place in range(most)}
