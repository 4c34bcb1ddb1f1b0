"""Submissions: the payload exactly as received, sealed part by part, and the answer it was given."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Select, bindparam, delete, insert, select, update

from gateway.rules.access import ReviewerSight
from gateway.rules.audit import AuditEntry
from gateway.store.audit import record
from gateway.store.database import Reader, Writer
from gateway.store.statements import Prepared, up_to
from gateway.store.tables import submission, submission_part
from gateway.store.times import micros, moment
from gateway.store.vault import Vault

ACCEPTED, REFUSED = "accepted", "refused"


@dataclass(frozen=True, slots=True)
class Part:
    """One named part of a payload, its bytes as they came."""

    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Submission:
    """`status` and `answer` are what the producer was told; a refused one may be tried again under the same id."""

    id: str
    client_id: str
    custodian_id: str
    mapping: str
    mapping_version: str
    digest: str
    idempotency_key: str | None
    received_at: datetime
    state: str
    status: int
    answer: bytes
    patient_id: str | None = None
    draft_id: str | None = None


_FIELDS = tuple(Submission.__slots__)
_ALL = select(*(submission.c[name] for name in _FIELDS))
_BY_KEY = Prepared(
    _ALL.where(submission.c.client_id == bindparam("client_id"), submission.c.idempotency_key == bindparam("key"))
)
_BY_DIGEST = Prepared(
    _ALL.where(
        submission.c.client_id == bindparam("client_id"),
        submission.c.mapping == bindparam("mapping"),
        submission.c.digest == bindparam("digest"),
    )
)
_OF_CLIENT = Prepared(_ALL.where(submission.c.client_id == bindparam("client_id"), submission.c.id == bindparam("id")))
_OWN = _ALL.where(submission.c.custodian_id == bindparam("custodian_id"))
_BY_ID = Prepared(_OWN.where(submission.c.id == bindparam("id")))
_IN_STATE = Prepared(
    _OWN.where(submission.c.state == bindparam("state"))
    .order_by(submission.c.received_at.desc(), submission.c.id)
    .limit(up_to("count"))
)
_INSERT = Prepared(insert(submission), _FIELDS)
_SETTLED = ("mapping_version", "state", "status", "answer", "patient_id", "draft_id")
_SETTLE = Prepared(
    update(submission)
    .where(submission.c.id == bindparam("the_id"), submission.c.state == REFUSED)
    .values({name: bindparam(f"new_{name}") for name in _SETTLED})
)
_FORGET = Prepared(delete(submission).where(submission.c.id == bindparam("the_id"), submission.c.state == REFUSED))
_FORGET_PARTS = Prepared(
    delete(submission_part).where(
        submission_part.c.submission_id.in_(
            select(submission.c.id).where(submission.c.id == bindparam("the_id"), submission.c.state == REFUSED)
        )
    )
)
_PART_FIELDS = ("submission_id", "name", "media_type", "digest", "size", "sealed")
_INSERT_PART = Prepared(insert(submission_part), _PART_FIELDS)
_PARTS: Select[Any] = (
    select(submission_part.c.name, submission_part.c.media_type, submission_part.c.sealed)
    .join(submission, submission.c.id == submission_part.c.submission_id)
    .where(submission.c.id == bindparam("id"), submission.c.custodian_id == bindparam("custodian_id"))
    .order_by(submission_part.c.name)
)
_OPEN_PARTS = Prepared(_PARTS)


def digest_of(parts: Iterable[Part]) -> str:
    """SHA-256 over names and digests of the parts, in the order of their names."""
    whole = sha256()
    for part in sorted(parts, key=lambda part: part.name):
        whole.update(f"{len(part.name)}:{part.name}:{sha256(part.data).hexdigest()};".encode())
    return whole.hexdigest()


def by_key(db: Reader, client_id: str, key: str) -> Submission | None:
    return _submission(db.one(_BY_KEY, {"client_id": client_id, "key": key}))


def by_digest(db: Reader, client_id: str, mapping: str, digest: str) -> Submission | None:
    return _submission(db.one(_BY_DIGEST, {"client_id": client_id, "mapping": mapping, "digest": digest}))


def of_client(db: Reader, client_id: str, id: str) -> Submission | None:
    """A producer's own submission: its state and answer, nothing of its content."""
    return _submission(db.one(_OF_CLIENT, {"client_id": client_id, "id": id}))


def read(db: Reader, visibility: ReviewerSight, id: str) -> Submission | None:
    return _submission(db.one(_BY_ID, {"custodian_id": visibility.organization_id, "id": id}))


def refused(db: Reader, visibility: ReviewerSight, *, count: int = 100) -> list[Submission]:
    """The refused submissions of a custodian, newest first; their answers hold the reasons."""
    values = {"custodian_id": visibility.organization_id, "state": REFUSED, "count": count}
    return [found for row in db.all(_IN_STATE, values) if (found := _submission(row))]


def parts(db: Reader, visibility: ReviewerSight, vault: Vault, id: str) -> list[Part]:
    """The payload as received, by name. Raises VaultFault when it was changed at rest."""
    rows = db.all(_OPEN_PARTS, {"custodian_id": visibility.organization_id, "id": id})
    return [Part(name, media, vault.open(bytes(sealed), place=_place(id, name))) for name, media, sealed in rows]


def add(writer: Writer, audit: AuditEntry, vault: Vault, new: Submission, payload: Iterable[Part]) -> None:
    """Keep a submission with its parts, sealed."""
    values = {name: getattr(new, name) for name in _FIELDS}
    writer.run(_INSERT, values | {"received_at": micros(new.received_at)})
    writer.run_many(_INSERT_PART, [_part_row(vault, new.id, part) for part in payload])
    record(writer, audit)


def settle(writer: Writer, audit: AuditEntry, new: Submission) -> bool:
    """Give a refused submission its new outcome; False when it has been accepted meanwhile."""
    values = {f"new_{name}": getattr(new, name) for name in _SETTLED}
    record(writer, audit)
    return writer.run(_SETTLE, values | {"the_id": new.id}) == 1


def forget(writer: Writer, audit: AuditEntry, id: str) -> None:
    """Keep nothing of a submission that was refused; an accepted one stays."""
    record(writer, audit)
    writer.run(_FORGET_PARTS, {"the_id": id})
    writer.run(_FORGET, {"the_id": id})


def _part_row(vault: Vault, id: str, part: Part) -> dict[str, Any]:
    sealed = vault.seal(part.data, place=_place(id, part.name))
    values = (id, part.name, part.media_type, sha256(part.data).hexdigest(), len(part.data), sealed)
    return dict(zip(_PART_FIELDS, values, strict=True))


def _place(id: str, name: str) -> str:
    return f"submission_part/{id}/{name}"


def _submission(row: tuple[Any, ...] | None) -> Submission | None:
    if row is None:
        return None
    values = dict(zip(_FIELDS, row, strict=True))
    return Submission(**values | {"received_at": moment(values["received_at"]), "answer": bytes(values["answer"])})
