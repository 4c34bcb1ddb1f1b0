"""Registered OAuth clients, and the assertions they have used up."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.dialects import postgresql

from gateway.fhir.json import dump, parse
from gateway.rules.audit import AuditEntry
from gateway.store.audit import record
from gateway.store.database import Reader, Writer
from gateway.store.statements import Prepared
from gateway.store.tables import assertion, client
from gateway.store.times import micros


@dataclass(frozen=True, slots=True)
class Client:
    """A confidential client. Its keys are given (`jwks`) or published (`jwks_url`): one of the two. Consents that name
    the Device mean this client."""

    id: str
    name: str
    organization_id: str
    jwks: Any | None
    jwks_url: str | None
    scopes: frozenset[str]
    purpose: str
    device_id: str | None = None


_COLUMNS = ("id", "name", "organization_id", "jwks", "jwks_url", "scopes", "purpose", "device_id")
_INSERT = Prepared(insert(client), [*_COLUMNS, "created_at"])
_SELECT = select(*(client.c[name] for name in _COLUMNS)).where(client.c.disabled_at.is_(None))
_BY_ID = Prepared(_SELECT.where(client.c.id == bindparam("the_id")))
_ALL = Prepared(_SELECT.order_by(client.c.name, client.c.id))
_DISABLE = Prepared(
    update(client)
    .where(client.c.id == bindparam("the_id"), client.c.disabled_at.is_(None))
    .values(disabled_at=bindparam("the_moment"))
)
# ON CONFLICT is the same on both engines; SQLAlchemy has it under the name of one of them.
_CLAIM = Prepared(postgresql.insert(assertion).on_conflict_do_nothing(), [column.name for column in assertion.columns])
_FORGET = Prepared(delete(assertion).where(assertion.c.expires_at < bindparam("the_moment")))


def register(writer: Writer, audit: AuditEntry, new: Client, at: datetime) -> None:
    record(writer, audit)
    values = {name: getattr(new, name) for name in _COLUMNS}
    jwks = None if new.jwks is None else dump(new.jwks)
    scopes = " ".join(sorted(new.scopes))
    writer.run(_INSERT, {**values, "jwks": jwks, "scopes": scopes, "created_at": micros(at)})


def client_of(db: Reader, client_id: str) -> Client | None:
    """The client under this id, unless it was disabled."""
    row = db.one(_BY_ID, {"the_id": client_id})
    return _client(row) if row else None


def clients(db: Reader) -> list[Client]:
    """All that are not disabled, by name."""
    return [_client(row) for row in db.all(_ALL, {})]


def disable(writer: Writer, audit: AuditEntry, client_id: str, at: datetime) -> bool:
    """Take the client out of use; False if there was none. Its tokens are revoked by `tokens.revoke_of_client`."""
    record(writer, audit)
    return writer.run(_DISABLE, {"the_id": client_id, "the_moment": micros(at)}) == 1


def claim_assertion(
    writer: Writer, audit: AuditEntry, client_id: str, jti: str, expires_at: datetime, at: datetime
) -> bool:
    """Use up a client's `jti`; False if it was used before. Of two at the same time, exactly one hears True."""
    record(writer, audit)
    writer.run(_FORGET, {"the_moment": micros(at)})
    jti_hash = hashlib.sha256(jti.encode()).hexdigest()
    return writer.run(_CLAIM, {"client_id": client_id, "jti_hash": jti_hash, "expires_at": micros(expires_at)}) == 1


def _client(row: tuple[Any, ...]) -> Client:
    found = dict(zip(_COLUMNS, row, strict=True))
    jwks = None if found["jwks"] is None else parse(bytes(found["jwks"]))
    return Client(**{**found, "jwks": jwks, "scopes": frozenset(found["scopes"].split())})
