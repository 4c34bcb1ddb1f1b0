"""Requests for corrections, for the custodian's clinicians: followed, asked about, extended, decided, rebutted.

They come by Communication/$correction-request: http://hl7.org/fhir/uv/patient-corrections
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from gateway.api.dependencies import asked_of, require, services_of, whoever
from gateway.api.errors import FHIR_JSON
from gateway.api.strict import StrictRoute
from gateway.rules.access import Caller
from gateway.rules.correction import Step, kind_of
from gateway.rules.evidence import LONGEST_STATEMENT, Origin
from gateway.rules.upholding import Remedy, Rewritten
from gateway.store.resources import Stored
from gateway.usecases import correction_views, corrections
from gateway.usecases.correction_views import Correction
from gateway.usecases.incoming import version_of

router = APIRouter(prefix="/corrections", tags=["corrections"], route_class=StrictRoute)
Clinician = Annotated[Caller, Depends(require("review"))]
Whoever = Annotated[Caller, Depends(whoever)]
IfMatch = Annotated[str | None, Header(description='The version that was read, as in W/"3".')]
_STEPS = {"accept": Step.ACCEPT, "partial": Step.PARTIAL, "deny": Step.DENY}


class Words(BaseModel):
    """What the patient reads."""

    model_config = ConfigDict(extra="forbid")
    text: str = Field(min_length=1, max_length=10_000)


class Extension(Words):
    """Why it takes longer, and until when."""

    until: date = Field(description="At most thirty days after the sixty.")


class Sentence(BaseModel):
    """A sentence of a note that was approved here, as it should read, or the whole of a document that is nothing but a
    text; without `text` a sentence is taken out."""

    model_config = ConfigDict(extra="forbid")
    id: str = Field(min_length=1, max_length=64)
    text: str | None = Field(None, min_length=1, max_length=LONGEST_STATEMENT)


class Decision(BaseModel):
    """What is decided, why, and what is put right. Of `set`, `statements`, `enteredInError` and `addendum` a request
    that is upheld needs one, if it is about a resource. Of a document take those statements that the request shows;
    any takes an addendum."""

    model_config = ConfigDict(extra="forbid")
    decision: Literal["accept", "partial", "deny"]
    reason: str = Field(min_length=1, max_length=10_000, description="What the patient reads.")
    set: dict[str, Any] = Field({}, max_length=100, examples=[{"valueString": "The bus, not the train."}])
    statements: list[Sentence] = Field([], max_length=1000, description="Those that are put right, by their ids.")
    entered_in_error: bool = Field(False, alias="enteredInError", description="All of it was wrong.")
    addendum: str | None = Field(None, min_length=1, max_length=100_000)
    item_version: int | None = Field(None, alias="itemVersion", description="The version of the item that was read.")


class Letter(BaseModel):
    id: str
    sent: str
    sender: str
    texts: list[str]


class Told(BaseModel):
    """A notice that it was put right, to an organization that was given what it is about."""

    organization: str
    at: datetime
    delivered: datetime | None


class Seen(BaseModel):
    """A request or a disagreement as it stands."""

    task: str
    version: int
    kind: str
    patient: str
    about: str | None
    stage: str
    received: str
    due: datetime | None = Field(description="Sixty days after it came, or as extended; null once it is decided.")
    extended: bool = Field(description="Whether the patient was told that it takes longer than sixty days.")
    letters: list[Letter]
    told: list[Told]


class Statement(BaseModel):
    """A sentence of the note it is about; `origin` tells whose words it holds."""

    id: str
    section: str
    text: str
    origin: Origin


class Whole(Seen):
    """With what it is about, who was given that, and the disagreements of the patient. `statements` are those of a note
    that was approved here; a document that is nothing but a text is one."""

    item: dict[str, Any] | None
    statements: list[Statement]
    held_by: list[str]
    disagreements: list[Seen]


@router.get("", summary="The requests that wait for a decision, the most urgent first")
def waiting(request: Request, caller: Clinician) -> list[Seen]:
    return [_seen(each) for each in correction_views.waiting(services_of(request), asked_of(request, caller))]


@router.get("/{id}", summary="One request, with what was said and who was given what it is about")
def follow(request: Request, caller: Clinician, id: str, response: Response) -> Whole:
    found = correction_views.follow(services_of(request), asked_of(request, caller), id)
    response.headers["ETag"] = f'W/"{found.correction.version}"'
    return Whole(
        **_seen(found.correction).model_dump(),
        item=found.correction.item,
        statements=[Statement(id=e.id, section=e.section, text=e.text, origin=e.origin) for e in found.statements],
        held_by=[f"Organization/{each}" for each in found.held_by],
        disagreements=[_seen(each) for each in found.disagreements],
    )


@router.post("/{id}/question", summary="Ask the patient for more", response_class=Response)
def ask(request: Request, caller: Clinician, id: str, wanted: Words, if_match: IfMatch = None) -> Response:
    asked, version = asked_of(request, caller), version_of(if_match)
    return _task(corrections.ask(services_of(request), asked, id, wanted.text, version=version))


@router.post("/{id}/extension", summary="Take up to thirty days more, once", response_class=Response)
def extend(request: Request, caller: Clinician, id: str, wanted: Extension, if_match: IfMatch = None) -> Response:
    """Within the sixty days; the patient is told why, and until when. 45 CFR 164.526(b)(2)(ii)"""
    asked, version = asked_of(request, caller), version_of(if_match)
    return _task(corrections.extend(services_of(request), asked, id, wanted.text, wanted.until, version=version))


@router.post("/{id}/decision", summary="Uphold a request, in part or not at all", response_class=Response)
def decide(request: Request, caller: Clinician, id: str, wanted: Decision, if_match: IfMatch = None) -> Response:
    """What is upheld is put right at once, and every organization that was given it is told."""
    sentences = tuple(Rewritten(each.id, each.text) for each in wanted.statements)
    remedy = Remedy(wanted.set, wanted.entered_in_error, wanted.addendum, sentences)
    decision = corrections.Decision(_STEPS[wanted.decision], wanted.reason, remedy, wanted.item_version)
    asked, version = asked_of(request, caller), version_of(if_match)
    return _task(corrections.decide(services_of(request), asked, id, decision, version=version))


@router.post("/{id}/rebuttal", summary="Answer a disagreement", response_class=Response)
def rebut(request: Request, caller: Clinician, id: str, wanted: Words, if_match: IfMatch = None) -> Response:
    asked, version = asked_of(request, caller), version_of(if_match)
    return _task(corrections.rebut(services_of(request), asked, id, wanted.text, version=version))


@router.post("/{id}/withdrawal", summary="Take a request back, as or for the patient", response_class=Response)
def withdraw(request: Request, caller: Whoever, id: str) -> Response:
    return _task(corrections.withdraw(services_of(request), asked_of(request, caller), id))


def _task(stored: Stored) -> Response:
    return Response(stored.text, media_type=FHIR_JSON, headers={"ETag": stored.etag, "Cache-Control": "no-store"})


def _seen(found: Correction) -> Seen:
    task = found.task
    return Seen(
        task=f"Task/{task['id']}",
        version=found.version,
        kind=str(kind_of(task)),
        patient=task["for"]["reference"],
        about=task.get("focus", {}).get("reference"),
        stage=found.stage,
        received=task["authoredOn"],
        due=found.due,
        extended=found.is_extended,
        letters=[_letter(each) for each in found.letters],
        told=[
            Told(organization=f"Organization/{each.organization_id}", at=each.queued_at, delivered=each.delivered_at)
            for each in found.told
        ],
    )


def _letter(communication: dict[str, Any]) -> Letter:
    payload = communication.get("payload", [])
    return Letter(
        id=communication["id"],
        sent=communication["sent"],
        sender=communication["sender"]["reference"],
        texts=[each["contentString"] for each in payload if "contentString" in each],
    )
