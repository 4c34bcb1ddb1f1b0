"""Index rows made anew, where they were made by other search parameters than today's.

Each current version says by which parameters it was indexed, so the work can stop and go on anywhere, beside writers.
"""

from __future__ import annotations

from functools import cache

from sqlalchemy import bindparam, func, or_, select

from gateway.fhir.json import parse
from gateway.fhir.search.index import index as rows_of
from gateway.rules.audit import AuditEntry
from gateway.store import index
from gateway.store.database import Reader, Writer
from gateway.store.statements import Prepared
from gateway.store.tables import resource

# Said as two ranges, which an index finds at once.
_BEHIND = (
    resource.c.is_current,
    or_(resource.c.indexed_by < bindparam("today"), resource.c.indexed_by > bindparam("today")),
)
_COUNT = Prepared(select(func.count()).select_from(resource).where(*_BEHIND))
_ANY = Prepared(select(resource.c.pk).where(*_BEHIND).limit(1))


def is_behind(db: Reader) -> bool:
    """Whether some resources were indexed by other parameters than today's."""
    return db.one(_ANY, {"today": index.INDEXED_BY}) is not None


def behind(db: Reader) -> int:
    """How many resources were indexed by other parameters than today's."""
    row = db.one(_COUNT, {"today": index.INDEXED_BY})
    assert row is not None
    return int(row[0])


def go_on(writer: Writer, audit: AuditEntry, *, count: int) -> int:
    """Index at most `count` of them anew; how many it were."""
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
    return Prepared(select(*columns).where(*_BEHIND).order_by(resource.c.pk).limit(bindparam("count")))
