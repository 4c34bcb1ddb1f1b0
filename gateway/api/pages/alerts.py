"""The alerts that wait for a clinician, and those that were heard: /pages/alerts"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from gateway.api.dependencies import services_of
from gateway.api.pages.render import page, see
from gateway.api.pages.route import PageRoute
from gateway.api.pages.session import Form, Session, form, session
from gateway.api.pages.words import day, lasted
from gateway.errors import BadRequest
from gateway.rules.risk import Finding
from gateway.usecases import alerts
from gateway.usecases.background import clinician

router = APIRouter(route_class=PageRoute)
Sent = Annotated[Form, Depends(form)]
FLAG_WORDS = 500
_FOUND = {
    Finding.ESTIMATE: "An AI model estimates a high risk",
    Finding.PHQ_9: "Item 9 of the PHQ (thoughts of death or self-harm) is answered with more than “not at all”",
    Finding.C_SSRS: "The Columbia scale (C-SSRS) has a positive answer",
}
_SAID = {
    "acknowledged": "Acknowledged. Nobody is told of it once more.",
    "flagged": "The flag is in the patient’s record.",
}


@dataclass(frozen=True, slots=True)
class AlertRow:
    """`link` leads to the draft it was found in; what is in the record is named by its reference, `source`."""

    id: str
    patient: str
    found: str
    since: str
    is_escalated: bool
    link: str
    source: str
    heard: str
    flag: str


@router.get("/pages/alerts")
def show(
    request: Request, session: Annotated[Session, Depends(session)], state: str = "open", said: str = ""
) -> Response:
    services, is_heard = services_of(request), state == "acknowledged"
    found = alerts.queue(services, session.asked, acknowledged=is_heard)
    names = {by: clinician(services, by) for by in {each.alert.acknowledged_by for each in found}}
    return page(
        "alerts.html",
        session=session,
        rows=[_row(each, session.asked.at, names) for each in found],
        is_heard=is_heard,
        said=_SAID.get(said),
        longest=FLAG_WORDS,
    )


@router.post("/pages/alerts/{alert_id}/acknowledge")
def acknowledge(request: Request, alert_id: str, sent: Sent) -> Response:
    alerts.acknowledge(services_of(request), sent.session.asked, alert_id)
    return see("/pages/alerts?said=acknowledged")


@router.post("/pages/alerts/{alert_id}/flag")
def flag(request: Request, alert_id: str, sent: Sent) -> Response:
    words = sent.fields.get("words", "").strip()
    if not words or len(words) > FLAG_WORDS:
        raise BadRequest("A flag takes a few words.")
    alerts.flag(services_of(request), sent.session.asked, alert_id, words)
    return see("/pages/alerts?state=acknowledged&said=flagged")


def _row(raised: alerts.Raised, now: datetime, names: dict[str | None, str]) -> AlertRow:
    alert = raised.alert
    name = names[alert.acknowledged_by] or "a clinician"
    return AlertRow(
        id=alert.id,
        patient=raised.patient,
        found=_FOUND[Finding(alert.finding)],
        since=lasted(alert.raised_at, now),
        is_escalated=alert.escalated_at is not None,
        link=f"/pages/reviews/{alert.draft_id}" if alert.draft_id else "",
        source=f"{alert.type}/{alert.resource_id}" if alert.type else "",
        heard=f"Acknowledged by {name} on {day(alert.acknowledged_at)}." if alert.acknowledged_at else "",
        flag=f"Flag/{alert.flag_id}" if alert.flag_id else "",
    )
