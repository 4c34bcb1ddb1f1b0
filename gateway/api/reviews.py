"""Reviews: what waits, one draft beside its evidence, and the four steps, each bound to what was read by If-Match."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request, Response
from pydantic import Field

from gateway.api.dependencies import asked_of, require, services_of
from gateway.api.protection import ProtectionView, WantedProtection, protection_view
from gateway.api.review_entries import EntryView, RemovedEntry, WantedChange, entry_view, removed_view
from gateway.api.shapes import Shape
from gateway.api.strict import StrictRoute
from gateway.errors import PreconditionRequired
from gateway.rules.access import Caller
from gateway.rules.audit import Act
from gateway.rules.evidence import Origin, Wanted
from gateway.rules.review import State
from gateway.usecases import drafts, review
from gateway.usecases.refusals import recorded

router = APIRouter(prefix="/reviews", tags=["reviews"], route_class=StrictRoute)
Reviewer = Annotated[Caller, Depends(require("review"))]
_STEP: dict[int | str, dict[str, Any]] = {
    404: {"description": "No such draft in the reviewer's organization."},
    409: {"description": "The draft's state does not allow the step."},
    412: {"description": "The content is not the one that was read, or somebody else was first."},
    428: {"description": "If-Match is missing."},
}


def _digest(act: Act) -> Callable[..., str]:
    """A dependency: the digest of what was read. Without it the step is refused, and that is recorded."""

    def dependency(
        request: Request,
        caller: Reviewer,
        if_match: Annotated[str | None, Header(description="The ETag of the draft as read.")] = None,
    ) -> str:
        with recorded(services_of(request), asked_of(request, caller), act):
            if not if_match:
                raise PreconditionRequired
        return if_match.strip().removeprefix('"').removesuffix('"')

    return dependency


class Entry(Shape):
    """A draft in the inbox."""

    id: str
    title: str
    patient_ids: list[str] = Field(description="Several of a couple's or a group's session.")
    patient: str
    model: str
    state: State
    revision: int
    created_at: datetime


class TranscriptLine(Shape):
    """A line a statement rests on; `text` is absent when the transcript has not come, and for who does not hold the
    scope `transcripts`."""

    segment_id: str
    identifier: str
    speaker: str | None
    start: float | None
    end: float | None
    text: str | None


class SkippedRow(Shape):
    place: str
    reason: str


class ReviewedStatement(Shape):
    id: str
    section: str
    text: str
    origin: Origin
    machine_text: str | None = Field(description="What the machine wrote in this place.")
    written_by: str | None
    evidence: list[TranscriptLine]


class Section(Shape):
    id: str
    title: str


class ChangeMade(Shape):
    statement: str
    kind: str
    field: str
    before: str | None
    after: str | None


class EditMade(Shape):
    revision: int
    author: str
    at: datetime
    changes: list[ChangeMade]


class DraftView(Entry):
    digest: str
    clinician: str | None = Field(description="Whom the producer meant it for.")
    reason: str | None
    sections: list[Section]
    statements: list[ReviewedStatement]
    entries: list[EntryView]
    removed_entries: list[RemovedEntry]
    skipped: list[SkippedRow] = Field(description="Rows of the payload that nobody could read and that were left out.")
    edits: list[EditMade]
    protection: ProtectionView


class WantedStatement(Shape):
    """With the `id` of the statement it stands for, or without for a new one."""

    id: str | None = Field(None, max_length=64)
    section: str = Field(max_length=64)
    text: str


class Amendment(Shape):
    """All statements as they shall be, in order; one that is left out is removed. Of the entries only those that
    shall change."""

    statements: list[WantedStatement] | None = Field(None, max_length=1000, description="Without it, the note stays.")
    entries: list[WantedChange] = Field(default_factory=list, max_length=2000)
    protection: WantedProtection | None = Field(None, description="Without it, the protection stays.")


class Reason(Shape):
    reason: str = Field(min_length=1, max_length=2000, pattern=r"\S")


class Step(Shape):
    """Where the draft stands after a step; `published` are references on the FHIR API."""

    draft_id: str
    state: State
    digest: str
    revision: int
    at: datetime
    by: str
    published: list[str]


@router.get("", summary="The drafts of the reviewer's organization, the longest waiting first")
def list_reviews(request: Request, caller: Reviewer, state: State = State.PENDING) -> list[Entry]:
    waiting = drafts.inbox(services_of(request), asked_of(request, caller), state)
    return [Entry(**_entry(each)) for each in waiting]


@router.get("/{id}", summary="One draft, each statement beside its transcript lines; the ETag is its digest")
def read_review(request: Request, response: Response, caller: Reviewer, id: str) -> DraftView:
    view = drafts.view(services_of(request), asked_of(request, caller), id)
    response.headers["ETag"] = f'"{view.draft.digest}"'
    return DraftView(
        **_entry(view),
        digest=view.draft.digest,
        clinician=view.dossier.basis.clinician,
        reason=view.draft.reason,
        sections=[Section(id=key, title=title) for key, title in view.sections.items()],
        statements=[_statement(sentence) for sentence in view.sentences],
        entries=[entry_view(entry) for entry in view.entries],
        removed_entries=[removed_view(entry) for entry in view.removed],
        skipped=[SkippedRow.model_validate(row) for row in view.dossier.skipped],
        edits=[EditMade.model_validate(edit) for edit in view.edits],
        protection=protection_view(view.revision.protection, services_of(request).labels),
    )


@router.post("/{id}/approval", summary="Approve exactly this content and publish it", responses=_STEP)
def approve(
    request: Request,
    response: Response,
    caller: Reviewer,
    digest: Annotated[str, Depends(_digest(Act.APPROVE))],
    id: str,
) -> Step:
    """Binds the clinician of the token to the digest in If-Match. Sent again, it has no effect and the same answer."""
    return _answer(response, review.approve(services_of(request), asked_of(request, caller), id, digest))


@router.post("/{id}/amendment", summary="Change the draft: a new revision, to be approved", responses=_STEP)
def amend(
    request: Request,
    response: Response,
    caller: Reviewer,
    digest: Annotated[str, Depends(_digest(Act.AMEND))],
    id: str,
    amendment: Amendment,
) -> Step:
    """Untouched statements stay the machine's; changed ones are revisions of its sentences and keep their evidence; new
    ones are the clinician's alone. In entries, words, numbers and dates can be set; the patient's own can only be taken
    out. A score follows its answers where its instrument is known; another number is refused, and of an unknown
    instrument the score is said along with the answers, or taken out. What tells of a greater risk than before raises
    an alert. The machine's text is never overwritten. The protection may be raised freely, and lowered with a reason.
    The answer's ETag is the new digest."""
    given = amendment.statements
    wanted = None if given is None else [Wanted(each.text, each.section, each.id) for each in given]
    entries = [each.wanted for each in amendment.entries]
    choice = amendment.protection.choice if amendment.protection else None
    services, asked = services_of(request), asked_of(request, caller)
    return _answer(response, review.amendment(services, asked, id, digest, wanted, choice, entries))


