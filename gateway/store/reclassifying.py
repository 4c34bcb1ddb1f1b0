"""What else is of another kind because of what was written: part of the transaction that writes it.

Four things change the kind of a version that is there: the selectors of its patients' consents, what an anchor of
theirs refers to, the kind of what it tells of, and a release that classifies otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Boolean,
    String,
    and_,
    bindparam,
    insert,
    or_,
    select,
    union_all,
    update,
)

from gateway.fhir.json import parse
from gateway.fhir.labels import confidentiality_of
from gateway.rules.selector import anchored_at, outgoing
from gateway.rules.subjects import SEVERAL, patients_of, told_of
from gateway.store.classifying import Name, Version, is_record, kinds_of, refers_of, sight_of, subjects_of
from gateway.store.database import Reader, Writer
from gateway.store.kinds import keep_kinds
from gateway.store.statements import Prepared, Rows, batches
from gateway.store.tables import consent_selector, resource, subject, target

_BATCH = 256
_ROUNDS = 100  # a Provenance of a Provenance of a …: beyond that it keeps its kind
_SUBJECTS = Rows(subject, ("resource_pk", "patient_id"))
_TARGETS = Rows(target, ("resource_pk", "place", "type", "id", "version"))
_SET = Prepared(
    update(resource)
    .where(resource.c.pk == bindparam("the_pk"))
    .values(kind_pk=bindparam("the_kind"), confidentiality=bindparam("the_class"))
)
_BELONG = Prepared(
    update(resource).where(resource.c.pk == bindparam("the_pk")).values(patient_id=bindparam("the_patient"))
)
_NEW, _OLD = bindparam("new", type_=BigInteger), bindparam("old", type_=BigInteger)
_INHERIT = [
    Prepared(
        insert(table).from_select(
            [column.name for column in table.columns],
            select(_NEW, *list(table.columns)[1:]).where(table.c.resource_pk == _OLD),
        )
    )
    for table in (subject, target)
]
_ABOUT = [
    Prepared(select(resource.c.pk).where(resource.c.patient_id == bindparam("patient_id"))),
    Prepared(select(subject.c.resource_pk).where(subject.c.patient_id == bindparam("patient_id"))),
]
_NAMED = (resource.c.type == bindparam("type"), resource.c.id == bindparam("id"))
_WHOSE = Prepared(select(resource.c.pk, resource.c.patient_id).where(*_NAMED, resource.c.is_current))
_FORMER = Prepared(select(resource.c.pk).where(*_NAMED, resource.c.version == bindparam("number")))
_WHICH = [resource.c.pk, resource.c.type, resource.c.id, resource.c.version, resource.c.is_current]
_VERSIONS = Prepared(select(*_WHICH).where(*_NAMED))
_Told = tuple[str, str, str, bool]  # type, id, number, whether it is the current one
_TYPES: Mapping[str, Any] = {"type": String, "id": String, "number": String, "is_current": Boolean}
_TOLD = tuple(_TYPES)


class _Row(NamedTuple):
    """A version as it is kept."""

    pk: int
    type: str
    id: str
    number: int
    is_current: bool
    is_deleted: bool
    patient_id: str | None
    confidentiality: str
    kind_pk: int
    text: bytes


_COLUMNS = [resource.c["version" if name == "number" else name] for name in _Row._fields]


def moved_by(db: Reader, versions: Iterable[Version]) -> frozenset[Name]:
    """To what an anchor refers no more, or refers now, if these versions follow the current ones. Whoever's consent
    names the anchor: what it refers to may be about other patients than itself."""
    current = {"/".join(each.name): each.resource for each in versions if each.is_current and each.resource}
    moved: set[str] = set()
    for name in _anchors(db, list(current)):
        moved |= refers_of(db, name) ^ outgoing(current[name])
    return frozenset(_name(each) for each in moved)


def _anchors(db: Reader, names: Sequence[str]) -> set[str]:
    """Those of the resources that somebody's consent takes as an anchor."""
    bodies = {anchored.id: name for name in names for anchored in anchored_at(name)}
    found: set[str] = set()
    for some in batches(sorted(bodies)):
        rows = db.all(_singled_out(len(some)), {f"id{place}": id for place, id in enumerate(some)})
        found |= {bodies[id] for (id,) in rows}
    return found


