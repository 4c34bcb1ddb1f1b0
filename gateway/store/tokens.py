"""Bearer tokens by their hash: one indexed point read says who calls. Nothing is cached, so revocation is at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from sqlalchemy import bindparam, delete, insert, select, update

from gateway.rules.access import Caller
from gateway.rules.audit import AuditEntry
from gateway.rules.scopes import is_of_one_patient
from gateway.store.audit import record
from gateway.store.database import Reader, Writer
from gateway.store.statements import Prepared
from gateway.store.tables import token
from gateway.store.times import micros, moment

_KEPT_AFTER_EXPIRY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it is kept. `hash` is all that is left of the token itself; the audit names it by `id`."""

    hash: str
    id: str
    client_id: str
    organization_id: str
    scopes: frozenset[str]
    purpose: str
    issued_at: datetime
    expires_at: datetime
    practitioner_id: str | None = None
    person_id: str | None = None
    patient_id: str | None = None
    bound_to: str | None = None
    device_id: str | None = None


_INSERT = Prepared(insert(token), [column.name for column in token.columns if column.name != "revoked_at"])
_ALIVE = (token.c.expires_at > bindparam("the_moment"), token.c.revoked_at.is_(None))
_CALLER = Prepared(
    select(
        token.c.id,
        token.c.client_id,
        token.c.organization_id,
        token.c.scopes,
        token.c.purpose,
        token.c.practitioner_id,
        token.c.person_id,
        token.c.patient_id,
        token.c.bound_to,
        token.c.device_id,
    ).where(token.c.hash == bindparam("the_hash"), *_ALIVE)
)
_TIMES = Prepared(select(token.c.issued_at, token.c.expires_at).where(token.c.hash == bindparam("the_hash"), *_ALIVE))
_EXTEND = Prepared(
    update(token).where(token.c.hash == bindparam("the_hash"), *_ALIVE).values(expires_at=bindparam("until"))
)
_REVOCATION = update(token).where(token.c.revoked_at.is_(None)).values(revoked_at=bindparam("the_moment"))
_REVOKE = Prepared(_REVOCATION.where(token.c.hash == bindparam("the_hash")))
_REVOKE_CLIENT = Prepared(_REVOCATION.where(token.c.client_id == bindparam("the_id")))
_REVOKE_PERSON = Prepared(_REVOCATION.where(token.c.person_id == bindparam("the_id")))
_FORGET = Prepared(delete(token).where(token.c.expires_at < bindparam("the_moment")))


def issue(writer: Writer, audit: AuditEntry, new: Token) -> None:
    """Keep a new token, and drop those that expired long ago."""
    record(writer, audit)
    writer.run(_FORGET, {"the_moment": micros(new.issued_at - _KEPT_AFTER_EXPIRY)})
    writer.run(
        _INSERT,
        {
            "hash": new.hash,
            "id": new.id,
            "client_id": new.client_id,
            "organization_id": new.organization_id,
            "practitioner_id": new.practitioner_id,
            "person_id": new.person_id,
            "scopes": " ".join(sorted(new.scopes)),
            "purpose": new.purpose,
            "issued_at": micros(new.issued_at),
            "expires_at": micros(new.expires_at),
            "patient_id": new.patient_id,
            "bound_to": new.bound_to,
            "device_id": new.device_id,
        },
    )


def caller_of(db: Reader, token_hash: str, now: datetime) -> Caller | None:
    """Who calls with this token, if it is alive."""
    row = db.one(_CALLER, {"the_hash": token_hash, "the_moment": micros(now)})
    if row is None:
        return None
    return _caller(*row)


def times_of(db: Reader, token_hash: str, now: datetime) -> tuple[datetime, datetime] | None:
    """When a living token was issued and when it expires."""
    row = db.one(_TIMES, {"the_hash": token_hash, "the_moment": micros(now)})
    return (moment(row[0]), moment(row[1])) if row else None


def extend(writer: Writer, audit: AuditEntry, token_hash: str, until: datetime, now: datetime) -> bool:
    """Let a living token live until then; False if it does not live."""
    record(writer, audit)
    return writer.run(_EXTEND, {"the_hash": token_hash, "until": micros(until), "the_moment": micros(now)}) == 1


def revoke(writer: Writer, audit: AuditEntry, token_hash: str, now: datetime) -> bool:
    """End a token at once; False if it was none, or ended before."""
    record(writer, audit)
    return writer.run(_REVOKE, {"the_hash": token_hash, "the_moment": micros(now)}) == 1


def revoke_of_client(writer: Writer, audit: AuditEntry, client_id: str, now: datetime) -> int:
    record(writer, audit)
    return writer.run(_REVOKE_CLIENT, {"the_id": client_id, "the_moment": micros(now)})


def revoke_of_person(writer: Writer, audit: AuditEntry, person_id: str, now: datetime) -> int:
    record(writer, audit)
    return writer.run(_REVOKE_PERSON, {"the_id": person_id, "the_moment": micros(now)})


@lru_cache(maxsize=1024)  # of the row's own values, which are read each time
def _caller(
    id_: str,
    client: str,
    organization: str,
    scopes: str,
    purpose: str,
    practitioner: str | None,
    person: str | None,
    patient: str | None,
    bound_to: str | None,
    device: str | None,
) -> Caller:
    good = _scopes(scopes, bound_to is not None)
    return Caller(id_, client, organization, good, purpose, practitioner, person, patient, bound_to, device)


@lru_cache(maxsize=1024)
def _scopes(text: str, is_bound: bool) -> frozenset[str]:
    """Equal texts give the same object, whose hash is computed once: `rules.scopes.access` is asked on every read. A
    scope of the `patient/` context is good for nothing without the patient."""
    scopes = frozenset(text.split())
    return scopes if is_bound else frozenset(one for one in scopes if not is_of_one_patient(one))
