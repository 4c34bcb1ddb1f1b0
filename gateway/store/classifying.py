"""Of which kind each version is: what a consent may ask of it, turned into one number when it is written.

Most versions tell of themselves only. A Provenance tells of its targets, a Binary of what it is secured by, a dispute
of what is disputed; a deletion is of the kind of what was deleted. Which selectors mean a version depends on the
consents of its patients, and for some on what another resource, the anchor, refers to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import String, bindparam, select

from gateway.fhir.json import parse
from gateway.rules.content import Kind, aspect_of, kind_of, told_by
from gateway.rules.correction import named_in
from gateway.rules.selector import Selector, outgoing, selector_of
from gateway.rules.subjects import SEVERAL, told_of
from gateway.store.database import Reader
from gateway.store.kinds import NOTHING
from gateway.store.statements import Prepared, batches, up_to
from gateway.store.tables import consent_selector, kind, resource, subject

Name = tuple[str, str]  # type and id


class Version(NamedTuple):
    """A version to be classified; without a `resource` it is a deletion."""

    name: Name
    number: int
    is_current: bool
    patients: tuple[str, ...]
    resource: Mapping[str, Any] | None


# What is being classified: by its number, and the current version by None.
Beside = Mapping[tuple[Name, str | None], tuple[Version, Kind]]


class Sight(NamedTuple):
    """What the consents of the patients single out, and what the anchors of that refer to."""

    selectors: Mapping[str, Sequence[Selector]]  # by patient
    refers: Mapping[str, frozenset[str]]

    def of(self, version: Version) -> list[Selector]:
        return list({one.id: one for each in version.patients for one in self.selectors.get(each, ())}.values())


def sight_of(db: Reader, versions: Iterable[Version]) -> Sight:
    """What is to be known of the consents for these versions. Those that are current count as done."""
    versions = list(versions)
    selectors = selectors_of(db, {patient for version in versions for patient in version.patients})
    anchors = {one.anchor for each in selectors.values() for one in each if one.anchor}
    current = [one for one in versions if one.is_current and one.resource is not None] if anchors else []
    beside = {"/".join(one.name): outgoing(one.resource or {}) for one in current}
    refers = {anchor: beside[anchor] if anchor in beside else refers_of(db, anchor) for anchor in anchors}
    return Sight(selectors, refers)


def selectors_of(db: Reader, patients: Iterable[str]) -> dict[str, list[Selector]]:
    """The selectors that the consents of each patient name."""
    found: dict[str, list[Selector]] = {}
    for some in batches(sorted(patients)):
        rows = db.all(_selectors(len(some)), {f"id{place}": id for place, id in enumerate(some)})
        for patient_id, body in rows:
            found.setdefault(patient_id, []).append(selector_of(bytes(body)))
    for selectors in found.values():
        selectors.sort(key=lambda one: one.id)
    return found


def refers_of(db: Reader, reference: str) -> frozenset[str]:
    """What a resource refers to, before its deletion if it is deleted: that sets nothing free."""
    type, _, id = reference.partition("/")
    row = db.one(_LAST, {"type": type, "id": id})
    return outgoing(parse(bytes(row[0]))) if row else frozenset()


def kinds_of(db: Reader, versions: Sequence[Version], sight: Sight) -> list[Kind]:
    """The kind of each version; those that tell of others come after these, as the others may be among them."""
    made: dict[int, Kind] = {}
    beside: dict[tuple[Name, str | None], tuple[Version, Kind]] = {}
    for place in sorted(range(len(versions)), key=lambda place: _order(versions[place])):
        version = versions[place]
        made[place] = _kind(db, version, sight, beside)
        beside[version.name, str(version.number)] = version, made[place]
        if version.is_current:
            beside[version.name, None] = version, made[place]
    return [made[place] for place in range(len(versions))]


def _order(version: Version) -> tuple[bool, bool, int]:
    is_telling = version.resource is not None and is_record(version.resource)
    return is_telling, version.resource is None, version.number


def is_record(body: Mapping[str, Any]) -> bool:
    """Whether it tells of others."""
    return body["resourceType"] == "Provenance" or "securityContext" in body or bool(named_in(body))


def _kind(db: Reader, version: Version, sight: Sight, beside: Beside) -> Kind:
    body = version.resource
    if body is None:
        return _told(db, version, (version.name, str(version.number - 1)), sight, beside)
    selectors = sight.of(version)
    if not is_record(body):
        return Kind(frozenset({aspect_of(body, selectors, sight.refers)}))
    named = [((each.type, each.id), each.version) if each else None for each in told_of(body)]
    told = [_told(db, version, each, sight, beside) if each else NOTHING for each in named]
    return told_by(body, told, selectors, sight.refers)


def _told(db: Reader, record: Version, named: tuple[Name, str | None], sight: Sight, beside: Beside) -> Kind:
    """The kind of what is told of, a version or the current one; that of nothing for what is not there. The patients of
    the record may single out what is not about them."""
    if named in beside:
        version, found = beside[named]
    else:
        row = _kept(db, *named)
        if row is None:
            return NOTHING
        pk, number, is_current, patient_id, body = row
        version = Version(named[0], number, is_current, subjects_of(db, pk, patient_id), None)
        found = kind_of(bytes(body))
    others = set(record.patients) - set(version.patients)
    if not any(sight.selectors.get(patient) for patient in others):
        return found
    content = version.resource or _content(db, version)
    return _kind(db, version._replace(patients=record.patients, resource=content), sight, beside) if content else found


def _kept(db: Reader, name: Name, number: str | None) -> tuple[Any, ...] | None:
    values = {"type": name[0], "id": name[1]}
    if number is None:
        return db.one(_KIND, values)
    is_number = number.isascii() and number.isdigit() and len(number) < 10
    return db.one(_KIND_OF_VERSION, values | {"number": int(number)}) if is_number else None


def _content(db: Reader, version: Version) -> Mapping[str, Any] | None:
    """What a version says; what was deleted, said it last."""
    row = db.one(_TEXT, {"type": version.name[0], "id": version.name[1], "number": version.number})
    body: Mapping[str, Any] | None = parse(bytes(row[0])) if row else None
    return body


def subjects_of(db: Reader, pk: int, patient_id: str | None) -> tuple[str, ...]:
    """The patients a version is about."""
    if patient_id == SEVERAL:
        return tuple(row[0] for row in db.all(_PATIENTS, {"pk": pk}))
    return (patient_id,) if patient_id else ()


_NAMED = (resource.c.type == bindparam("type"), resource.c.id == bindparam("id"))
_LAST = Prepared(
    select(resource.c.text).where(*_NAMED, ~resource.c.is_deleted).order_by(resource.c.version.desc()).limit(up_to(1))
)
_TEXT = Prepared(
    select(resource.c.text)
    .where(*_NAMED, resource.c.version <= bindparam("number"), ~resource.c.is_deleted)
    .order_by(resource.c.version.desc())
    .limit(up_to(1))
)
_PATIENTS = Prepared(select(subject.c.patient_id).where(subject.c.resource_pk == bindparam("pk")))
_FACTS = (resource.c.pk, resource.c.version, resource.c.is_current, resource.c.patient_id, kind.c.body)
_BODY = select(*_FACTS).select_from(resource.join(kind, resource.c.kind_pk == kind.c.pk)).where(*_NAMED)
_KIND = Prepared(_BODY.where(resource.c.is_current))
_KIND_OF_VERSION = Prepared(_BODY.where(resource.c.version == bindparam("number")))


@cache
def _selectors(size: int) -> Prepared:
    patients = [bindparam(f"id{place}", type_=String) for place in range(size)]
    rows = select(consent_selector.c.patient_id, consent_selector.c.body)
    return Prepared(rows.where(consent_selector.c.patient_id.in_(patients)))