def settle(writer: Writer, versions: Sequence[Version], pks: Sequence[int], moved: frozenset[Name]) -> None:
    """Keep beside new versions whose they are and what they tell of, and classify anew what depends on them."""
    _note(writer, list(zip(pks, versions, strict=True)))
    kept = [(*version.name, str(version.number), True) for version in versions]
    _join(writer, _telling_of(writer, kept).keys() - set(pks))
    referred = _versions_of(writer, moved)
    depending = _reaching(writer, [*kept, *referred.values()]) - set(pks)
    _classify(writer, sorted(depending | referred.keys()))


def _join(writer: Writer, pks: Iterable[int]) -> None:
    """What tells of others is about their patients too, as soon as these are about more than before."""
    ahead = set(pks)
    while ahead:
        joined = []
        for row in _rows(writer, sorted(ahead)):
            before = subjects_of(writer, row.pk, row.patient_id)
            now = () if row.is_deleted else tuple(dict.fromkeys((*before, *_named(writer, parse(row.text)))))
            if len(now) > len(before):
                new = now if len(before) < 2 else now[len(before) :]
                _write(writer, _SUBJECTS, [(row.pk, patient) for patient in new] if len(now) > 1 else [])
                writer.run(_BELONG, {"the_pk": row.pk, "the_patient": SEVERAL if len(now) > 1 else now[0]})
                joined.append((row.type, row.id, str(row.number), row.is_current))
        ahead = set(_telling_of(writer, joined))


def settle_deletion(writer: Writer, former: int, now: int) -> None:
    """A deletion stays with whom the version before it belonged to. What a deleted anchor referred to stays singled
    out: deleting sets nothing free."""
    for copying in _INHERIT:
        writer.run(copying, {"old": former, "new": now})


def classify_patient(writer: Writer, patient_id: str) -> None:
    """Classify all versions about a patient anew, as what the consents single out has changed."""
    about = [pk for each in _ABOUT for (pk,) in writer.all(each, {"patient_id": patient_id})]
    _classify(writer, sorted(about))


def classify(writer: Writer, pks: Sequence[int]) -> None:
    """Classify versions that were never classified, by rows that are in the order in which they were made."""
    for row in _rows(writer, pks):
        if row.is_deleted:
            former = writer.one(_FORMER, {"type": row.type, "id": row.id, "number": row.number - 1})
            for copying in _INHERIT if former else ():
                writer.run(copying, {"old": former[0] if former else 0, "new": row.pk})
        else:
            body = parse(row.text)
            whose = _named(writer, body) if row.patient_id == SEVERAL else ()
            _note(writer, [(row.pk, Version((row.type, row.id), row.number, row.is_current, whose, body))])
    _classify(writer, pks)


def _named(db: Reader, body: Mapping[str, Any]) -> tuple[str, ...]:
    """The patients of what is about several: those it names, and those of what it tells of."""
    found = list(patients_of(body))
    for each in told_of(body) if is_record(body) else ():
        whose = db.one(_WHOSE, {"type": each.type, "id": each.id}) if each else None
        found += subjects_of(db, *whose) if whose else ()
    return tuple(dict.fromkeys(found))


def _note(writer: Writer, kept: Iterable[tuple[int, Version]]) -> None:
    """Write whose versions are that are about several patients, and what those tell of that tell of others."""
    subjects: list[tuple[Any, ...]] = []
    targets: list[tuple[Any, ...]] = []
    for pk, version in kept:
        subjects += [(pk, patient) for patient in version.patients if len(version.patients) > 1]
        if version.resource is not None and is_record(version.resource):
            named = enumerate(told_of(version.resource))
            targets += [(pk, place, *(each or (None, None, None))) for place, each in named]
    _write(writer, _SUBJECTS, subjects)
    _write(writer, _TARGETS, targets)


def _write(writer: Writer, rows: Rows, values: Sequence[Sequence[Any]]) -> None:
    for prepared, bound in rows.statements(values):
        writer.run(prepared, bound)


