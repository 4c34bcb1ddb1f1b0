"""Psychotherapy notes: their author writes and reads them; anybody else reads by a consent that names them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from gateway.errors import Forbidden, Issue, NotFound, PreconditionFailed, Unprocessable
from gateway.rules.audit import Act, AuditEntry
from gateway.rules.psychotherapy import Note, check_author, is_author
from gateway.store import psychotherapy_notes as notes
from gateway.store import registry
from gateway.store.database import Reader
from gateway.store.psychotherapy_notes import Opened
from gateway.usecases.asked import Asked
from gateway.usecases.refusals import recorded
from gateway.usecases.services import Services

MOST = 500  # notes of a patient in one answer
_FIRST = datetime(1900, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Draught:
    """What a clinician writes. Without `session_at` the note is dated by its writing."""

    patient_id: str
    text: str
    session_at: datetime | None = None


def write(services: Services, asked: Asked, draught: Draught) -> Opened:
    """Keep a new note. Raises Forbidden without a clinician, Unprocessable for whom her organization does not keep."""
    with recorded(services, asked, Act.NOTE_WRITE):
        author_id = check_author(asked.caller)
        with services.database.write() as writer:
            _check_own(writer, asked, draught.patient_id)
            session_at = _session_at(asked, draught.session_at or asked.at)
            custodian_id = asked.caller.organization_id
            note = Note(
                str(uuid.uuid4()), 1, draught.patient_id, custodian_id, author_id, session_at, written_at=asked.at
            )
            notes.add(writer, _entry(asked, Act.NOTE_WRITE, [Opened(note, "", ())]), services.notes, note, draught.text)
    return Opened(note, draught.text, ())


def rewrite(services: Services, asked: Asked, id: str, version: int, draught: Draught) -> Opened:
    """Keep a further version of a note that is one's own; the former stays.

    Raises NotFound for what may not be read, Forbidden for a note of somebody else, Unprocessable for another patient,
    PreconditionFailed when `version` is not the current one.
    """
    with recorded(services, asked, Act.NOTE_WRITE):
        check_author(asked.caller)
        with services.database.write() as writer:
            found = notes.read(writer, asked.visibility, services.notes, id)
            if found is None:
                raise NotFound
            if not is_author(found.note, asked.visibility):
                raise Forbidden("Only its author writes a psychotherapy note again.")
            if draught.patient_id != found.note.patient_id:
                raise Unprocessable(issues=[Issue("A note stays with its patient.", "patient", "business-rule")])
            session_at = _session_at(asked, draught.session_at or found.note.session_at)
            note = replace(found.note, version=version + 1, session_at=session_at, written_at=asked.at)
            entry = _entry(asked, Act.NOTE_WRITE, [Opened(note, "", ())])
            if not notes.add(writer, entry, services.notes, note, draught.text):
                raise PreconditionFailed
    return Opened(note, draught.text, ())


def read(services: Services, asked: Asked, id: str) -> Opened:
    """Raises NotFound for what is not there, and for what the caller may not read."""
    with recorded(services, asked, Act.NOTE_READ), services.database.read() as db:
        found = notes.read(db, asked.visibility, services.notes, id)
        if found is None:
            raise NotFound
    return _told(services, asked, [found])[0]


def history(services: Services, asked: Asked, id: str) -> list[Opened]:
    """Every version, the latest first. Raises NotFound."""
    with recorded(services, asked, Act.NOTE_READ), services.database.read() as db:
        found = notes.history(db, asked.visibility, services.notes, id)
        if not found:
            raise NotFound
    return _told(services, asked, found)


def of_patient(services: Services, asked: Asked, patient_id: str) -> list[Opened]:
    """The notes on a patient that the caller may read; none looks like no notes, or no such patient."""
    with services.database.read() as db:
        found = notes.of_patient(db, asked.visibility, services.notes, patient_id, count=MOST)
    return _told(services, asked, found)


def _check_own(db: Reader, asked: Asked, patient_id: str) -> None:
    if registry.patient(db, asked.visibility, patient_id) is None:
        raise Unprocessable(issues=[Issue("No such patient of this organization.", "patient", "not-found")])


def _session_at(asked: Asked, at: datetime) -> datetime:
    """Raises Unprocessable for a session that lies ahead, or before anybody's memory."""
    if not _FIRST <= at <= asked.at:
        raise Unprocessable(issues=[Issue("There can be no notes on a session at this time.", "session", "value")])
    return at


def _told(services: Services, asked: Asked, found: list[Opened]) -> list[Opened]:
    """What leaves, recorded first."""
    services.journal.record([_entry(asked, Act.NOTE_READ, found)]).result()
    return found


def _entry(asked: Asked, act: Act, found: Sequence[Opened]) -> AuditEntry:
    versions = [f"{one.note.id}/{one.note.version}" for one in found]
    consents = sorted({consent for one in found for consent in one.consents})
    detail = {"psychotherapyNotes": versions} | ({"consents": consents} if consents else {})
    if not found:
        return asked.entry(act, None, detail=detail)
    note = found[0].note
    return asked.entry(act, None, patient_id=note.patient_id, custodian_id=note.custodian_id, detail=detail)
