"""Breaking the glass: emergency access to one patient's record, asked for by a clinician, shown to its custodian."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from gateway.api.dependencies import asked_of, require, services_of, whoever
from gateway.api.shapes import Shape
from gateway.api.strict import StrictRoute
from gateway.rules.access import Caller
from gateway.rules.break_glass import Reason
from gateway.usecases import break_glass

ID = r"^[A-Za-z0-9\-.]{1,64}$"

router = APIRouter(prefix="/break-glass", tags=["break-glass"], route_class=StrictRoute)
Anybody = Annotated[Caller, Depends(whoever)]
Auditor = Annotated[Caller, Depends(require("audit"))]


class BreakGlass(BaseModel):
    """Whose record, and why. The words of `text` are sealed; only the custodian's auditors read them."""

    model_config = ConfigDict(extra="forbid")
    patient: str = Field(pattern=ID, description="The id of the Patient.")
    reason: Reason
    text: str | None = Field(None, min_length=1, max_length=500, description="Needed with the reason 'other'.")


class Access(Shape):
    """A token for one patient, purpose BTG. What it opens is what a Consent permits for that purpose."""

    id: str
    token: str
    patient_id: str
    scopes: list[str]
    expires_at: datetime


class Emergency(Shape):
    """An attempt. One that was refused has no `id`."""

    id: str | None
    at: datetime
    patient_id: str | None
    organization_id: str | None
    practitioner_id: str | None
    reason: Reason
    text: str | None
    expires_at: datetime | None
    ended_at: datetime | None


@router.post("", status_code=201, summary="Open a patient's record in an emergency, for one hour")
def begin(request: Request, response: Response, caller: Anybody, asked: BreakGlass) -> Access:
    response.headers["Cache-Control"] = "no-store"
    services, by = services_of(request), asked_of(request, caller)
    return Access.model_validate(break_glass.break_glass(services, by, asked.patient, asked.reason, asked.text))


@router.get("", summary="The last emergencies, granted and refused, of the records the caller's organization keeps")
def emergencies(
    request: Request, response: Response, caller: Auditor, count: Annotated[int, Query(ge=1, le=500)] = 50
) -> list[Emergency]:
    response.headers["Cache-Control"] = "no-store"
    found = break_glass.emergencies(services_of(request), asked_of(request, caller), count)
    return [Emergency.model_validate(one) for one in found]


@router.post("/{id}/end", status_code=204, summary="End an emergency access, effective at once")
def end(request: Request, caller: Anybody, id: Annotated[str, Path(pattern=ID)]) -> None:
    break_glass.end(services_of(request), asked_of(request, caller), id)
