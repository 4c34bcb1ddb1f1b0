"""The alerts that wait for a clinician, and those that were heard: /pages/alerts"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from gateway.api.dependencies import services_of
from gateway.api.pages.entry_words import group_of
from gateway.api.pages.render import page, see
from gateway.api.pages.route import PageRoute
from gateway.api.pages.session import Form, Session, form, session
from gateway.api.pages.words import day, lasted
from gateway.errors import Conflict, Unprocessable
from gateway.rules.risk import Finding
from gateway.usecases import alerts
from gateway.usecases.background import clinician

router = APIRouter(route_class=PageRoute)
Sent = Annotated[Form, Depends(form)]
FLAG_WORDS = 500
_FOUND = {
    Finding.ESTIMATE: "An AI estimates a high risk",
    Finding.PHQ_9: "Item 9 of the PHQ, thoughts of death or self-harm, is answered with more than “not at all”",
    Finding.C_SSRS: "A question of the Columbia scale (C-SSRS) on suicide is answered with yes",
}
_SAID = {
    "acknowledged": "Acknowledged. Nobody is told of it once more.",
    "flag-stands": "A colleague was faster: the patient’s record has a flag for this already.",
    "flagged": "The flag is in the patient’s record.",
}


@dataclass(frozen=True, slots=True)
class AlertRow:
    """`link` leads to the draft it was found in; of what is in the record `source` says what it is."""

    id: str
    patient: str
    found: str
    since: str
    is_escalated: bool
    link: str
    source: str
    heard: str
    is_flagged: bool


@router.get("/pages/alerts")
def show(
    request: Request, session: Annotated[Session, Depends(session)], state: str = "open", said: str = ""
) -> Response:
    return _page(request, session, is_heard=state == "acknowledged", said=_SAID.get(said))


def _page(
    request: Request,
    session: Session,
    *,
    is_heard: bool,
    said: str | None = None,
    status: int = 200,
    faults: Mapping[str, str] = MappingProxyType({}),
    typed: str = "",
) -> Response:
    """`faults` by the id of the alert whose form comes back, with what was `typed` in it."""
    services = services_of(request)
    found = alerts.queue(services, session.asked, acknowledged=is_heard)
    names = {by: clinician(services, by) for by in {each.alert.acknowledged_by for each in found}}
    return page(
        "alerts.html",
        status=status,
        session=session,
        rows=[_row(each, session.asked.at, names) for each in found],
        is_heard=is_heard,
        said=said,
        longest=FLAG_WORDS,
        faults=faults,
        typed=typed,
    )


@router.post("/pages/alerts/{alert_id}/acknowledge")
def acknowledge(request: Request, alert_id: str, sent: Sent) -> Response:
    alerts.acknowledge(services_of(request), sent.session.asked, alert_id)
    return see("/pages/alerts?said=acknowledged")


@router.post("/pages/alerts/{alert_id}/flag")
def flag(request: Request, alert_id: str, sent: Sent) -> Response:
    """A flag without words, or too long, comes back with what was typed."""
    services, asked, words = services_of(request), sent.session.asked, sent.fields.get("words", "").strip()
    fault = "Write a few words." if not words else f"Keep it to {FLAG_WORDS} characters."
    try:
        if not words or len(words) > FLAG_WORDS:
            raise Unprocessable
        alerts.flag(services, asked, alert_id, words)
    except Unprocessable as refusal:
        is_heard = alerts.view(services, asked, alert_id).alert.acknowledged_at is not None
        faults = {alert_id: fault}
        return _page(request, sent.session, is_heard=is_heard, status=refusal.status, faults=faults, typed=words)
    except Conflict:
        return see("/pages/alerts?state=acknowledged&said=flag-stands")
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
        source=group_of({"resourceType": alert.type}).one if alert.type else "",
        heard=f"Acknowledged by {name} on {day(alert.acknowledged_at)}." if alert.acknowledged_at else "",
        is_flagged=alert.flag_id is not None,
    )
