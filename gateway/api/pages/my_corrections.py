"""A patient says what is wrong in the own record, and follows what becomes of it: /pages/my-record/corrections"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from fastapi import APIRouter, Request, Response

from gateway.api.dependencies import services_of
from gateway.api.pages.correction_words import item_of, request_of
from gateway.api.pages.my_record import Patient, Sent
from gateway.api.pages.render import page, see
from gateway.api.pages.route import PageRoute
from gateway.api.pages.session import Fields, Form, Session
from gateway.errors import Conflict, NotFound, Unprocessable
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


_DONE = {"answer": "answered", "disagree": "disagreed"}
_BLANK = {
    "answer": "Write your answer.",
    "disagree": "Write what you disagree with.",
    "new": "Write what is wrong.",
}
_TOO_LONG = f"Please write no more than {LONGEST} characters."
_CHANGED = "Your clinic dealt with this while you were writing. Nothing was sent; what you wrote is kept below."


@router.get(HOME)
def show(request: Request, session: Patient, said: str = "") -> Response:
    return _all(request, session, said=_SAID.get(said, ""))


@router.get(f"{HOME}/new")
def choose(request: Request, session: Patient, about: str = "") -> Response:
    """What it is about, then what is wrong with it."""
    return _choose(request, session, about)


@router.post(f"{HOME}/new")
def send(request: Request, sent: Sent) -> Response:
    about = sent.fields.get("about", "")
    if fault := _fault(sent.fields, "new"):
        return _choose(request, sent.session, about or "other", sent.fields, fault)
    payload = [{"contentReference": {"reference": about}}] if about not in ("", "other") else []
    _ask(request, sent.session, _letter(sent.session, sent.fields, REQUEST, payload))
    return see(f"{HOME}?said=asked")


@router.post(f"{HOME}/{{task_id}}/answer")
def answer(request: Request, task_id: str, sent: Sent) -> Response:
    return _replied(request, task_id, sent, "answer", REQUEST)


@router.post(f"{HOME}/{{task_id}}/disagree")
def disagree(request: Request, task_id: str, sent: Sent) -> Response:
    return _replied(request, task_id, sent, "disagree", DISAGREEMENT)


@router.post(f"{HOME}/{{task_id}}/withdraw")
def withdraw(request: Request, task_id: str, sent: Sent) -> Response:
    corrections.withdraw(services_of(request), sent.session.asked, task_id)
    return see(f"{HOME}?said=withdrawn")


def _replied(request: Request, task_id: str, sent: Form, step: str, kind: str) -> Response:
    """A letter in the matter of a Task; a form with a fault comes back with its words."""
    if fault := _fault(sent.fields, step):
        return _all(request, sent.session, sent.fields, {f"{step}-{task_id}": fault})
    about = {"about": [{"reference": f"Task/{task_id}"}]}
    try:
        _ask(request, sent.session, _letter(sent.session, sent.fields, kind, []) | about)
    except Conflict:
        return _all(request, sent.session, sent.fields, {"": _CHANGED}, Conflict.status)
    return see(f"{HOME}?said={_DONE[step]}")


def _all(
    request: Request,
    session: Session,
    sent: Fields = MappingProxyType({}),
    faults: Mapping[str, str] = MappingProxyType({}),
    status: int = Unprocessable.status,
    *,
    said: str = "",
) -> Response:
    """All requests as they stand now, the latest first; `sent` is a form that comes back, with its fault by field."""
    found = correction_views.own(services_of(request), session.asked)
    return page(
        "my_corrections.html",
        status=status if faults else 200,
        session=session,
        requests=[request_of(each, session.asked.at) for each in reversed(found)],
        said=said,
        longest=LONGEST,
        faults=faults,
        words=sent.get("reason", ""),
    )


def _choose(
    request: Request, session: Session, about: str, sent: Fields = MappingProxyType({}), fault: str = ""
) -> Response:
    items = [item_of(each) for each in correction_views.disputable(services_of(request), session.asked)]
    if not about:
        return page("my_correction_items.html", session=session, items=items)
    item = next((each for each in items if each.reference == about), None)
    if item is None and about != "other":
        raise NotFound
    return page(
        "my_correction_new.html",
        status=Unprocessable.status if fault else 200,
        session=session,
        item=item,
        longest=LONGEST,
        fault=fault,
        words=sent.get("reason", ""),
    )


def _fault(sent: Fields, step: str) -> str:
    """What is wrong with her words, if anything."""
    text = sent.get("reason", "").strip()
    return _TOO_LONG if len(text) > LONGEST else "" if text else _BLANK[step]


def _ask(request: Request, session: Session, letter: dict[str, Any]) -> None:
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": letter}]}
    correction_request.correction_request(services_of(request), session.asked, bundle)


def _letter(session: Session, sent: Fields, kind: str, payload: list[dict[str, Any]]) -> dict[str, Any]:
    """What she wrote, as the operation takes it."""
    patient = {"reference": f"Patient/{session.asked.caller.patient_id}"}
    return {
        "resourceType": "Communication",
        "status": "completed",
        "category": [concept(COMMUNICATION_TYPES, kind)],
        "subject": patient,
        "sender": patient,
        "sent": instant(session.asked.at),
        "payload": [{"contentString": sent["reason"].strip()}, *payload],
    }
