"""What an upgrade leaves to be done: index rows that were made by other search parameters than today's, versions that
were never classified, consents that were never compiled.

Each version says what was done with it, so the work can stop and go on anywhere, beside writers.
"""

from __future__ import annotations

from functools import cache

from sqlalchemy import bindparam, func, literal_column, or_, select

from gateway.fhir.json import parse
from gateway.fhir.search.index import index as rows_of
from gateway.rules.audit import AuditEntry
from gateway.store import consents, index
from gateway.store.audit import record
from gateway.store.database import Reader, Writer
from gateway.store.reclassifying import classify
from gateway.store.statements import Prepared, up_to
from gateway.store.tables import resource

# Said as two ranges, which an index finds at once.
_BEHIND = (
    resource.c.is_current,
    or_(resource.c.indexed_by < bindparam("today"), resource.c.indexed_by > bindparam("today")),
)
_UNCLASSIFIED = resource.c.kind_pk == literal_column("0")  # in the words of its index
_COUNTS = [
    Prepared(select(func.count()).select_from(resource).where(*_BEHIND)),
    Prepared(select(func.count()).select_from(resource).where(_UNCLASSIFIED)),
]
_ANY = [
    Prepared(select(resource.c.pk).where(*_BEHIND).limit(up_to(1))),
    Prepared(select(resource.c.pk).where(_UNCLASSIFIED).limit(up_to(1))),
]
_NEXT = Prepared(
    select(resource.c.pk, resource.c.type, resource.c.patient_id)
    .where(_UNCLASSIFIED)
    .order_by(resource.c.pk)
    .limit(up_to("count"))
)


def is_behind(db: Reader) -> bool:
    """Whether some resources were indexed by other parameters than today's, or some versions never classified."""
    return any(db.one(each, {"today": index.INDEXED_BY}) is not None for each in _ANY)


def behind(db: Reader) -> int:
    """How many resources are to be indexed anew, and versions to be classified."""
    rows = [db.one(each, {"today": index.INDEXED_BY}) for each in _COUNTS]
    return sum(int(row[0]) for row in rows if row is not None)


def go_on(writer: Writer, audit: AuditEntry, *, count: int) -> int:
    """Classify at most `count` versions, or index so many resources anew once all are classified; how many it were."""
    return _classify(writer, audit, count) or _index(writer, audit, count)


def _classify(writer: Writer, audit: AuditEntry, count: int) -> int:
    """The consents among them stand from now on."""
    writer.alone()
    found = writer.all(_NEXT, {"count": count})
    if found:
        classify(writer, [pk for pk, _, _ in found])
        record(writer, audit)
    for patient_id in sorted({patient for _, type, patient in found if type == "Consent" and patient}):
        consents.recompile(writer, audit, patient_id)
    return len(found)


def _index(writer: Writer, audit: AuditEntry, count: int) -> int:
    found = writer.all(_some(), {"today": index.INDEXED_BY, "count": count})
    for pk, type, patient_id, is_deleted, text in found:
        rows = [] if is_deleted else rows_of(parse(bytes(text)))
        index.rewrite(writer, audit, index.Version(pk, type, patient_id, rows))
    return len(found)


@cache
def _some() -> Prepared:
    columns = (
        resource.c.pk,
        resource.c.type,
        resource.c.patient_id,
        resource.c.is_deleted,
        resource.c.text,
    )
    return Prepared(select(*columns).where(*_BEHIND).order_by(resource.c.pk).limit(up_to("count")))
