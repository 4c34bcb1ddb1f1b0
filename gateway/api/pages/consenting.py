"""Giving a consent or a refusal: a form, what it would mean in plain words, then the decision: /pages/my-record/new"""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Request, Response

from gateway.api.dependencies import services_of
from gateway.api.pages import consent_words
from gateway.api.pages.consent_form import Entered, placed, read
from gateway.api.pages.consent_words import KINDS, Kind
from gateway.api.pages.my_record import HOME, Patient, Sent
from gateway.api.pages.record_views import consent as consent_view
from gateway.api.pages.render import page, see
from gateway.api.pages.route import PageRoute
from gateway.api.pages.session import Fields, Session
from gateway.errors import NotFound, Unprocessable
from gateway.usecases import consent
from gateway.usecases.consent_overview import preview
from gateway.usecases.consent_recipients import Recipients, recipients

router = APIRouter(route_class=PageRoute)


@router.get("/pages/my-record/new/{kind}")
def ask(request: Request, session: Patient, kind: str) -> Response:
    return _form(session, _kind(kind), _known(request, session), {"start": session.asked.at.date().isoformat()}, {})


@router.post("/pages/my-record/new/{kind}")
def decide(request: Request, sent: Sent, kind: str) -> Response:
    """`step` says what was pressed: `give` records it, `change` goes back to the form, all else shows what it means."""
    services, session, asked_for = services_of(request), sent.session, _kind(kind)
    known = _known(request, session)
    entered = _entered(session, asked_for, known, sent.fields)
    step = sent.fields.get("step")
    if entered.faults or step == "change":
        return _form(session, asked_for, known, entered.values, {} if step == "change" else entered.faults)
    try:
        if step == "give":
            consent.grant(services, session.asked, entered.form)
            return see(f"{HOME}?said=given")
        found = preview(services, session.asked, entered.form)
    except Unprocessable as refusal:
        return _form(session, asked_for, known, entered.values, placed(refusal.issues))
    return page(
        "consent_confirm.html",
        session=session,
        kind=asked_for,
        words=found.words,
        replaces=[consent_view(each) for each in found.replaces],
        values=entered.values,
    )


def _kind(key: str) -> Kind:
    if key not in KINDS:
        raise NotFound
    return KINDS[key]


def _known(request: Request, session: Session) -> Recipients:
    return recipients(services_of(request), session.asked)


def _entered(session: Session, kind: Kind, known: Recipients, sent: Fields) -> Entered:
    patient = session.asked.caller.patient_id
    assert patient is not None
    references = [each.reference for each in (*known.organizations, *known.people)]
    return read(kind, sent, patient, references, session.asked.at.date())


def _form(session: Session, kind: Kind, known: Recipients, values: Fields, faults: Mapping[str, str]) -> Response:
    return page(
        "consent_form.html",
        status=Unprocessable.status if faults else 200,
        session=session,
        kind=kind,
        known=known,
        values=values,
        faults=faults,
        options=consent_words,
    )
