"""The audit log: rows are only ever added, in the transaction of the act or through the journal."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any

from gateway.fhir.json import dump
from gateway.rules.audit import AuditEntry
from gateway.store import tables
from gateway.store.database import Writer
from gateway.store.statements import Rows
from gateway.store.times import micros

_COLUMNS = [column.name for column in tables.audit.columns if column.name != "pk"]
_INSERT = Rows(tables.audit, _COLUMNS)
_in_order = itemgetter(*_COLUMNS)
_VARIANT = "89ab"


def record(writer: Writer, audit: AuditEntry) -> None:
    """Add the entry in this transaction; the same entry object is added once, however many writes it speaks of."""
    record_each(writer, [audit])


def record_each(writer: Writer, audits: Iterable[AuditEntry]) -> None:
    """Add each of the entries, as `record` does."""
    new = {id(audit): audit for audit in audits if id(audit) not in writer.entries}
    record_all(writer, [row for audit in new.values() for row in rows_of(audit)])
    writer.entries |= new


def record_all(writer: Writer, rows: Sequence[dict[str, Any]]) -> None:
    """Add the `rows_of` of many entries, with as few statements as can be."""
    for prepared, values in _INSERT.statements([_in_order(row) for row in rows]):
        writer.run(prepared, values)


def rows_of(audit: AuditEntry) -> list[dict[str, Any]]:
    """The stored form of an entry, a row for each patient. Raises TypeError when `detail` is not JSON."""
    row = _row(audit)
    return [row, *(row | {"id": _id(row["at"]), "patient_id": other} for other in audit.others)]


def _row(audit: AuditEntry) -> dict[str, Any]:
    caller = audit.caller
    target_type, target_id, target_version = _target(audit.target)
    at = micros(audit.at)
    return {
        "id": _id(at),
        "at": at,
        "act": audit.act.value,
        "outcome": audit.outcome.value,
        "patient_id": audit.patient_id,
        "custodian_id": audit.custodian_id,
        "target_type": target_type,
        "target_id": target_id,
        "target_version": target_version,
        "client_id": caller and caller.client_id,
        "organization_id": caller and caller.organization_id,
        "practitioner_id": caller and caller.practitioner_id,
        "person_id": caller and caller.user_id,
        "token_id": caller and caller.token_id,
        "purpose": caller and caller.purpose,
        "request_id": audit.request_id,
        "address": audit.address,
        "detail": dump(audit.detail) if audit.detail else None,
        "user_patient_id": caller and caller.patient_id,
    }


def _id(at: int) -> str:
    """A UUID of version 7 (RFC 9562): in the order of time, so that the rows of a moment share a page of the index."""
    time, chance = f"{at // 1000:012x}", os.urandom(10).hex()
    return f"{time[:8]}-{time[8:]}-7{chance[:3]}-{_VARIANT[int(chance[3], 16) & 3]}{chance[4:7]}-{chance[7:19]}"


def _target(reference: str | None) -> tuple[str | None, str | None, str | None]:
    """`Type`, `Type/id` or `Type/id/_history/version`, taken apart."""
    if reference is None:
        return None, None, None
    type_, _, rest = reference.partition("/")
    id_, _, version = rest.partition("/_history/")
    return type_, id_ or None, version or None
