"""Alerts of risk: the queue of the custodian's clinicians, their acknowledgement, and the Flag only they can make."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import Field

from gateway.api.dependencies import asked_of, require, services_of
from gateway.api.shapes import Shape
from gateway.api.strict import StrictRoute
from gateway.rules.access import Caller
from gateway.rules.risk import Finding
from gateway.usecases import alerts

router = APIRouter(prefix="/alerts", tags=["alerts"], route_class=StrictRoute)
Reviewer = Annotated[Caller, Depends(require("review"))]
AlertId = Annotated[str, Path(pattern=r"^[A-Za-z0-9\-.]{1,64}$")]
_KNOWN: dict[int | str, dict[str, Any]] = {404: {"description": "No such alert in the clinician's organization."}}
_FLAGGED = _KNOWN | {409: {"description": "The alert has a Flag already."}}


class Queue(StrEnum):
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"


class AlertView(Shape):
    """What was found, and where: in the draft `draftId`, or in the resource `source` of the record."""

    id: str
    finding: Finding
    patient_id: str
    patient: str
    draft_id: str | None
    source: str | None
    raised_at: datetime
    escalated_at: datetime | None = Field(description="When the organization was told once more: nobody had heard.")
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    flag: str | None


class FlagWords(Shape):
    text: str = Field(min_length=1, max_length=500, pattern=r"\S", description="What colleagues shall know.")


class Flagged(Shape):
    flag: str


@router.get("", summary="The alerts of the clinician's organization: those nobody has acknowledged, the oldest first")
def list_alerts(request: Request, response: Response, caller: Reviewer, state: Queue = Queue.OPEN) -> list[AlertView]:
    response.headers["Cache-Control"] = "no-store"
    found = alerts.queue(services_of(request), asked_of(request, caller), acknowledged=state is Queue.ACKNOWLEDGED)
    return [_view(each) for each in found]


@router.get("/{id}", summary="One alert", responses=_KNOWN)
def read_alert(request: Request, response: Response, caller: Reviewer, id: AlertId) -> AlertView:
    response.headers["Cache-Control"] = "no-store"
    return _view(alerts.view(services_of(request), asked_of(request, caller), id))


@router.post("/{id}/acknowledgement", summary="Say that a clinician has heard of it", responses=_KNOWN)
def acknowledge(request: Request, caller: Reviewer, id: AlertId) -> AlertView:
    """Ends its escalation. Who was first stays named: sent again, it changes nothing."""
    return _view(alerts.acknowledge(services_of(request), asked_of(request, caller), id))


@router.post("/{id}/flag", status_code=201, summary="Make a Flag of it, in the clinician's words", responses=_FLAGGED)
def flag(request: Request, caller: Reviewer, id: AlertId, words: FlagWords) -> Flagged:
    """A Flag of the patient's record, authored by the clinician of the token; others see it as their consents say."""
    return Flagged(flag=alerts.flag(services_of(request), asked_of(request, caller), id, words.text))


def _view(raised: alerts.Raised) -> AlertView:
    alert = raised.alert
    return AlertView(
        id=alert.id,
        finding=Finding(alert.finding),
        patient_id=alert.patient_id,
        patient=raised.patient,
        draft_id=alert.draft_id,
        source=f"{alert.type}/{alert.resource_id}" if alert.type else None,
        raised_at=alert.raised_at,
        escalated_at=alert.escalated_at,
        acknowledged_at=alert.acknowledged_at,
        acknowledged_by=f"Practitioner/{alert.acknowledged_by}" if alert.acknowledged_by else None,
        flag=f"Flag/{alert.flag_id}" if alert.flag_id else None,
    )
