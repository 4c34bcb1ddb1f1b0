"""A patient's own page: who can see what of hers, and why; and taking a consent back: /pages/my-record"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from gateway.api.dependencies import services_of
from gateway.api.pages.consent_words import KINDS
from gateway.api.pages.record_views import Consent, consent, sections, who_sees
from gateway.api.pages.render import page, see
from gateway.api.pages.route import PageRoute
from gateway.api.pages.session import Form, Session, own_form, own_session
from gateway.errors import NotFound
from gateway.usecases import consent as consents
from gateway.usecases.consent_overview import Overview, overview

router = APIRouter(route_class=PageRoute)
Patient = Annotated[Session, Depends(own_session)]
Sent = Annotated[Form, Depends(own_form)]
HOME = "/pages/my-record"

_SAID = {
    "given": "Your decision is recorded. Below is what holds now.",
    "ended": "It is taken back, from this moment on. It is kept below, under Past.",
}


@router.get(HOME)
def show(request: Request, session: Patient, said: str = "") -> Response:
    services, found = services_of(request), _overview(request, session)
    return page(
        "my_record.html",
        session=session,
        custodian=found.custodian,
        policy=found.policy,
        ai_needs_consent=services.ai_needs_consent,
        who_sees=who_sees(found.consents),
        sections=sections(found.consents),
        kinds=KINDS.values(),
        said=_SAID.get(said),
    )


@router.get("/pages/my-record/consents/{consent_id}/end")
def ask(request: Request, session: Patient, consent_id: str) -> Response:
    """Whether to take it back: nothing is changed yet."""
    return page("consent_end.html", session=session, consent=_own(request, session, consent_id))


@router.post("/pages/my-record/consents/{consent_id}/end")
def end(request: Request, sent: Sent, consent_id: str) -> Response:
    consents.revoke(services_of(request), sent.session.asked, consent_id)
    return see(f"{HOME}?said=ended")


def _own(request: Request, session: Session, consent_id: str) -> Consent:
    """One that can be taken back. Raises NotFound."""
    found = (consent(told) for told in _overview(request, session).consents)
    one = next((each for each in found if each.id == consent_id and each.can_end), None)
    if one is None:
        raise NotFound
    return one


def _overview(request: Request, session: Session) -> Overview:
    patient = session.asked.caller.patient_id
    assert patient is not None
    return overview(services_of(request), session.asked, patient)
