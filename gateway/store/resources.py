"""The published resources: every version ever approved, as the exact text that is served."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, false, literal_column, select, update

from gateway.fhir.json import dump
from gateway.fhir.labels import confidentiality_of
from gateway.fhir.search.index import index as rows_of
from gateway.fhir.search.rows import IndexRow
from gateway.rules.access import OPEN_CONFIDENTIALITY, Visibility
from gateway.rules.audit import AuditEntry
from gateway.rules.consent import Decision
from gateway.rules.redaction import NothingLeft, redact
from gateway.rules.subjects import SEVERAL, patients_of
from gateway.store import index
from gateway.store.audit import record, record_each
from gateway.store.classifying import Version, kinds_of, sight_of
from gateway.store.database import Reader, Writer
from gateway.store.deciding import Judge
from gateway.store.kinds import keep_kinds
from gateway.store.reaching import keep_custodian
from gateway.store.reclassifying import moved_by, settle, settle_deletion
from gateway.store.statements import Prepared, Rows
from gateway.store.succession import Formers, currents, following
from gateway.store.tables import resource
from gateway.store.times import instant, moment
from gateway.store.visible import parameters, shielded


class Whole(NamedTuple):
    """The text of a version as it is stored: its SHA-256, and how long it is."""

    digest: str
    size: int


class Stored(NamedTuple):
    """One version. `consents` are the provisions that let it out (`Consent/id/_history/1#provision`); none where the
    policy alone did. `whole` tells of the text as it is stored, where only what is left of it goes out."""

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
    kind_pk: int = 0
    consents: tuple[str, ...] = ()
    whole: Whole | None = None

    @property
    def updated_at(self) -> datetime:
        return moment(self.updated_micros)

    @property
    def redacts(self) -> bool:
        return self.whole is not None

    @property
    def size(self) -> int:
        """What it counts for on a page, in bytes: what was read, however much of that goes out."""
        return self.whole.size if self.whole else len(self.text)

    @property
    def etag(self) -> str:
        """Of what goes out: what is left of a version is another entity than the whole."""
        return f'W/"{self.version}-redacted"' if self.redacts else f'W/"{self.version}"'


@dataclass(frozen=True, slots=True)
class New:
    """A resource to publish, with its `id`; version and time are given to it. `rows` is its index, when that was made
    beforehand; `after` the version it follows (0: none), when that was decided upon; `patients` are those of what is
    about several."""

    resource: Mapping[str, Any]
    patient_id: str | None
    custodian_id: str | None
    method: str = "POST"
    rows: Sequence[IndexRow] | None = None
    after: int | None = None
    patients: tuple[str, ...] = ()


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
    resource.c.kind_pk,
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
    """The pure rule, asked again of what each row that leaves is to it; each that stays carries the provisions that
    permit it, and is only what they leave of it."""
    judge, found = Judge(db, visibility), list(found)
    judge.expect(found)
    return [left for row in found if (left := _given(row, judge.decide(row))) is not None]


def _given(row: Stored, decision: Decision) -> Stored | None:
    if not decision.permits:
        return None
    if decision.redacts and row.text:
        try:
            text, confidentiality, digest = redact(row.text)
        except NothingLeft:
            return None
        row = row._replace(text=text, confidentiality=confidentiality, whole=Whole(digest, len(row.text)))
    return row._replace(consents=named(decision)) if decision.reasons else row


def named(decision: Decision) -> tuple[str, ...]:
    """The provisions that decided, each in the version of its consent."""
    return tuple(f"{reason.consent}#{reason.path}" for reason in decision.reasons)


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
    writer.alone()
    formers = currents(writer, [(new.resource["resourceType"], new.resource["id"]) for _, new in made])
    versions, rows = [], []
    for _, new in made:
        type, id = new.resource["resourceType"], new.resource["id"]
        version, updated_at = following(writer.at, formers, type, id, new.after)
        body = _dated(new.resource, version, updated_at)
        whose = new.patient_id, new.custodian_id, confidentiality_of(body)
        rows.append((type, id, version, updated_at, *whose, False, dump(body), new.method))
        versions.append(Version((type, id), version, True, _patients(new), body))
    sight = sight_of(writer, versions)
    moved = moved_by(writer, versions)
    kinds = kinds_of(writer, versions, sight)
    numbers = keep_kinds(writer, kinds)
    retired = _retire(writer, formers)
    kept = _insert(writer, [(*row, numbers[kind.id]) for row, kind in zip(rows, kinds, strict=True)])
    found = [
        index.Version(
            each.pk, each.type, each.patient_id, rows_of(version.resource or {}) if new.rows is None else new.rows
        )
        for each, (_, new), version in zip(kept, made, versions, strict=True)
    ]
    index.write(writer, found, retired)
    for custodian_id in {each.custodian_id for each in kept if each.patient_id and each.custodian_id}:
        keep_custodian(writer, custodian_id)
    settle(writer, versions, [each.pk for each in kept], moved)
    record_each(writer, [audit for audit, _ in made])
    return kept


def _patients(new: New) -> tuple[str, ...]:
    if new.patient_id == SEVERAL:
        return new.patients or patients_of(new.resource)
    return (new.patient_id,) if new.patient_id else ()


def withdraw(writer: Writer, audit: AuditEntry, former: Stored) -> Stored:
    """Delete a resource: its next version has no text, and is seen by those who saw the former.

    Raises NeverChanges for what has only one version, Stale when the former is not current any more.
    """
    writer.alone()
    formers = currents(writer, [(former.type, former.id)])
    version, updated_at = following(writer.at, formers, former.type, former.id, former.version)
    now = formers[former.type, former.id]  # consents that came since may have made it of another kind
    former = former._replace(confidentiality=now.confidentiality, kind_pk=now.kind_pk)
    gone = former._replace(version=version, updated_micros=updated_at, is_deleted=True, method="DELETE", text=b"")
    retired = _retire(writer, formers)
    (kept,) = _insert(writer, [gone[1 : len(COLUMNS)]])
    index.write(writer, [], retired)
    settle_deletion(writer, former.pk, kept.pk)
    record(writer, audit)
    return kept


def _retire(writer: Writer, formers: Formers) -> list[int]:
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
