"""What belongs to one patient: the resources whose index rows name the patient, those about the patient and others,
what tells of them, what they refer to.

Each function asks only for what the visibility lets through, and each of them is asked with rows that were let through:
what is hidden brings nothing along. Rows come as outlines, without their text, as there may be thousands of them;
`texts` gives the whole of those that leave. Every step begins with an index (README.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Protocol

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Select,
    String,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy import union as union_of

from gateway.fhir.dates import BEGINNING, END, Interval
from gateway.rules.access import Visibility
from gateway.store.database import Reader
from gateway.store.resources import COLUMNS, Stored, permitted, stored
from gateway.store.statements import Prepared
from gateway.store.tables import ix_date, ix_reference, resource, subject
from gateway.store.visible import parameters, shielded

_SIZES = (1, 8, 64, 512)
_NO_TEXT: ColumnElement[Any] = literal_column("''")
_OUTLINE = [_NO_TEXT if column is resource.c.text else column for column in COLUMNS]


class Keyed(Protocol):
    """A row, as far as its text can be found by it."""

    @property
    def pk(self) -> int: ...


Links = tuple[tuple[str, tuple[str, ...]], ...]  # type, and the codes of the search parameters that name the patient
# Type, the codes of the dates on which something began, and of those on which it was over.
Dates = tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]


def compartment(
    db: Reader,
    visibility: Visibility,
    patient_id: str,
    links: Links,
    *,
    dates: Dates = (),
    within: Interval | None = None,
    whole: bool = False,
) -> list[Stored]:
    """Current resources that name the patient by one of the `links`, or are about several with the patient among them,
    by type and id; `whole`: with their text.

    `within`: those of the care of a time, by the `dates` of their type; what has no such date is of every time.
    """
    if not links:
        return []
    prepared = _compartment(links, dates if within else (), whole)
    span = within or Interval(BEGINNING, END)
    values = {"patient": patient_id, "first": span.low, "last": span.high}
    return _permitted(db, visibility, prepared, values)


def telling_of(db: Reader, visibility: Visibility, rows: Iterable[Stored]) -> list[Stored]:
    """The Provenance that has one of the rows as a target."""
    return each(db, visibility, _telling_of, [row.pk for row in rows])


def referred(db: Reader, visibility: Visibility, rows: Iterable[Stored], types: tuple[str, ...]) -> list[Stored]:
    """Current resources of the types that one of the rows refers to, by a search parameter of its own."""
    return each(db, visibility, lambda size: _referred(types, size), [row.pk for row in rows])


def texts(db: Reader, visibility: Visibility, rows: Sequence[Keyed]) -> list[Stored]:
    """The rows with their text, in the same order."""
    found = {row.pk: row for row in each(db, visibility, _texts, [row.pk for row in rows])}
    return [found[row.pk] for row in rows if row.pk in found]


def each(db: Reader, visibility: Visibility, prepared: Callable[[int], Prepared], pks: Sequence[int]) -> list[Stored]:
    """What a statement finds for the rows of these keys; it is made for how many of them it takes (`keys_of`)."""
    found: dict[int, Stored] = {}
    for values in _batches(pks):
        rows = _permitted(db, visibility, prepared(len(values)), values)
        found |= {row.pk: row for row in rows}
    return sorted(found.values(), key=lambda row: (row.type, row.id))


def _batches(pks: Sequence[int]) -> Iterator[Mapping[str, int]]:
    """The keys by hundreds, filled up to one of a few lengths, so that few statements are compiled."""
    for start in range(0, len(pks), _SIZES[-1]):
        some = pks[start : start + _SIZES[-1]]
        size = next(size for size in _SIZES if size >= len(some))
        yield {f"m{place}": some[min(place, len(some) - 1)] for place in range(size)}


def _permitted(db: Reader, visibility: Visibility, prepared: Prepared, values: Mapping[str, Any]) -> list[Stored]:
    rows = db.all(prepared, {**parameters(visibility), **values})
    return permitted(db, visibility, [stored(row) for row in rows])


def current(columns: Iterable[Any]) -> Select[Any]:
    return select(*columns).where(resource.c.is_current, ~resource.c.is_deleted)


@lru_cache(maxsize=256)
def _compartment(links: Links, dates: Dates, whole: bool) -> Prepared:
    statement = current(COLUMNS if whole else _OUTLINE).where(resource.c.pk.in_(named_by(links)))
    if dates:
        began = _date(func.min(ix_date.c.low), [(type, codes) for type, codes, _ in dates])
        over = _date(func.max(ix_date.c.high), [(type, codes) for type, _, codes in dates])
        first, last = bindparam("first", type_=BigInteger), bindparam("last", type_=BigInteger)
        statement = statement.where(func.coalesce(began, last) <= last, func.coalesce(over, first) >= first)
    return shielded(statement.order_by(resource.c.type, resource.c.id))


def named_by(links: Links) -> CompoundSelect[Any]:
    """The keys of what names the patient bound as `patient` by one of the links, or is about several, also that one."""
    patient = bindparam("patient", type_=String)
    named = [
        select(ix_reference.c.resource_pk).where(
            ix_reference.c.type == _constant(type),
            ix_reference.c.name == _constant(code),
            ix_reference.c.target_id == patient,
            ix_reference.c.target_type == _constant("Patient"),
        )
        for type, codes in links
        for code in codes
    ]
    return union_of(*named, _shared_with(patient, [type for type, _ in links]))


def _shared_with(patient: ColumnElement[str], types: Iterable[str]) -> Select[Any]:
    """What is about the patient with others, as a note of a couple is, in which a Group has the patient as a member."""
    about = resource.alias("about")
    return (
        select(about.c.pk)
        .join_from(subject, about, about.c.pk == subject.c.resource_pk)
        .where(subject.c.patient_id == patient, about.c.type.in_([_constant(type) for type in types]))
    )


def _date(extreme: ColumnElement[Any], kinds: Iterable[tuple[str, tuple[str, ...]]]) -> ColumnElement[Any]:
    """The first or last of the dates that count for the type of the row."""
    counting = or_(
        *(
            and_(ix_date.c.type == _constant(type), ix_date.c.name.in_([_constant(code) for code in codes]))
            for type, codes in kinds
            if codes
        )
    )
    return select(extreme).where(ix_date.c.resource_pk == resource.c.pk, counting).correlate(resource).scalar_subquery()


@lru_cache(maxsize=8)
def _telling_of(size: int) -> Prepared:
    told = resource.alias("told")
    rows = select(ix_reference.c.resource_pk).join_from(
        told,
        ix_reference,
        and_(
            ix_reference.c.type == _constant("Provenance"),
            ix_reference.c.name == _constant("target"),
            ix_reference.c.target_id == told.c.id,
            ix_reference.c.target_type == told.c.type,
        ),
    )
    return shielded(current(_OUTLINE).where(resource.c.pk.in_(rows.where(told.c.pk.in_(keys_of(size))))))


@lru_cache(maxsize=32)
def _referred(types: tuple[str, ...], size: int) -> Prepared:
    aim = resource.alias("aim")
    rows = select(aim.c.pk).join_from(
        ix_reference,
        aim,
        and_(aim.c.type == ix_reference.c.target_type, aim.c.id == ix_reference.c.target_id, aim.c.is_current),
    )
    wanted = ix_reference.c.target_type.in_([_constant(type) for type in types])
    rows = rows.where(ix_reference.c.resource_pk.in_(keys_of(size)), wanted)
    return shielded(current(_OUTLINE).where(resource.c.pk.in_(rows)))


@lru_cache(maxsize=8)
def _texts(size: int) -> Prepared:
    return shielded(current(COLUMNS).where(resource.c.pk.in_(keys_of(size))))


def keys_of(size: int) -> list[ColumnElement[int]]:
    return [bindparam(f"m{place}", type_=BigInteger) for place in range(size)]


def _constant(text: str) -> ColumnElement[Any]:
    assert text.replace("-", "").isalpha()  # a name out of our own tables
    return literal_column(f"'{text}'")
