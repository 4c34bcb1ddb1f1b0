"""Those who sign in, clinicians and patients: a login, a password hash, and who they are."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from gateway.rules.audit import AuditEntry
from gateway.store.audit import record
from gateway.store.database import Reader, Writer
from gateway.store.statements import Prepared
from gateway.store.tables import person
from gateway.store.times import micros


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may sign in: a practitioner of the organization, or a patient whose record it keeps. `login` is
    compared without case."""

    id: str
    login: str
    password_hash: str
    practitioner_id: str | None
    organization_id: str
    scopes: frozenset[str]
    purpose: str
    patient_id: str | None = None


_COLUMNS = ("id", "login", "password_hash", "practitioner_id", "organization_id", "scopes", "purpose", "patient_id")
_INSERT = Prepared(insert(person), _COLUMNS)
_BY_LOGIN = Prepared(
    select(*(person.c[name] for name in _COLUMNS)).where(
        person.c.login == bindparam("the_login"), person.c.disabled_at.is_(None)
    )
)
_TAKEN = Prepared(select(person.c.id).where(person.c.login == bindparam("the_login")))
_DISABLE = Prepared(
    update(person)
    .where(person.c.id == bindparam("the_id"), person.c.disabled_at.is_(None))
    .values(disabled_at=bindparam("the_moment"))
)


def folded(login: str) -> str:
    """The form in which logins are kept and compared."""
    return unicodedata.normalize("NFKC", login).strip().casefold()


def register(writer: Writer, audit: AuditEntry, new: Person) -> None:
    """Raises the database's integrity error when the login is taken."""
    record(writer, audit)
    values: dict[str, Any] = {name: getattr(new, name) for name in _COLUMNS}
    writer.run(_INSERT, {**values, "login": folded(new.login), "scopes": " ".join(sorted(new.scopes))})


def person_of(db: Reader, login: str) -> Person | None:
    """The person with this login, unless disabled."""
    row = db.one(_BY_LOGIN, {"the_login": folded(login)})
    if row is None:
        return None
    found = dict(zip(_COLUMNS, row, strict=True))
    return Person(**{**found, "scopes": frozenset(found["scopes"].split())})


def is_taken(db: Reader, login: str) -> bool:
    """Whether somebody has or had this login: it is never given to another."""
    return db.one(_TAKEN, {"the_login": folded(login)}) is not None


def disable(writer: Writer, audit: AuditEntry, person_id: str, at: datetime) -> bool:
    """Take the person's access away; False if there was none. Tokens are revoked by `tokens.revoke_of_person`."""
    record(writer, audit)
    return writer.run(_DISABLE, {"the_id": person_id, "the_moment": micros(at)}) == 1
