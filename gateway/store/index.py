"""The index rows of a published resource, written in its transaction: what search finds it by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from importlib.resources import files
from typing import Any, NamedTuple

from sqlalchemy import String, Table, bindparam, delete, update

from gateway.fhir.search.rows import DateRow, IndexRow, QuantityRow, ReferenceRow, StringRow, TokenRow, UriRow
from gateway.rules.audit import AuditEntry
from gateway.store.audit import record
from gateway.store.database import Writer
from gateway.store.keys import LONGEST, START, keyed
from gateway.store.statements import Prepared, Rows
from gateway.store.tables import ix_date, ix_quantity, ix_reference, ix_string, ix_token, ix_uri, resource

TABLES: Mapping[type[IndexRow], Table] = {
    TokenRow: ix_token,
    ReferenceRow: ix_reference,
    DateRow: ix_date,
    StringRow: ix_string,
    QuantityRow: ix_quantity,
    UriRow: ix_uri,
}
_RULES = 3  # how values become rows: one more whenever that changes
_TABLE = (files("gateway.fhir") / "definitions" / "search.json").read_bytes()
INDEXED_BY = sha256(b"%d" % _RULES + _TABLE).hexdigest()[:16]  # tells which rows were made by these parameters

# `place`: among the values of the resource. What a string's index orders by is its start.
_HEAD = ("resource_pk", "place", "type", "patient_id")
_STARTED: Mapping[type[IndexRow], tuple[str, ...]] = {StringRow: ("start",)}
_INSERTS = {kind: Rows(table, (*_HEAD, *kind._fields, *_STARTED.get(kind, ()))) for kind, table in TABLES.items()}
_KEYS = frozenset({"system", "code", "unit", "target_id", "value", "of_system", "of_code"})
_KEYED = {row: [at for at, name in enumerate(row._fields) if name in _KEYS] for row in TABLES}
_REMOVE = [Prepared(delete(table).where(table.c.resource_pk == bindparam("the_pk"))) for table in TABLES.values()]
_MARK = Prepared(
    update(resource).where(resource.c.pk == bindparam("the_pk")).values(indexed_by=bindparam("mark", type_=String))
)


class Version(NamedTuple):
    """A version that is current, and what it is found by."""

    pk: int
    type: str
    patient_id: str | None
    rows: Sequence[IndexRow]


def write(writer: Writer, versions: Iterable[Version], former: Iterable[int]) -> None:
    """Write the rows of versions that are now current, and take away those of the ones before them."""
    _remove(writer, former)
    _insert(writer, versions)


def rewrite(writer: Writer, audit: AuditEntry, version: Version) -> None:
    """Other rows for a version that is current, made by the parameters of today."""
    _remove(writer, [version.pk])
    writer.run(_MARK, {"the_pk": version.pk, "mark": INDEXED_BY})
    _insert(writer, [version])
    record(writer, audit)


def _insert(writer: Writer, versions: Iterable[Version]) -> None:
    by_kind: dict[type[IndexRow], list[Sequence[Any]]] = {}
    for pk, type_, patient_id, rows in versions:
        for place, row in enumerate(rows):
            start = (row.folded[:START],) if isinstance(row, StringRow) else ()
            by_kind.setdefault(row.__class__, []).append((pk, place, type_, patient_id, *_shortened(row), *start))
    for kind, each in by_kind.items():
        for prepared, values in _INSERTS[kind].statements(each):
            writer.run(prepared, values)


def _shortened(row: IndexRow) -> tuple[Any, ...]:
    """The row with keys in the place of long texts."""
    values: tuple[Any, ...] = row
    for at in _KEYED[row.__class__]:
        text = values[at]
        if text is not None and len(text) > LONGEST:
            values = (*values[:at], keyed(text), *values[at + 1 :])
    return values


def _remove(writer: Writer, pks: Iterable[int]) -> None:
    values = [{"the_pk": pk} for pk in pks]
    for removal in _REMOVE if values else ():
        writer.run_many(removal, values)
