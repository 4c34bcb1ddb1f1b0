"""The published resources: every version ever approved, as the exact text that is served."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, false, insert, literal_column, select, update

from gateway.fhir.json import dump
from gateway.fhir.search_rows import IndexRow
from gateway.rules.access import OPEN_CONFIDENTIALITY, Visibility
from gateway.rules.audit import AuditEntry
from gateway.rules.consent import Facts, Rule, decide, disclosure_class, is_own
from gateway.store import index
from gateway.store.audit import record
from gateway.store.database import Reader, Writer
from gateway.store.statements import Prepared
from gateway.store.tables import resource
from gateway.store.times import instant, micros, moment
from gateway.store.visible import parameters, rules_of, shielded

_ONE_VERSION = frozenset({"Provenance", "AuditEvent"})  # what was told of an act is never told otherwise


class NeverChanges(Exception):
    """A further version was wanted of what has only one."""


class Stale(Exception):
    """Another version is current than the one that a further one was decided upon."""


class Stored(NamedTuple):
    """One version. `consents` are the Consent versions that let it out; none where the policy alone did."""

    pk: int
    type: str
    id: str
    version: int
    updated_micros: int
    patient_id: str | None
    custodian_id: str | None
    confidentiality: str
    is_deleted: bool
    text: bytes
    method: str
    consents: tuple[str, ...] = ()

    @property
    def updated_at(self) -> datetime:
        return moment(self.updated_micros)

    @property
    def facts(self) -> Facts:
        consent_id = self.id if self.type == "Consent" else None
        return Facts(self.patient_id, self.custodian_id, self.confidentiality, consent_id)


@dataclass(frozen=True, slots=True)
class New:
    """A resource to publish, with its `id`; version and time are given to it. `rows` is its index, when that was made
    beforehand; `after` the version it follows (0: none), when that was decided upon."""

    resource: Mapping[str, Any]
    patient_id: str | None
    custodian_id: str | None
    method: str = "POST"
    rows: Sequence[IndexRow] | None = None
    after: int | None = None


# What `stored` reads, in this order.
COLUMNS = (
    resource.c.pk,
    resource.c.type,
    resource.c.id,
    resource.c.version,
    resource.c.updated_at,
    resource.c.patient_id,
    resource.c.custodian_id,
    resource.c.confidentiality,
    resource.c.is_deleted,
    resource.c.text,
    resource.c.method,
)
_ONE = select(*COLUMNS).where(resource.c.type == bindparam("type"), resource.c.id == bindparam("id"))
_READ = shielded(_ONE.where(resource.c.is_current))
_VREAD = shielded(_ONE.where(resource.c.version == bindparam("version")))
_OPEN = Prepared(
    _ONE.where(
        resource.c.is_current,
        ~resource.c.is_deleted,
        resource.c.patient_id.is_(None),
        resource.c.confidentiality.in_([literal_column(f"'{code}'") for code in sorted(OPEN_CONFIDENTIALITY)]),
    )
)
_LATEST = Prepared(
    select(resource.c.pk, resource.c.version, resource.c.updated_at).where(
        resource.c.type == bindparam("type"), resource.c.id == bindparam("id"), resource.c.is_current
    )
)
_RETIRE = Prepared(update(resource).where(resource.c.pk == bindparam("the_pk")).values(is_current=false()))
_INSERT = Prepared(
    insert(resource).returning(resource.c.pk),
    [column.name for column in resource.columns if column.name != "pk"],
)


def stored(row: Iterable[Any]) -> Stored:
    """A row of `COLUMNS`, as it came from the driver or from SQLAlchemy."""
    return Stored(*row)


def read(db: Reader, visibility: Visibility, type: str, id: str) -> Stored | None:
    """The current version, or None: what may not be seen is not there. A deleted one has `is_deleted`."""
    row = db.one(_READ, {**parameters(visibility), "type": type, "id": id})
    return _only(db, visibility, row)


def vread(db: Reader, visibility: Visibility, type: str, id: str, version: int) -> Stored | None:
    row = db.one(_VREAD, {**parameters(visibility), "type": type, "id": id, "version": version})
    return _only(db, visibility, row)


def current(db: Reader, type: str, id: str) -> Stored | None:
    """The current version of content about no patient that is open to every caller; None for anything else."""
    row = db.one(_OPEN, {"type": type, "id": id})
    return None if row is None else stored(row)


def permitted(db: Reader, visibility: Visibility, found: Iterable[Stored]) -> list[Stored]:
    """The pure rule, asked again of each row that leaves; each that stays carries the consents that permit it."""
    rules: dict[str, list[Rule]] = {}
    leaving = []
    for row in found:
        facts, patient_id = row.facts, row.patient_id
        if patient_id and patient_id not in rules and not is_own(facts, visibility):
            rules[patient_id] = rules_of(db, visibility, patient_id)
        decision = decide(facts, visibility, rules.get(patient_id or "", ()))
        if decision.permits:
            leaving.append(row._replace(consents=decision.consents) if decision.consents else row)
    return leaving


def _only(db: Reader, visibility: Visibility, row: tuple[Any, ...] | None) -> Stored | None:
    found = permitted(db, visibility, [Stored(*row)]) if row else None
    return found[0] if found else None


def publish(writer: Writer, audit: AuditEntry, new: New) -> Stored:
    """Store the next version of a resource with its index rows; the former is not current any more.

    Raises NeverChanges for a second version of what has only one, Stale when it does not follow the version it should.
    """
    type_, id_ = new.resource["resourceType"], new.resource["id"]
    version, updated_at = _follow(writer, type_, id_, new.after)
    body = _dated(new.resource, version, updated_at)
    values = {
        "type": type_,
        "id": id_,
        "version": version,
        "is_current": True,
        "is_deleted": False,
        "patient_id": new.patient_id,
        "custodian_id": new.custodian_id,
        "confidentiality": disclosure_class(body),
        "updated_at": updated_at,
        "method": new.method,
        "text": dump(body),
    }
    kept = _insert(writer, values)
    index.write(writer, kept.pk, type_, new.patient_id, body, new.rows)
    record(writer, audit)
    return kept


def withdraw(writer: Writer, audit: AuditEntry, former: Stored) -> Stored:
    """Delete a resource: its next version has no text, and is seen by those who saw the former.

    Raises NeverChanges for what has only one version, Stale when the former is not current any more.
    """
    version, updated_at = _follow(writer, former.type, former.id, former.version)
    values = {column.name: value for column, value in zip(COLUMNS, former, strict=False)}
    values |= {"version": version, "updated_at": updated_at, "is_current": True, "is_deleted": True}
    kept = _insert(writer, values | {"method": "DELETE", "text": b""})
    index.clear(writer, audit, former.type, former.id)
    return kept


def _follow(writer: Writer, type: str, id: str, after: int | None) -> tuple[int, int]:
    """Number and time of the next version; the one before it is not current any more."""
    former = writer.one(_LATEST, {"type": type, "id": id})
    if after is not None and after != (former[1] if former else 0):
        raise Stale(type)
    updated_at = micros(writer.at)
    if former is None:
        return 1, updated_at
    if type in _ONE_VERSION:
        raise NeverChanges(type)
    former_pk, former_version, former_at = former
    writer.run(_RETIRE, {"the_pk": former_pk})
    return former_version + 1, max(updated_at, former_at + 1)


def _insert(writer: Writer, values: Mapping[str, Any]) -> Stored:
    inserted = writer.one(_INSERT, {**values, "indexed_by": index.INDEXED_BY})
    assert inserted is not None
    return stored((inserted[0], *(values[column.name] for column in COLUMNS[1:])))


def _dated(body: Mapping[str, Any], version: int, updated_at: int) -> dict[str, Any]:
    meta = {**body.get("meta", {}), "versionId": str(version), "lastUpdated": instant(updated_at)}
    head = {"resourceType": body["resourceType"], "id": body["id"], "meta": meta}
    return {**head, **{name: value for name, value in body.items() if name not in head}}
