"""What can be open to a caller at all, when few patients have opened anything: a search begins there instead of
looking at what belongs to everybody.

It is wider than what may be seen: it decides on the way to an answer and never on the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, String, bindparam, func, literal_column, select, union_all

from gateway.rules.access import Visibility
from gateway.rules.subjects import SEVERAL
from gateway.store.database import Reader, Writer
from gateway.store.statements import Prepared, Rows, up_to
from gateway.store.tables import consent_rule, custodian, resource
from gateway.store.visible import OWN_PATIENT, PERMITTING, RECIPIENTS, parameters

_NAMING = (consent_rule.c.recipient.in_(RECIPIENTS), consent_rule.c.purpose.in_(PERMITTING))
_KEEPS = Prepared(
    select(custodian.c.organization_id).where(custodian.c.organization_id == bindparam("id", type_=String))
)
_NEW = Rows(custodian, ("organization_id",))
_RULES = Prepared(
    select(func.count()).select_from(select(literal_column("1")).where(*_NAMING).limit(up_to("most")).subquery())
)


def keep_custodian(writer: Writer, organization_id: str) -> None:
    """Remember that an organization keeps somebody's record."""
    if writer.one(_KEEPS, {"id": organization_id}) is None:
        for prepared, values in _NEW.statements([(organization_id,)]):
            writer.run(prepared, values)


def rows_open(db: Reader, visibility: Visibility, types: Sequence[str], most: int) -> int | None:
    """How many rows of these types can be open, at most so many; None where that is no way to begin: for those who use
    a record of their own, and those whom many patients name."""
    if visibility.own_use and db.one(_KEEPS, {"id": visibility.organization_id}) is not None:
        return None
    values = {**parameters(visibility), "most": most}
    named = db.one(_RULES, values)
    if named is None or named[0] >= most:
        return None
    counted = (db.one(_count(type), values) for type in types)
    return sum(int(row[0]) for row in counted if row is not None)


def open_rows(type: str) -> Select[Any]:
    """The versions of a type that can be open to whom the parameters of a visibility speak of: what is about nobody,
    about several patients, about the patient who asks, about those whose consents name the caller."""
    row, of_type = resource.alias(), _name(type)
    pks = select(row.c.pk).where(row.c.type == of_type)
    named = consent_rule.join(row, row.c.patient_id == consent_rule.c.patient_id)
    each = (
        pks.where(row.c.patient_id.is_(None)),
        pks.where(row.c.patient_id == literal_column(f"'{SEVERAL}'")),
        pks.where(row.c.patient_id == OWN_PATIENT),
        select(row.c.pk).select_from(named).where(row.c.type == of_type, *_NAMING),
    )
    found = union_all(*each).subquery()
    return select(found.c.pk)


def _name(type: str) -> ColumnElement[Any]:
    assert type.isalpha()  # a name out of our own tables
    return literal_column(f"'{type}'")


@lru_cache(maxsize=256)
def _count(type: str) -> Prepared:
    return Prepared(select(func.count()).select_from(open_rows(type).limit(up_to("most")).subquery()))
