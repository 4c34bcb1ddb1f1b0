"""The published resources: every version ever approved, as the exact text that is served."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import String, and_, bindparam, false, literal_column, select, union_all, update

from gateway.fhir.json import dump
from gateway.fhir.search.index import index as rows_of
from gateway.fhir.search.rows import IndexRow
from gateway.rules.access import OPEN_CONFIDENTIALITY, Visibility
from gateway.rules.audit import AuditEntry
from gateway.rules.consent import Decision, Facts, Rule, decide, disclosure_class, is_own
from gateway.store import index
from gateway.store.audit import record, record_each
from gateway.store.database import Reader, Writer
from gateway.store.statements import Prepared, Rows, batches
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


class _Current(NamedTuple):
    """The version that is current, of which the next one has to know this much."""

    pk: int
    version: int
    updated_micros: int


_Formers = Mapping[tuple[str, str], _Current]  # by type and id
_KEY = ("type", "id")
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
_RETIRE = Prepared(update(resource).where(resource.c.pk == bindparam("the_pk")).values(is_current=false()))
_INSERT = Rows(
    resource, (*(column.name for column in COLUMNS[1:]), "is_current", "indexed_by"), returning=("pk", "type", "id")
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
    """The pure rule, asked again of what each row that leaves is to it; each that stays carries the consents that
    permit it. Rows of which it knows the same are decided as one."""
    rules: dict[str, list[Rule]] = {}
    decided: dict[Facts, Decision] = {}
    leaving = []
    for row in found:
        facts, patient_id = row.facts, row.patient_id
        if facts not in decided:
            if patient_id and patient_id not in rules and not is_own(facts, visibility):
                rules[patient_id] = rules_of(db, visibility, patient_id)
            decided[facts] = decide(facts, visibility, rules.get(patient_id or "", ()))
        decision = decided[facts]
        if decision.permits:
            leaving.append(Stored._make((*row[:-1], decision.consents)) if decision.consents else row)
    return leaving


def _only(db: Reader, visibility: Visibility, row: tuple[Any, ...] | None) -> Stored | None:
    found = permitted(db, visibility, [Stored(*row)]) if row else None
    return found[0] if found else None


def publish(writer: Writer, audit: AuditEntry, new: New) -> Stored:
    """Store the next version of a resource with its index rows; the former is not current any more.

    Raises NeverChanges for a second version of what has only one, Stale when it does not follow the version it should.
    """
    return publish_all(writer, [(audit, new)])[0]


def publish_all(writer: Writer, made: Sequence[tuple[AuditEntry, New]]) -> list[Stored]:
    """Publish resources, each of them once, with as few statements as can be. Raises what `publish` raises."""
    formers = _currents(writer, [(new.resource["resourceType"], new.resource["id"]) for _, new in made])
    bodies, rows = [], []
    for _, new in made:
        type, id = new.resource["resourceType"], new.resource["id"]
        version, updated_at = _next(writer, formers, type, id, new.after)
        body = _dated(new.resource, version, updated_at)
        whose = new.patient_id, new.custodian_id, disclosure_class(body)
        rows.append((type, id, version, updated_at, *whose, False, dump(body), new.method))
        bodies.append(body)
    retired = _retire(writer, formers)
    kept = _insert(writer, rows)
    found = [
        index.Version(each.pk, each.type, each.patient_id, rows_of(body) if new.rows is None else new.rows)
        for each, (_, new), body in zip(kept, made, bodies, strict=True)
    ]
    index.write(writer, found, retired)
    record_each(writer, [audit for audit, _ in made])
    return kept


def withdraw(writer: Writer, audit: AuditEntry, former: Stored) -> Stored:
    """Delete a resource: its next version has no text, and is seen by those who saw the former.

    Raises NeverChanges for what has only one version, Stale when the former is not current any more.
    """
    formers = _currents(writer, [(former.type, former.id)])
    version, updated_at = _next(writer, formers, former.type, former.id, former.version)
    gone = former._replace(version=version, updated_micros=updated_at, is_deleted=True, method="DELETE", text=b"")
    retired = _retire(writer, formers)
    (kept,) = _insert(writer, [gone[1 : len(COLUMNS)]])
    index.write(writer, [], retired)
    record(writer, audit)
    return kept


def _currents(writer: Writer, references: Sequence[tuple[str, str]]) -> _Formers:
    """Those of the resources that are there, by type and id."""
    found: dict[tuple[str, str], _Current] = {}
    for some in batches(references):
        values = {
            f"{name}{place}": text for place, one in enumerate(some) for name, text in zip(_KEY, one, strict=True)
        }
        found |= {(type, id): _Current(*row) for type, id, *row in writer.all(_latest(len(some)), values)}
    return found


@cache
def _latest(size: int) -> Prepared:
    keys = (select(*(bindparam(f"{name}{place}", type_=String).label(name) for name in _KEY)) for place in range(size))
    asked = union_all(*keys).cte("asked")  # joined, as SQLite would look through all the current ones for a list
    columns = (resource.c.type, resource.c.id, resource.c.pk, resource.c.version, resource.c.updated_at)
    one = and_(resource.c.type == asked.c.type, resource.c.id == asked.c.id)
    return Prepared(select(*columns).select_from(asked.join(resource, one)).where(resource.c.is_current))


def _next(writer: Writer, formers: _Formers, type: str, id: str, after: int | None) -> tuple[int, int]:
    """Number and time of the next version."""
    former = formers.get((type, id))
    if after is not None and after != (former.version if former else 0):
        raise Stale(type)
    updated_at = micros(writer.at)
    if former is None:
        return 1, updated_at
    if type in _ONE_VERSION:
        raise NeverChanges(type)
    return former.version + 1, max(updated_at, former.updated_micros + 1)


def _retire(writer: Writer, formers: _Formers) -> list[int]:
    """They are not current any more; their keys."""
    pks = [former.pk for former in formers.values()]
    if pks:
        writer.run_many(_RETIRE, [{"the_pk": pk} for pk in pks])
    return pks


def _insert(writer: Writer, rows: Sequence[Sequence[Any]]) -> list[Stored]:
    """The rows, `COLUMNS` without the key, as they are now stored."""
    pks: dict[tuple[str, str], int] = {}
    for prepared, values in _INSERT.statements([(*row, True, index.INDEXED_BY) for row in rows]):
        pks |= {(type, id): pk for pk, type, id in writer.all(prepared, values)}
    return [stored((pks[row[0], row[1]], *row)) for row in rows]


def _dated(body: Mapping[str, Any], version: int, updated_at: int) -> dict[str, Any]:
    meta = {**body.get("meta", {}), "versionId": str(version), "lastUpdated": instant(updated_at)}
    head = {"resourceType": body["resourceType"], "id": body["id"], "meta": meta}
    return {**head, **{name: value for name, value in body.items() if name not in head}}
