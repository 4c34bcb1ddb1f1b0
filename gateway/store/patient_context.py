"""What a patient's context is walked by: the resources that may be items of one kind, and when each was, by the index.

Rows come without their text and nothing of them leaves: whose text is wanted (`belonging.texts`) is asked of the pure
rule then. Every step begins with an index.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, String, and_, bindparam, func, literal_column, or_, select
from sqlalchemy import union as union_of

from gateway.fhir.dates import BEGINNING
from gateway.rules.access import Visibility
from gateway.rules.content import Kind
from gateway.store.belonging import Links, current, each, keys_of, named_by
from gateway.store.database import Reader
from gateway.store.kinds import kind_behind
from gateway.store.resources import COLUMNS, Stored
from gateway.store.statements import Prepared
from gateway.store.tables import ix_date, ix_quantity, ix_reference, ix_string, ix_token, resource
from gateway.store.visible import parameters, shielded

_NOTES = ("Composition", "DocumentReference")
# What refers to those in whose place it stands, or of which it was made.
_REFERRING = ("DocumentReference", "relatesto"), ("Composition", "related-ref"), ("Observation", "derived-from")
_OTHER_VALUES = {ix_string: "value-string", ix_token: "value-concept", ix_date: "value-date"}


class Row(NamedTuple):
    """A resource, and the first moment of its date; None where no parameter has it."""

    pk: int
    type: str
    id: str
    low: int | None

    @property
    def name(self) -> str:
        return f"{self.type}/{self.id}"


class Number(NamedTuple):
    """A row with what it is a number of; `is_known` where the index has the number: that of an integer it has not."""

    row: Row
    system: str | None
    code: str | None
    unit: str | None
    is_known: bool


def dated(
    db: Reader,
    visibility: Visibility,
    patient_id: str,
    links: Links,
    dates: tuple[str, ...],
    systems: tuple[str, ...] = (),
) -> list[Row]:
    """Those that name the patient; with `systems`, of which a code or category is of one of them. Of Observations those
    without a number."""
    found = db.all(_dated(links, dates, systems), {**parameters(visibility), "patient": patient_id})
    return [_row(*row) for row in found]


def numbers(
    db: Reader,
    visibility: Visibility,
    patient_id: str,
    links: Links,
    statuses: Iterable[str],
    but: Iterable[str],
) -> list[tuple[Number, Kind]]:
    """Observations about the patient that hold a number, or may hold one; of those statuses, and of none of the
    categories `but`. Each with what it is to a consent."""
    prepared = _numbers(links, tuple(sorted(statuses)), tuple(sorted(but)))
    kinds: dict[int, Kind] = {}
    found: dict[int, tuple[Number, Kind]] = {}
    for pk, type, id, low, kind_pk, system, code, text, quantity, unit in db.all(
        prepared, {**parameters(visibility), "patient": patient_id}
    ):
        if kind_pk not in kinds:
            kinds[kind_pk] = kind_behind(db, kind_pk)
        number = Number(_row(pk, type, id, low), system, code or text, unit, quantity is not None)
        found.setdefault(pk, (number, kinds[kind_pk]))
    return list(found.values())


def beside(db: Reader, visibility: Visibility, rows: Sequence[Stored]) -> list[Stored]:
    """What refers to one of the rows as replacing it or made of it, and the notes and documents that share an
    identifier with one, with their text."""
    return each(db, visibility, _beside, [row.pk for row in rows])


def _row(pk: int, type: str, id: str, low: int | None) -> Row:
    return Row(pk, type, id, None if low == BEGINNING else low)


@lru_cache(maxsize=64)
def _dated(links: Links, dates: tuple[str, ...], systems: tuple[str, ...]) -> Prepared:
    lows = [_low(code) for code in dates]
    low = func.coalesce(*lows) if len(lows) > 1 else lows[0]
    statement = current([resource.c.pk, resource.c.type, resource.c.id, low]).where(_of_patient(links))
    if systems:
        statement = statement.where(_has(ix_token, or_(*(ix_token.c.system == _text(each) for each in systems))))
    if any(type == "Observation" for type, _ in links):
        statement = statement.where(~_has(ix_quantity, ix_quantity.c.name == _text("value-quantity")))
    return shielded(statement)


@lru_cache(maxsize=8)
def _numbers(links: Links, statuses: tuple[str, ...], but: tuple[str, ...]) -> Prepared:
    code, words, value, about = (table.alias() for table in (ix_token, ix_string, ix_quantity, ix_reference))
    of_row = resource.outerjoin(code, and_(code.c.resource_pk == resource.c.pk, code.c.name == _text("code")))
    of_row = of_row.outerjoin(words, and_(words.c.resource_pk == resource.c.pk, words.c.name == _text("code")))
    is_value = and_(value.c.resource_pk == resource.c.pk, value.c.name == _text("value-quantity"))
    columns = resource.c.pk, resource.c.type, resource.c.id, _low("date"), resource.c.kind_pk
    statement = current([*columns, code.c.system, code.c.code, words.c.exact, value.c.low, value.c.code])
    another = and_(about.c.name == _text("subject"), about.c.target_type == _text("Patient"))
    another = and_(another, about.c.target_id != bindparam("patient", type_=String))
    statement = statement.select_from(of_row.outerjoin(value, is_value)).where(
        _of_patient(links),
        _has(ix_token, and_(ix_token.c.name == _text("status"), _is_among(ix_token.c.code, statuses))),
        ~_has(ix_token, and_(ix_token.c.name == _text("category"), _is_among(ix_token.c.code, but))),
        ~_has(about, another),
        or_(value.c.low.is_not(None), *_nothing_else()),
    )
    return shielded(statement.order_by(resource.c.pk, code.c.place, words.c.place))


def _nothing_else() -> list[ColumnElement[bool]]:
    """That the index has no value of it at all."""
    return [and_(*(~_has(table, table.c.name == _text(name)) for table, name in _OTHER_VALUES.items()))]


def _of_patient(links: Links) -> ColumnElement[bool]:
    return resource.c.pk.in_(named_by(links))


def _has(table: Any, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    held: Select[Any] = (
        select(literal_column("1")).select_from(table).where(table.c.resource_pk == resource.c.pk, condition)
    )
    return held.correlate(resource).exists()


def _low(code: str) -> ColumnElement[Any]:
    first = select(func.min(ix_date.c.low)).where(ix_date.c.resource_pk == resource.c.pk, ix_date.c.name == _text(code))
    return first.correlate(resource).scalar_subquery()


def _is_among(column: ColumnElement[str], values: Iterable[str]) -> ColumnElement[bool]:
    return or_(*(column == _text(value) for value in values))


@lru_cache(maxsize=8)
def _beside(size: int) -> Prepared:
    told, own, other = resource.alias("told"), ix_token.alias("own"), ix_token.alias("other")
    referring: list[Select[Any]] = [
        select(ix_reference.c.resource_pk).join_from(
            told,
            ix_reference,
            and_(
                ix_reference.c.type == _text(type),
                ix_reference.c.name == _text(code),
                ix_reference.c.target_id == told.c.id,
                ix_reference.c.target_type == told.c.type,
            ),
        )
        for type, code in _REFERRING
    ]
    sharing = [
        select(other.c.resource_pk)
        .join_from(told, own, and_(own.c.resource_pk == told.c.pk, own.c.name == _text("identifier")))
        .join(
            other,
            and_(other.c.type == _text(type), other.c.name == _text("identifier"), other.c.code == own.c.code),
        )
        .where(told.c.type.in_([_text(note) for note in _NOTES]))
        for type in _NOTES
    ]
    rows = union_of(*(each.where(told.c.pk.in_(keys_of(size))) for each in (*referring, *sharing)))
    return shielded(current(COLUMNS).where(resource.c.pk.in_(rows)))


def _text(text: str) -> ColumnElement[Any]:
    assert "'" not in text  # a name or code out of our own tables
    return literal_column(f"'{text}'")
