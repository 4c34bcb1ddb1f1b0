"""A patient says what is wrong in the own record, and follows what becomes of it: /pages/my-record/corrections"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from gateway.api.dependencies import services_of
from gateway.api.pages.correction_words import item_of, request_of
from gateway.api.pages.my_record import Patient, Sent
from gateway.api.pages.render import page, see
from gateway.api.pages.route import PageRoute
from gateway.api.pages.session import Fields, Session
from gateway.errors import BadRequest, NotFound, Unprocessable
from gateway.rules.codes import concept, instant
from gateway.rules.correction import COMMUNICATION_TYPES, DISAGREEMENT, REQUEST
from gateway.usecases import correction_request, correction_views, corrections

router = APIRouter(route_class=PageRoute)
HOME = "/pages/my-record/corrections"
LONGEST = 5000
_SAID = {
    "asked": "Your clinic has it. It has sixty days to decide.",
    "answered": "Your answer is with the clinic.",
    "disagreed": "Your disagreement is kept with the record, and goes wherever the record goes.",
    "withdrawn": "It is taken back.",
}


@router.get(HOME)
def show(request: Request, session: Patient, said: str = "") -> Response:
    found = correction_views.own(services_of(request), session.asked)
    requests = [request_of(each, session.asked.at) for each in reversed(found)]
    return page("my_corrections.html", session=session, requests=requests, said=_SAID.get(said), longest=LONGEST)


@router.get(f"{HOME}/new")
def choose(request: Request, session: Patient, about: str = "") -> Response:
    """What it is about, then what is wrong with it."""
    return _choose(request, session, about)


def _choose(request: Request, session: Session, about: str, *, fault: str = "") -> Response:
    items = [item_of(each) for each in correction_views.disputable(services_of(request), session.asked)]
    if not about:
        return page("my_correction_items.html", session=session, items=items)
    item = next((each for each in items if each.reference == about), None)
    if item is None and about != "other":
        raise NotFound
    status = Unprocessable.status if fault else 200
    return page("my_correction_new.html", status=status, session=session, item=item, longest=LONGEST, fault=fault)


@router.post(f"{HOME}/new")
def send(request: Request, sent: Sent) -> Response:
    about = sent.fields.get("about", "")
    if not sent.fields.get("reason", "").strip():
        return _choose(request, sent.session, about or "other", fault="Write what is wrong.")
    payload = [{"contentReference": {"reference": about}}] if about not in ("", "other") else []
    _ask(request, sent.session, _letter(sent.session, sent.fields, REQUEST, payload))
    return see(f"{HOME}?said=asked")


@router.post(f"{HOME}/{{task_id}}/answer")
def answer(request: Request, task_id: str, sent: Sent) -> Response:
    about = {"about": [{"reference": f"Task/{task_id}"}]}
    _ask(request, sent.session, _letter(sent.session, sent.fields, REQUEST, []) | about)
    return see(f"{HOME}?said=answered")


@router.post(f"{HOME}/{{task_id}}/disagree")
def disagree(request: Request, task_id: str, sent: Sent) -> Response:
    about = {"about": [{"reference": f"Task/{task_id}"}]}
    _ask(request, sent.session, _letter(sent.session, sent.fields, DISAGREEMENT, []) | about)
    return see(f"{HOME}?said=disagreed")


@router.post(f"{HOME}/{{task_id}}/withdraw")
def withdraw(request: Request, task_id: str, sent: Sent) -> Response:
    corrections.withdraw(services_of(request), sent.session.asked, task_id)
    return see(f"{HOME}?said=withdrawn")


def _ask(request: Request, session: Session, letter: dict[str, Any]) -> None:
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": letter}]}
    correction_request.correction_request(services_of(request), session.asked, bundle)


def _letter(session: Session, sent: Fields, kind: str, payload: list[dict[str, Any]]) -> dict[str, Any]:
    """What she wrote, as the operation takes it. Raises BadRequest for nothing or too much."""
    text = sent.get("reason", "").strip()
    if not text or len(text) > LONGEST:
        raise BadRequest("A few words are needed.")
    patient = {"reference": f"Patient/{session.asked.caller.patient_id}"}
    return {
        "resourceType": "Communication",
        "status": "completed",
        "category": [concept(COMMUNICATION_TYPES, kind)],
        "subject": patient,
        "sender": patient,
        "sent": instant(session.asked.at),
        "payload": [{"contentString": text}, *payload],
    }
