"""Search of the audit log, for the auditors of one custodian: rows of others do not exist for them.

Date, patient, agent and entity are columns. What depends on the kind of act alone (action, type, subtype, outcome,
profile, labels) is decided on one sample event per kind, rendered and indexed like any resource.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select, true, tuple_

from gateway.fhir.dates import PREFIXES
from gateway.fhir.json import parse
from gateway.fhir.search.criteria import Criterion
from gateway.fhir.search.index import index
from gateway.fhir.search.query import Query
from gateway.fhir.search.rows import IndexRow, StringRow, TokenRow, UriRow
from gateway.fhir.search.values import DateValue, ReferenceValue, StringValue, TokenValue, UriValue, Value
from gateway.rules.access import Visibility
from gateway.rules.audit import Act, Outcome
from gateway.rules.balp import render
from gateway.rules.balp_parts import CLIENT_ID, Recorded
from gateway.store.database import Reader
from gateway.store.tables import audit
from gateway.store.times import micros, moment

Limits = Sequence[Sequence[Criterion]]


@dataclass(frozen=True, slots=True)
class Logged:
    """A row of the log, and whose auditors may see it."""

    pk: int
    custodian_id: str | None
    recorded: Recorded


def read(db: Reader, visibility: Visibility, id: str) -> Logged | None:
    row = db.connection.execute(_own(select(audit), visibility).where(audit.c.id == id)).mappings().one_or_none()
    return None if row is None else _logged(row)


def search(
    db: Reader,
    visibility: Visibility,
    query: Query,
    *,
    limits: Limits = (),
    after: tuple[Any, ...] | None = None,
    back: bool = False,
    count: int,
) -> list[Logged]:
    """At most `count` rows after a key, newest first unless sorted otherwise; under `back` those before it."""
    by_id, descends = _order(query)
    descending = descends is not back
    key: ColumnElement[Any] = tuple_(audit.c.id) if by_id else tuple_(audit.c.at, audit.c.id)
    statement = _matching(select(audit), visibility, query, limits)
    if after is not None:
        last = tuple_(*after)
        statement = statement.where(key < last if descending else key > last)
    for column in (audit.c.id,) if by_id else (audit.c.at, audit.c.id):
        statement = statement.order_by(column.desc() if descending else column.asc())
    rows = db.connection.execute(statement.limit(count)).mappings()
    return [_logged(row) for row in rows]


def total(db: Reader, visibility: Visibility, query: Query, *, limits: Limits = ()) -> int:
    statement = _matching(select(func.count()).select_from(audit), visibility, query, limits)
    return int(db.connection.execute(statement).scalar_one())


def key_of(row: Logged, query: Query) -> tuple[Any, ...]:
    """What the page after this row starts from."""
    recorded = row.recorded
    return (recorded.id,) if _order(query)[0] else (micros(recorded.at), recorded.id)


def _order(query: Query) -> tuple[bool, bool]:
    """Whether by id rather than by time, and whether descending. The first sort key decides."""
    if not query.controls.sorts:
        return False, True
    first = query.controls.sorts[0]
    return first.parameter.code == "_id", first.descending


def _own(statement: Select[Any], visibility: Visibility) -> Select[Any]:
    return statement.where(audit.c.custodian_id == visibility.organization_id)


def _matching(statement: Select[Any], visibility: Visibility, query: Query, limits: Limits) -> Select[Any]:
    statement = _own(statement, visibility).where(*_conditions(query.criteria))
    if limits:
        statement = statement.where(or_(false(), *(and_(true(), *_conditions(limit)) for limit in limits)))
    return statement


def _conditions(criteria: Sequence[Criterion]) -> list[ColumnElement[bool]]:
    """All criteria about the kind of act are one condition: each by itself is long, and there may be very many."""
    of_kind = [one for one in criteria if _is_of_kind(one)]
    conditions = [_condition(one) for one in criteria if not _is_of_kind(one)]
    return [*conditions, _of_kind(of_kind)] if of_kind else conditions


def _is_of_kind(criterion: Criterion) -> bool:
    return criterion.parameter.kind in ("token", "uri") and criterion.parameter.code != "_id"


def _condition(criterion: Criterion) -> ColumnElement[bool]:
    code = criterion.parameter.code
    if criterion.modifier == "missing":
        absent = {"patient": audit.c.patient_id.is_(None), "entity": ~_has_entity()}.get(code, false())
        return absent if criterion.missing else ~absent
    found = or_(false(), *(_value(code, value) for value in criterion.values))
    return ~found if criterion.modifier == "not" else found


def _value(code: str, value: Value) -> ColumnElement[bool]:
    match value:
        case DateValue(prefix, (low, high)):
            matches: ColumnElement[bool] = PREFIXES[prefix](audit.c.at, audit.c.at, low, high)
            return matches
        case TokenValue(system, text) if code == "_id":
            return audit.c.id == text if not system else false()
        case TokenValue(system, text):  # `:identifier`: clients are named by identifier only
            named = code == "agent" and system in (None, CLIENT_ID)
            return (audit.c.client_id == text if text else audit.c.client_id.is_not(None)) if named else false()
        case ReferenceValue():
            return _refers(code, value)
    return false()


def _refers(code: str, value: ReferenceValue) -> ColumnElement[bool]:
    columns = {
        "patient": {"Patient": audit.c.patient_id},
        "agent": {
            "Practitioner": audit.c.practitioner_id,
            "Patient": audit.c.user_patient_id,
            "Organization": audit.c.organization_id,
        },
        "entity": {"Patient": audit.c.patient_id},
    }[code]
    wanted = [
        column == value.id
        for type, column in columns.items()
        if (value.types is None or type in value.types) and not value.version
    ]
    if code == "entity":
        what = [audit.c.target_id == value.id, audit.c.act != Act.SEARCH.value]
        what += [audit.c.target_type.in_(value.types)] if value.types is not None else []
        what += [audit.c.target_version == value.version] if value.version else []
        wanted.append(and_(*what))
    return or_(false(), *wanted)


def _has_entity() -> ColumnElement[bool]:
    return or_(audit.c.patient_id.is_not(None), audit.c.target_id.is_not(None))


def _of_kind(criteria: Sequence[Criterion]) -> ColumnElement[bool]:
    """The kinds of acts whose events meet all the criteria."""
    asked = set(criteria)
    kinds = [
        and_(audit.c.act == act, audit.c.outcome == outcome, audit.c.patient_id.is_not(None) == about_patient)
        for (act, outcome, about_patient), rows in _samples().items()
        if all(_meets(one, [row for row in rows if row.name == one.parameter.code]) for one in asked)
    ]
    return or_(false(), *kinds) if len(kinds) < len(_samples()) else true()


def _meets(criterion: Criterion, rows: Sequence[IndexRow]) -> bool:
    if criterion.modifier == "missing":
        return criterion.missing is not bool(rows)
    found = any(_is(value, row, criterion.modifier) for value in criterion.values for row in rows)
    return found is not (criterion.modifier in ("not", "not-in"))


def _is(value: Value, row: IndexRow, modifier: str | None) -> bool:
    match value, row:
        case StringValue(folded), StringRow():
            return row.folded.startswith(folded)
        case TokenValue(system, code), TokenRow():
            same_system = system is None or (system or None) == row.system
            return same_system and code in (None, row.code)
        case UriValue(text), UriRow():
            return text == row.value or (modifier == "below" and row.value.startswith(f"{text}/"))
    return False


@cache
def _samples() -> dict[tuple[str, str, bool], list[IndexRow]]:
    """The index rows of one event of each kind."""
    at = datetime(2000, 1, 1, tzinfo=UTC)
    return {
        (act.value, outcome.value, about_patient): index(
            render(Recorded("sample", at, act, outcome, "sample" if about_patient else None), "")
        )
        for act in Act
        for outcome in Outcome
        for about_patient in (True, False)
    }


def _logged(row: Any) -> Logged:
    target = row["target_type"]
    if row["target_id"]:
        target = f"{target}/{row['target_id']}"
        target += f"/_history/{row['target_version']}" if row["target_version"] else ""
    recorded = Recorded(
        row["id"],
        moment(row["at"]),
        Act(row["act"]),
        Outcome(row["outcome"]),
        row["patient_id"],
        target,
        row["client_id"],
        row["organization_id"],
        row["practitioner_id"],
        row["token_id"],
        row["purpose"],
        row["request_id"],
        row["address"],
        parse(bytes(row["detail"])) if row["detail"] else {},
        row["user_patient_id"],
    )
    return Logged(row["pk"], row["custodian_id"], recorded)
