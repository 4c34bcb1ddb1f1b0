"""The index rows of a published resource, written in its transaction: what search finds it by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table, bindparam, delete, insert, literal_column, select

from gateway.fhir.search_index import DateRow, IndexRow, ReferenceRow, StringRow, TokenRow, UriRow, index
from gateway.rules.audit import AuditEntry
from gateway.store.audit import record
from gateway.store.database import Writer
from gateway.store.statements import Prepared
from gateway.store.tables import ix_date, ix_reference, ix_string, ix_token, ix_uri, resource

TABLES: Mapping[type[IndexRow], Table] = {
    TokenRow: ix_token,
    ReferenceRow: ix_reference,
    DateRow: ix_date,
    StringRow: ix_string,
    UriRow: ix_uri,
}
_INSERTS = {row: Prepared(insert(table), [column.name for column in table.columns]) for row, table in TABLES.items()}
_FORMER = select(resource.c.pk).where(
    resource.c.type == bindparam("the_type"),
    resource.c.id == bindparam("the_id"),
    resource.c.is_current == literal_column("FALSE"),
)
_DELETES = [Prepared(delete(table).where(table.c.resource_pk.in_(_FORMER))) for table in TABLES.values()]


def write(
    writer: Writer,
    pk: int,
    type: str,
    patient_id: str | None,
    resource: dict[str, Any],
    made: Sequence[IndexRow] | None = None,
) -> None:
    """Write the rows of the version that is now current (`made` beforehand, or here), and take away those of the
    versions before it."""
    if resource["meta"]["versionId"] != "1":
        _forget(writer, type, resource["id"])
    head = {"resource_pk": pk, "type": type, "patient_id": patient_id}
    rows: dict[Any, list[dict[str, Any]]] = {}
    for row in index(resource) if made is None else made:
        rows.setdefault(row.__class__, []).append({**head, **row._asdict()})
    for kind, values in rows.items():
        writer.run_many(_INSERTS[kind], values)


def clear(writer: Writer, audit: AuditEntry, type: str, id: str) -> None:
    """Take away the rows of all versions that are not current: what is deleted is not found."""
    _forget(writer, type, id)
    record(writer, audit)


def _forget(writer: Writer, type: str, id: str) -> None:
    for removal in _DELETES:
        writer.run(removal, {"the_type": type, "the_id": id})
