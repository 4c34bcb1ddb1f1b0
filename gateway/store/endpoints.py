"""Endpoints: where an organization wants to be told, and the sealed secret that signs what goes there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select, update

from gateway.rules.audit import AuditEntry
from gateway.store.audit import record
from gateway.store.database import Reader, Writer
from gateway.store.statements import Prepared
from gateway.store.tables import delivery, endpoint
from gateway.store.times import micros, moment
from gateway.store.vault import Vault


@dataclass(frozen=True, slots=True)
class Endpoint:
    organization_id: str
    url: str
    secret: bytes
    set_at: datetime


_FIELDS = ("organization_id", "url", "sealed", "set_at")
_READ = Prepared(
    select(*(endpoint.c[name] for name in _FIELDS)).where(endpoint.c.organization_id == bindparam("organization_id"))
)
_REMOVE = Prepared(delete(endpoint).where(endpoint.c.organization_id == bindparam("whose")))
_INSERT = Prepared(insert(endpoint), _FIELDS)
_DUE = Prepared(
    update(delivery)
    .where(delivery.c.organization_id == bindparam("whose"), delivery.c.delivered_at.is_(None))
    .values(due_at=bindparam("due"))
)


def read(db: Reader, vault: Vault, organization_id: str) -> Endpoint | None:
    """Raises VaultFault when the secret was changed at rest."""
    row = db.one(_READ, {"organization_id": organization_id})
    if row is None:
        return None
    id, url, sealed, at = row
    return Endpoint(id, url, vault.open(bytes(sealed), place=_place(id)), moment(at))


def put(writer: Writer, audit: AuditEntry, vault: Vault, organization_id: str, url: str, secret: bytes) -> None:
    """In place of the former one, if any. What waits for the organization falls due at once."""
    writer.alone()  # nothing is queued meanwhile
    now = micros(writer.at)
    sealed = vault.seal(secret, place=_place(organization_id))
    writer.run(_REMOVE, {"whose": organization_id})
    writer.run(_INSERT, dict(zip(_FIELDS, (organization_id, url, sealed, now), strict=True)))
    writer.run(_DUE, {"whose": organization_id, "due": now})
    record(writer, audit)


def remove(writer: Writer, audit: AuditEntry, organization_id: str) -> bool:
    """What still waits goes on waiting, for another one; False when there was none."""
    writer.alone()
    is_there = writer.run(_REMOVE, {"whose": organization_id}) == 1
    writer.run(_DUE, {"whose": organization_id, "due": None})
    record(writer, audit)
    return is_there


def _place(organization_id: str) -> str:
    return f"endpoint/{organization_id}"
