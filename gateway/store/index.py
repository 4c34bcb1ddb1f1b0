"""The index rows of a published resource, written in its transaction: what search finds it by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from importlib.resources import files
from typing import Any

from sqlalchemy import String, Table, bindparam, delete, insert, literal_column, select, update

from gateway.fhir.search_index import index
from gateway.fhir.search_rows import DateRow, IndexRow, QuantityRow, ReferenceRow, StringRow, TokenRow, UriRow
from gateway.rules.audit import AuditEntry
from gateway.store.audit import record
from gateway.store.database import Writer
from gateway.store.keys import LONGEST, START, keyed
from gateway.store.statements import Prepared
from gateway.store.tables import ix_date, ix_quantity, ix_reference, ix_string, ix_token, ix_uri, resource

TABLES: Mapping[type[IndexRow], Table] = {
    TokenRow: ix_token,
    ReferenceRow: ix_reference,
    DateRow: ix_date,
    StringRow: ix_string,
    QuantityRow: ix_quantity,
    UriRow: ix_uri,
}
_RULES = 1  # how values become rows: one more whenever that changes
_TABLE = (files("gateway.fhir") / "definitions" / "search.json").read_bytes()
INDEXED_BY = sha256(b"%d" % _RULES + _TABLE).hexdigest()[:16]  # tells which rows were made by these parameters

_INSERTS = {row: Prepared(insert(table), [column.name for column in table.columns]) for row, table in TABLES.items()}
_KEYS = frozenset({"system", "code", "unit", "target_id", "value", "of_system", "of_code"})
_KEYED = {row: [at for at, name in enumerate(row._fields) if name in _KEYS] for row in TABLES}
_FORMER = select(resource.c.pk).where(
    resource.c.type == bindparam("the_type"),
    resource.c.id == bindparam("the_id"),
    resource.c.is_current == literal_column("FALSE"),
)
_FORGET = [Prepared(delete(table).where(table.c.resource_pk.in_(_FORMER))) for table in TABLES.values()]
_REMOVE = [Prepared(delete(table).where(table.c.resource_pk == bindparam("the_pk"))) for table in TABLES.values()]
_MARK = Prepared(
    update(resource).where(resource.c.pk == bindparam("the_pk")).values(indexed_by=bindparam("mark", type_=String))
)


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
    _insert(writer, pk, type, patient_id, index(resource) if made is None else made)


def rewrite(
    writer: Writer, audit: AuditEntry, pk: int, type: str, patient_id: str | None, rows: Sequence[IndexRow]
) -> None:
    """Other rows for a version that is current, made by the parameters of today."""
    for removal in (*_REMOVE, _MARK):
        writer.run(removal, {"the_pk": pk, "mark": INDEXED_BY})
    _insert(writer, pk, type, patient_id, rows)
    record(writer, audit)


def clear(writer: Writer, audit: AuditEntry, type: str, id: str) -> None:
    """Take away the rows of all versions that are not current: what is deleted is not found."""
    _forget(writer, type, id)
    record(writer, audit)


def _insert(writer: Writer, pk: int, type: str, patient_id: str | None, rows: Sequence[IndexRow]) -> None:
    by_kind: dict[Any, list[dict[str, Any]]] = {}
    for place, row in enumerate(rows):
        values = {"resource_pk": pk, "place": place, "type": type, "patient_id": patient_id, **row._asdict()}
        for at in _KEYED[row.__class__]:
            text: Any = row[at]
            if text is not None and len(text) > LONGEST:
                values[row._fields[at]] = keyed(text)
        if isinstance(row, StringRow):
            values["start"] = row.folded[:START]
        by_kind.setdefault(row.__class__, []).append(values)
    for kind, each in by_kind.items():
        writer.run_many(_INSERTS[kind], each)


def _forget(writer: Writer, type: str, id: str) -> None:
    for removal in _FORGET:
        writer.run(removal, {"the_type": type, "the_id": id})
