"""What patients want put right, and the clinician's decision on it: /pages/corrections"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from gateway.api.dependencies import services_of
from gateway.api.pages.correction_words import request_of
from gateway.api.pages.render import page, see
from gateway.api.pages.route import PageRoute
from gateway.api.pages.session import Fields, Form, Session, form, session
from gateway.errors import BadRequest
from gateway.rules.correction import DECISIONS, Step
from gateway.rules.upholding import DOCUMENTS, Remedy, settable
from gateway.usecases import correction_views, corrections
from gateway.usecases.correction_views import Correction

router = APIRouter(route_class=PageRoute)
Signed = Annotated[Session, Depends(session)]
Sent = Annotated[Form, Depends(form)]
HOME = "/pages/corrections"
LONGEST = 5000
_SAID = {"decided": "It is decided, and the patient can read it.", "asked": "The patient can read your question."}
_DECISIONS = {step.value: step for step in DECISIONS}


@router.get(HOME)
def show(request: Request, session: Signed, said: str = "") -> Response:
    found = correction_views.waiting(services_of(request), session.asked)
    rows = [request_of(each, session.asked.at) for each in found]
    return page("corrections.html", session=session, rows=rows, said=_SAID.get(said))


@router.get(f"{HOME}/{{task_id}}")
def one(request: Request, session: Signed, task_id: str) -> Response:
    found = correction_views.follow(services_of(request), session.asked, task_id)
    item = found.correction.item
    return page(
        "correction.html",
        session=session,
        asked=request_of(found.correction, session.asked.at),
        logged=[request_of(each, session.asked.at) for each in found.disagreements],
        holders=len(found.held_by),
        leaves=settable(item) if item else [],
        is_document=item is not None and item["resourceType"] in DOCUMENTS,
        longest=LONGEST,
    )


@router.post(f"{HOME}/{{task_id}}/decide")
def decide(request: Request, task_id: str, sent: Sent) -> Response:
    services, asked = services_of(request), sent.session.asked
    found = correction_views.follow(services, asked, task_id).correction
    step = _DECISIONS.get(sent.fields.get("decision", ""))
    if step is None:
        raise BadRequest("A decision is needed.")
    decision = corrections.Decision(step, _words(sent.fields), _remedy(found, step, sent.fields))
    corrections.decide(services, asked, task_id, decision, version=_version(sent.fields))
    return see(f"{HOME}?said=decided")


@router.post(f"{HOME}/{{task_id}}/ask")
def ask(request: Request, task_id: str, sent: Sent) -> Response:
    words, version = _words(sent.fields), _version(sent.fields)
    corrections.ask(services_of(request), sent.session.asked, task_id, words, version=version)
    return see(f"{HOME}?said=asked")


@router.post(f"{HOME}/{{task_id}}/rebut")
def rebut(request: Request, task_id: str, sent: Sent) -> Response:
    corrections.rebut(services_of(request), sent.session.asked, task_id, _words(sent.fields))
    return see(f"{HOME}?said=decided")


def _remedy(found: Correction, step: Step, sent: Fields) -> Remedy:
    """What the form says is put right: what she changed, the whole, or an addendum."""
    if step is Step.DENY or found.item is None:
        return Remedy()
    if "error" in sent:
        return Remedy(is_error=True)
    if addendum := sent.get("addendum", "").strip():
        return Remedy(addendum=addendum)
    sent_for = ((leaf, sent.get(f"set-{leaf.path}")) for leaf in settable(found.item))
    values = {leaf.path: (leaf.value, _value(leaf.type, text)) for leaf, text in sent_for if text is not None}
    return Remedy({path: now for path, (was, now) in values.items() if now != was})


def _value(type: str, text: str) -> Any:
    """What a field holds, as FHIR has it. Raises BadRequest."""
    try:
        if type == "decimal":
            return Decimal(text)
        return int(text) if type in ("integer", "positiveInt", "unsignedInt") else text
    except (InvalidOperation, ValueError):
        raise BadRequest("A number is needed there.") from None


def _words(sent: Fields) -> str:
    text = sent.get("reason", "").strip()
    if not text or len(text) > LONGEST:
        raise BadRequest("A few words are needed.")
    return text


def _version(sent: Fields) -> int:
    """The version that was on the screen. Raises BadRequest."""
    text = sent.get("version", "")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise BadRequest("The form does not say which version it is about.")
    return int(text)
