"""Consent as SQL: the one place that joins a visibility to a SELECT on `resource`.

`shielded` narrows a statement, `visible` one more row of it, `parameters` gives it a visibility; `resources.permitted`
asks the pure rule again of what leaves. A property test holds the two equal over random worlds.

What a rule speaks of is met with every kind of content when either is new (`kinds`), so a row's verdict is a walk
along the rules of its patient, which lie side by side, and a look whether the shape of each meets the row's kind.
"""

from __future__ import annotations

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
_PERMITTED, _DENIED, _OTHERS = 1, 2, 0  # what a consent has to say; the highest of all consents counts


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
_PATIENT = bindparam("v_patient", type_=sql.String)  # whose own access it is, or nobody's: ""
_FALSE: ColumnElement[bool] = literal_column("false", sql.Boolean)
RECIPIENTS, _PERSONS = _texts("recipient", _MOST_RECIPIENTS), _texts("person", _MOST_PERSONS)
# As a deny may name the purpose; what a permit may is among them.
DENYING = _texts("denying", _MOST_PURPOSES)
_PERMITTING = _texts("permitting", _MOST_PURPOSES)


def visible(row: FromClause) -> ColumnElement[bool]:
    """The condition on one row of `resource`, or of an alias of it: of every hop of a search, not of its end alone.

    The policy of gateway/README.md, line by line; the first that fits decides, and nothing behind it is looked at."""
    patient, is_own = row.c.patient_id, row.c.custodian_id == _ORGANIZATION
    open_to_all = row.c.confidentiality.in_([_constant(code) for code in sorted(OPEN_CONFIDENTIALITY)])
    return case(
        (patient.is_(None), or_(is_own, open_to_all)),
        (not_(_within_bounds(row)), _FALSE),
        (and_(is_own, _number(1) == _OWN_USE), _not_refused_in_person(row)),
        (patient == _constant(SEVERAL), _opened_by_all(row)),
        else_=_opened(row, patient),
    )


def _within_bounds(row: FromClause) -> ColumnElement[bool]:
    """About the one patient to whom the caller is bound, if it is bound to one."""
    among = _subjects(row).where(subject.c.patient_id == _BOUND_TO)
    of_several = and_(row.c.patient_id == _constant(SEVERAL), exists(among))
    return or_(_number(0) == _IS_BOUND, row.c.patient_id == _BOUND_TO, of_several)


def _not_refused_in_person(row: FromClause) -> ColumnElement[bool]:
    """Own use heeds no consent, but one that denies it to this very person or device."""
    refusing = _subjects(row).where(_said(row, subject.c.patient_id, _PERSONS) == _number(_DENIED))
    said = func.coalesce(_said(row, row.c.patient_id, _PERSONS), _number(_OTHERS))
    of_several = and_(row.c.patient_id == _constant(SEVERAL), exists(refusing))
    return or_(_number(0) == _IS_PERSON, and_(said != _number(_DENIED), not_(of_several)))


def _opened_by_all(row: FromClause) -> ColumnElement[bool]:
    """By each of the patients of what is about several."""
    closed = _subjects(row).where(not_(func.coalesce(_opened(row, subject.c.patient_id), _FALSE)))
    return and_(exists(_subjects(row)), not_(exists(closed)))


def _opened(row: FromClause, patient: ColumnElement[Any]) -> ColumnElement[bool]:
    """By own access if it is the patient who asks, else by the consents of that patient."""
    access = select(shape.c.pk).where(shape.c.digest == _constant(PATIENT_ACCESS.id)).scalar_subquery()
    met = select(_number(1)).where(shape_kind.c.shape_pk == access, shape_kind.c.kind_pk == row.c.kind_pk)
    return case(
        (patient == _PATIENT, exists(met.correlate(row))),
        else_=_said(row, patient, RECIPIENTS) == _number(_PERMITTED),
    )


def _subjects(row: FromClause) -> Select[Any]:
    return select(_number(1)).select_from(subject).where(subject.c.resource_pk == row.c.pk).correlate(row)


def _said(row: FromClause, patient: ColumnElement[Any], recipients: list[BindParameter[str]]) -> ColumnElement[Any]:
    """What the consents of a patient say of a row: NULL for nothing. In each its deepest rule wins, of equal ones the
    deny; a Consent is opened by its own permit only."""
    rule = consent_rule.c
    is_deny = rule.weight.op("&")(_number(1)) == _number(1)
    is_met = and_(shape_kind.c.shape_pk == rule.shape_pk, shape_kind.c.kind_pk == row.c.kind_pk)
    of_consent = (
        select(func.max(rule.weight).label("weight"), rule.consent_id)
        .select_from(consent_rule.join(shape_kind, is_met))
        .where(
            rule.patient_id == patient,
            rule.recipient.in_(recipients),
            rule.purpose.in_(DENYING),
            or_(is_deny, rule.purpose.in_(_PERMITTING)),
            rule.valid_from <= _AT,
            rule.valid_until > _AT,
        )
        .group_by(rule.consent_id)
        .correlate(row, subject)
        .subquery()
    )
    opens = or_(row.c.type != _constant("Consent"), of_consent.c.consent_id == row.c.id)
    said = case(
        (of_consent.c.weight.op("&")(_number(1)) == _number(1), _number(_DENIED)),
        (opens, _number(_PERMITTED)),
        else_=_number(_OTHERS),
    )
    return select(func.max(said)).select_from(of_consent).correlate(row, subject).scalar_subquery()


def shielded(statement: Select[Any]) -> Prepared:
    """The same as a prepared statement: it does not run without the `parameters` of a visibility."""
    return Prepared(statement.where(visible(resource)))


def parameters(visibility: Visibility) -> dict[str, Any]:
    persons, is_patient = visibility.person_keys, visibility.purpose == OWN_ACCESS
    return {
        "v_organization": visibility.organization_id,
        "v_at": micros(visibility.at),
        "v_own_use": int(visibility.own_use),
        "v_is_person": int(bool(persons)),
        "v_is_bound": int(visibility.bound_to is not None),
        "v_bound_to": visibility.bound_to or "",
        "v_patient": (is_patient and visibility.patient_id) or "",
        **_filled("recipient", visibility.recipients, _MOST_RECIPIENTS),
        **_filled("person", persons, _MOST_PERSONS),
        **_filled("permitting", permitted_under(visibility.purpose), _MOST_PURPOSES),
        **_filled("denying", denied_under(visibility.purpose), _MOST_PURPOSES),
    }


def _filled(name: str, texts: tuple[str, ...], most: int) -> dict[str, str]:
    """Nobody and nothing is called ""."""
    assert len(texts) <= most
    return {f"v_{name}{place}": texts[place] if place < len(texts) else "" for place in range(most)}
