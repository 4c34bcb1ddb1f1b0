"""The audit log: rows are only ever added, in the transaction of the act or through the journal."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import insert

from gateway.fhir.json import dump
from gateway.rules.audit import AuditEntry
from gateway.store import tables
from gateway.store.database import Writer
from gateway.store.statements import Prepared
from gateway.store.times import micros

_INSERT = Prepared(insert(tables.audit), [column.name for column in tables.audit.columns if column.name != "pk"])


def record(writer: Writer, audit: AuditEntry, row: dict[str, Any] | None = None) -> None:
    """Add the entry in this transaction; the same entry object is added once, however many writes it speaks of.

    `row` is its `row_of`, when that was made beforehand.
    """
    if id(audit) not in writer.entries:
        writer.run(_INSERT, row or row_of(audit))
        writer.entries[id(audit)] = audit


def row_of(audit: AuditEntry) -> dict[str, Any]:
    """The stored form of an entry. Raises TypeError when `detail` is not JSON."""
    caller = audit.caller
    target_type, target_id, target_version = _target(audit.target)
    return {
        "id": str(uuid.uuid4()),
        "at": micros(audit.at),
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
    }


def _target(reference: str | None) -> tuple[str | None, str | None, str | None]:
    """`Type`, `Type/id` or `Type/id/_history/version`, taken apart."""
    if reference is None:
        return None, None, None
    type_, _, rest = reference.partition("/")
    id_, _, version = rest.partition("/_history/")
    return type_, id_ or None, version or None