def _classify(writer: Writer, pks: Sequence[int]) -> None:
    """Classify versions anew, and then what tells of those that are of another kind now."""
    for _ in range(_ROUNDS):
        changed = [row for start in range(0, len(pks), _BATCH) for row in _anew(writer, pks[start : start + _BATCH])]
        pks = sorted(_telling_of(writer, changed))
        if not pks:
            return


def _anew(writer: Writer, pks: Sequence[int]) -> list[_Told]:
    """Those of the versions that are of another kind now."""
    rows = _rows(writer, pks)
    versions = [_version(writer, row) for row in rows]
    kinds = kinds_of(writer, versions, sight_of(writer, versions))
    numbers = keep_kinds(writer, kinds)
    changed = []
    for row, version, kind in zip(rows, versions, kinds, strict=True):
        level = row.confidentiality if version.resource is None else confidentiality_of(version.resource)
        if (row.kind_pk, row.confidentiality) != (numbers[kind.id], level):
            writer.run(_SET, {"the_pk": row.pk, "the_kind": numbers[kind.id], "the_class": level})
            changed.append((row.type, row.id, str(row.number), row.is_current))
    return changed


def _version(db: Reader, row: _Row) -> Version:
    body = None if row.is_deleted else parse(row.text)
    return Version((row.type, row.id), row.number, row.is_current, subjects_of(db, row.pk, row.patient_id), body)


def _rows(db: Reader, pks: Sequence[int]) -> list[_Row]:
    found: list[_Row] = []
    for some in batches(pks):
        rows = db.all(_by_pk(len(some)), {f"pk{place}": pk for place, pk in enumerate(some)})
        found += (_Row._make((*row[:-1], bytes(row[-1]))) for row in rows)
    return sorted(found)


def _reaching(db: Reader, versions: Sequence[_Told]) -> set[int]:
    """What tells of these versions, and what tells of that: the consents of whom only the last is about may single out
    the first, while the kind of what is in between stays."""
    found: set[int] = set()
    for _ in range(_ROUNDS):
        telling = {pk: told for pk, told in _telling_of(db, versions).items() if pk not in found}
        if not telling:
            break
        found |= telling.keys()
        versions = list(telling.values())
    return found


def _telling_of(db: Reader, versions: Sequence[_Told]) -> dict[int, _Told]:
    """What tells of these versions: by their numbers, or of the current one."""
    found: dict[int, _Told] = {}
    for some in batches(versions):
        values = {f"{key}{place}": held for place, one in enumerate(some) for key, held in zip(_TOLD, one, strict=True)}
        found |= _which(db.all(_telling(len(some)), values))
    return found


def _versions_of(db: Reader, names: Iterable[Name]) -> dict[int, _Told]:
    rows = (row for type, id in names for row in db.all(_VERSIONS, {"type": type, "id": id}))
    return _which(rows)


def _which(rows: Iterable[tuple[Any, ...]]) -> dict[int, _Told]:
    """Versions by their row numbers, as others may tell of them."""
    return {pk: (type, id, str(number), bool(is_current)) for pk, type, id, number, is_current in rows}


def _name(reference: str) -> Name:
    type, _, id = reference.partition("/")
    return type, id


@cache
def _singled_out(size: int) -> Prepared:
    ids = [bindparam(f"id{place}", type_=String) for place in range(size)]
    selector_id = consent_selector.c.selector_id
    return Prepared(select(selector_id).distinct().where(selector_id.in_(ids)))


@cache
def _by_pk(size: int) -> Prepared:
    pks = [bindparam(f"pk{place}", type_=BigInteger) for place in range(size)]
    return Prepared(select(*_COLUMNS).where(resource.c.pk.in_(pks)))


@cache
def _telling(size: int) -> Prepared:
    rows = [
        select(*(bindparam(f"{key}{place}", type_=_TYPES[key]).label(key) for key in _TOLD)) for place in range(size)
    ]
    asked = union_all(*rows).cte("asked")
    is_meant = or_(target.c.version == asked.c.number, and_(target.c.version.is_(None), asked.c.is_current))
    joined = and_(target.c.type == asked.c.type, target.c.id == asked.c.id)
    telling = asked.join(target, joined).join(resource, resource.c.pk == target.c.resource_pk)
    return Prepared(select(*_WHICH).select_from(telling).where(is_meant))