@router.post("/{id}/return", summary="Give the draft back to its producer", responses=_STEP)
def give_back(
    request: Request,
    response: Response,
    caller: Reviewer,
    digest: Annotated[str, Depends(_digest(Act.RETURN))],
    id: str,
    reason: Reason,
) -> Step:
    services, asked = services_of(request), asked_of(request, caller)
    return _answer(response, review.give_back(services, asked, id, digest, reason.reason))


@router.post("/{id}/rejection", summary="Reject the draft: nothing of it is published", responses=_STEP)
def reject(
    request: Request,
    response: Response,
    caller: Reviewer,
    digest: Annotated[str, Depends(_digest(Act.REJECT))],
    id: str,
    reason: Reason,
) -> Step:
    return _answer(response, review.reject(services_of(request), asked_of(request, caller), id, digest, reason.reason))


def _answer(response: Response, decided: review.Decided) -> Step:
    response.headers["ETag"] = f'"{decided.digest}"'
    return Step.model_validate(decided)


def _entry(of: drafts.Waiting | drafts.View) -> dict[str, Any]:
    draft = of.draft
    return {
        "id": draft.id,
        "title": draft.title,
        "patient_ids": list(draft.patients),
        "patient": of.patient,
        "model": of.model,
        "state": draft.state,
        "revision": draft.revision,
        "created_at": draft.created_at,
    }


def _statement(sentence: drafts.Sentence) -> ReviewedStatement:
    statement = sentence.statement
    return ReviewedStatement(
        id=statement.id,
        section=statement.section,
        text=statement.text,
        origin=statement.origin,
        machine_text=sentence.machine_text,
        written_by=f"Practitioner/{statement.by}" if statement.by else None,
        evidence=[_line(line) for line in sentence.lines],
    )


def _line(line: drafts.Line) -> TranscriptLine:
    segment = line.segment
    return TranscriptLine(
        segment_id=line.segment_id,
        identifier=line.identifier,
        speaker=segment.speaker if segment else None,
        start=_seconds(segment.start) if segment else None,
        end=_seconds(segment.end) if segment else None,
        text=segment.text if segment else None,
    )


def _seconds(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
