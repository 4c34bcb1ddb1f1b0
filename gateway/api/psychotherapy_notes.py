"""Psychotherapy notes, apart from the record: no address of the FHIR API leads to them.

45 CFR 164.501: kept separated from the rest of the record; medication, session times, results and summaries of
diagnosis, plan or progress are no part of them and belong into the record.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from pydantic import AwareDatetime, Field

from gateway.api.dependencies import asked_of, require, services_of
from gateway.api.shapes import Shape
from gateway.api.strict import StrictRoute
from gateway.errors import PreconditionRequired
from gateway.rules.access import Caller
from gateway.rules.audit import Act
from gateway.rules.scopes import PSYCHOTHERAPY_NOTES
from gateway.store.psychotherapy_notes import Opened
from gateway.usecases import psychotherapy
from gateway.usecases.incoming import version_of
from gateway.usecases.psychotherapy import Draught
from gateway.usecases.refusals import recorded

ID = r"^[A-Za-z0-9\-.]{1,64}$"

router = APIRouter(prefix="/psychotherapy-notes", tags=["psychotherapy notes"], route_class=StrictRoute)
Holder = Annotated[Caller, Depends(require(PSYCHOTHERAPY_NOTES))]
_ABSENT = {"description": "No such note, or none that the caller may read."}


class WrittenNote(Shape):
    """What the clinician writes; only she reads it, and whom the patient permits it by a consent that names these
    notes."""

    patient: str = Field(pattern=ID, description="The id of a Patient of her organization.")
    text: str = Field(min_length=1, max_length=200_000, pattern=r"\S")
    session: AwareDatetime | None = Field(None, description="When the session was; else the time of writing.")


class PsychotherapyNote(Shape):
    id: str
    version: int
    patient: str
    author: str
    session: datetime
    written: datetime
    text: str
    consents: list[str] = Field(description="What permitted the reading; none for the author.")


def _version(
    request: Request, caller: Holder, if_match: Annotated[str | None, Header(description="The ETag as read.")] = None
) -> int:
    with recorded(services_of(request), asked_of(request, caller), Act.NOTE_WRITE):
        version = version_of(if_match)
        if version is None:
            raise PreconditionRequired("If-Match with the version that was read is required.")
    return version


@router.post("", status_code=201, summary="Keep a psychotherapy note")
def write(request: Request, response: Response, caller: Holder, note: WrittenNote) -> PsychotherapyNote:
    return _answer(response, psychotherapy.write(services_of(request), asked_of(request, caller), _draught(note)))


@router.put(
    "/{id}",
    summary="Write one's own note again; the former version stays",
    responses={404: _ABSENT, 412: {"description": "Another version is current."}, 428: {"description": "No If-Match."}},
)
def rewrite(
    request: Request,
    response: Response,
    caller: Holder,
    version: Annotated[int, Depends(_version)],
    id: str,
    note: WrittenNote,
) -> PsychotherapyNote:
    services, asked = services_of(request), asked_of(request, caller)
    return _answer(response, psychotherapy.rewrite(services, asked, id, version, _draught(note)))


@router.get("", summary="The notes on a patient that the caller may read, the latest session first")
def list_notes(request: Request, caller: Holder, patient: Annotated[str, Query(pattern=ID)]) -> list[PsychotherapyNote]:
    found = psychotherapy.of_patient(services_of(request), asked_of(request, caller), patient)
    return [_note(one) for one in found]


@router.get("/{id}", summary="One note", responses={404: _ABSENT})
def read(request: Request, response: Response, caller: Holder, id: str) -> PsychotherapyNote:
    return _answer(response, psychotherapy.read(services_of(request), asked_of(request, caller), id))


@router.get("/{id}/history", summary="Every version of a note, the latest first", responses={404: _ABSENT})
def history(request: Request, caller: Holder, id: str) -> list[PsychotherapyNote]:
    return [_note(one) for one in psychotherapy.history(services_of(request), asked_of(request, caller), id)]


def _draught(note: WrittenNote) -> Draught:
    return Draught(note.patient, note.text, note.session)


def _answer(response: Response, opened: Opened) -> PsychotherapyNote:
    response.headers["ETag"] = f'W/"{opened.note.version}"'
    return _note(opened)


def _note(opened: Opened) -> PsychotherapyNote:
    note = opened.note
    return PsychotherapyNote(
        id=note.id,
        version=note.version,
        patient=f"Patient/{note.patient_id}",
        author=f"Practitioner/{note.author_id}",
        session=note.session_at,
        written=note.written_at,
        text=opened.text,
        consents=list(opened.consents),
    )
