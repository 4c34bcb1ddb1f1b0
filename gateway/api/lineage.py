"""Lineage: the whole chain behind one published resource, for the custodian's auditors."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from pydantic import Field

from gateway.api.dependencies import asked_of, require, services_of
from gateway.api.reviews import EditMade
from gateway.api.shapes import Shape
from gateway.rules.access import Caller
from gateway.rules.evidence import Origin
from gateway.usecases.lineage import lineage

router = APIRouter(prefix="/lineage", tags=["lineage"])
Auditor = Annotated[Caller, Depends(require("lineage"))]
Type = Annotated[str, Path(pattern=r"^[A-Z][A-Za-z]{1,63}$")]
Id = Annotated[str, Path(pattern=r"^[A-Za-z0-9\-.]{1,64}$")]


class Submitted(Shape):
    id: str
    client_id: str
    mapping: str
    mapping_version: str
    received_at: datetime
    digest: str = Field(description="SHA-256 over the parts as received.")


class Model(Shape):
    """References to the Device of this model and version, its model card, and the prompt it was given."""

    device: str
    name: str
    card: str | None
    prompt: str | None


class Evidence(Shape):
    """A transcript segment, named and timed (seconds), never quoted."""

    identifier: str
    segment_id: str
    speaker: str | None
    start: float | None
    end: float | None
    is_received: bool = Field(description="False while the transcript that holds it has not come.")


class TracedStatement(Shape):
    id: str = Field(description="The element id in the Composition, which Provenance targets.")
    section: str
    text: str
    origin: Origin
    revises: str | None = Field(description="The machine's sentence that a clinician changed.")
    machine_sentence: str | None
    written_by: str | None
    evidence: list[Evidence]


class TracedPart(Shape):
    id: str = Field(description="The element id in the resource, which Provenance targets.")
    path: str
    origin: Origin
    written_by: str | None
    evidence: list[Evidence]


class TracedEntry(Shape):
    id: str
    resource: str = Field(description="What it was published as.")
    patient: str
    headline: str
    origin: Origin
    revises: str | None
    written_by: str | None
    evidence: list[Evidence]
    parts: list[TracedPart]


class Approved(Shape):
    by: str
    at: datetime
    digest: str = Field(description="Of the content the clinician is bound to.")
    revision: int


class InForce(Shape):
    """A Consent version that permits something at this moment."""

    consent: str
    recipients: list[str]
    purposes: list[str] = Field(description="v3-ActReason codes: those it names and those they cover.")
    valid_from: datetime
    valid_until: datetime


class ReadMade(Shape):
    at: datetime
    act: str
    resources: list[str]
    client_id: str | None
    organization_id: str | None
    practitioner_id: str | None
    purpose: str | None
    consents: list[str] = Field(description="The Consent versions that permitted it; none for the custodian's own use.")


class LineageOf(Shape):
    resource: str
    patients: list[str] = Field(description="All it is about: of a couple's or a group's session several.")
    custodian: str
    draft_id: str
    submission: Submitted
    model: Model
    published: list[str]
    statements: list[TracedStatement]
    entries: list[TracedEntry]
    edits: list[EditMade]
    approval: Approved
    consents: list[InForce]
    reads: list[ReadMade]


@router.get("/{type}/{id}", summary="Where a published resource comes from, and everybody who has read it")
def read_lineage(request: Request, caller: Auditor, type: Type, id: Id) -> LineageOf:
    """Asking is recorded like any reading."""
    return LineageOf.model_validate(lineage(services_of(request), asked_of(request, caller), type, id))
