"""Sessions and their transcripts: sealed, apart from everything that is served."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, insert, select

from gateway.fhir import json
from gateway.mapping.model import Segment
from gateway.rules.access import ReviewerSight
from gateway.rules.audit import AuditEntry
from gateway.store.audit import record
from gateway.store.database import Reader, Writer
from gateway.store.statements import Prepared
from gateway.store.tables import session, submission, transcript
from gateway.store.vault import Vault


@dataclass(frozen=True, slots=True)
class Session:
    """A producer's session with a patient; segment identifiers are derived from `id`, which is random."""

    id: str
    client_id: str
    patient_id: str
    external_id: str


@dataclass(frozen=True, slots=True)
class Spoken:
    """A segment as it is given out: who spoke when; `text` only to a sight that holds the words."""

    id: str
    speaker: str | None
    start: Decimal | None
    end: Decimal | None
    text: str | None


_SESSION = Prepared(
    select(session.c.id).where(
        session.c.client_id == bindparam("client_id"),
        session.c.patient_id == bindparam("patient_id"),
        session.c.external_id == bindparam("external_id"),
    )
)
_ADD_SESSION = Prepared(insert(session), Session.__slots__)
_FIELDS = ("id", "session_id", "submission_id", "patient_id", "custodian_id", "sealed")
_ADD = Prepared(insert(transcript), _FIELDS)
_OF_SESSION = Prepared(
    select(transcript.c.id, transcript.c.sealed)
    .join(submission, submission.c.id == transcript.c.submission_id)
    .where(transcript.c.session_id == bindparam("session_id"), transcript.c.custodian_id == bindparam("custodian_id"))
    .order_by(submission.c.received_at, transcript.c.id)
)


def session_id(db: Reader, client_id: str, patient_id: str, external_id: str) -> str | None:
    """The id of a session that is known already."""
    row = db.one(_SESSION, {"client_id": client_id, "patient_id": patient_id, "external_id": external_id})
    return row[0] if row else None


def add_session(writer: Writer, audit: AuditEntry, new: Session) -> None:
    writer.run(_ADD_SESSION, {name: getattr(new, name) for name in Session.__slots__})
    record(writer, audit)


def add(
    writer: Writer,
    audit: AuditEntry,
    vault: Vault,
    *,
    id: str,
    session: Session,
    submission_id: str,
    custodian_id: str,
    segments: Sequence[Segment],
) -> None:
    """Keep a transcript, sealed as JSON."""
    plain = json.dump([{name: getattr(segment, name) for name in Segment.__slots__} for segment in segments])
    sealed = vault.seal(plain, place=f"transcript/{id}")
    values = (id, session.id, submission_id, session.patient_id, custodian_id, sealed)
    writer.run(_ADD, dict(zip(_FIELDS, values, strict=True)))
    record(writer, audit)


def segments(db: Reader, visibility: ReviewerSight, vault: Vault, session_id: str) -> dict[str, Spoken]:
    """The segments of a session by the producer's id; a later transcript's word on a segment replaces an earlier's."""
    rows = db.all(_OF_SESSION, {"session_id": session_id, "custodian_id": visibility.organization_id})
    found: dict[str, Spoken] = {}
    for id, sealed in rows:
        for members in json.parse(vault.open(bytes(sealed), place=f"transcript/{id}")):
            found[members["id"]] = _spoken(members, words=visibility.words)
    return found


def _spoken(members: dict[str, Any], *, words: bool) -> Spoken:
    start, end = (None if members[name] is None else Decimal(str(members[name])) for name in ("start", "end"))
    return Spoken(members["id"], members["speaker"], start, end, members["text"] if words else None)
