"""What patients want put right, and the clinician's decision on it: /pages/corrections"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from gateway.api.dependencies import services_of
from gateway.api.pages import correction_forms as forms
from gateway.api.pages.correction_words import request_of
from gateway.api.pages.render import page, see
from gateway.api.pages.route import PageRoute
from gateway.api.pages.session import Fields, Form, Session, form, session, version_in
from gateway.errors import Conflict, PreconditionFailed, Unprocessable
from gateway.rules.correction import DECISIONS, is_open
from gateway.rules.upholding import DOCUMENTS
from gateway.usecases import correction_views, corrections

router = APIRouter(route_class=PageRoute)
Signed = Annotated[Session, Depends(session)]
Sent = Annotated[Form, Depends(form)]
HOME = "/pages/corrections"
_SAID = {
    "decided": "It is decided, and the patient can read it.",
    "asked": "The patient can read your question.",
    "extended": "The patient can read why it takes longer, and until when.",
    "kept": "It is kept beside the disagreement, and the patient can read it.",
}
_CHANGED = "Somebody dealt with this while you were reading. Nothing of yours was saved; it is kept below."
_NO_DAY = "Choose a day."
_DECISIONS = {step.value: step for step in DECISIONS}


@router.get(HOME)
def show(request: Request, session: Signed, said: str = "") -> Response:
    found = correction_views.waiting(services_of(request), session.asked)
    rows = [request_of(each, session.asked.at) for each in found]
    return page("corrections.html", session=session, rows=rows, said=_SAID.get(said))


@router.get(f"{HOME}/{{task_id}}")
def one(request: Request, session: Signed, task_id: str) -> Response:
    return _one(request, session, task_id)


@router.post(f"{HOME}/{{task_id}}/decide")
def decide(request: Request, task_id: str, sent: Sent) -> Response:
    services, asked = services_of(request), sent.session.asked
    found = correction_views.follow(services, asked, task_id)
    step = _DECISIONS.get(sent.fields.get("decision", ""))
    faults = forms.missing(found, step, sent.fields)
    if step is None or faults:
        return _one(request, sent.session, task_id, sent.fields, faults)
    version, of_item = (
        version_in(sent.fields),
        version_in(sent.fields, "item_version") if found.correction.item else None,
    )
    remedy = forms.remedy(found, step, sent.fields)
    decision = corrections.Decision(step, sent.fields["reason"].strip(), remedy, of_item)
    try:
        corrections.decide(services, asked, task_id, decision, version=version)
    except (PreconditionFailed, Conflict):
        left, kept = forms.apart(sent.fields, remedy)
        return _one(request, sent.session, task_id, left, {"": _CHANGED}, PreconditionFailed.status, kept)
    except Unprocessable as refusal:
        faults = forms.refused(found, decision.remedy, refusal)
        return _one(request, sent.session, task_id, sent.fields, faults)
    return see(f"{HOME}?said=decided")


@router.post(f"{HOME}/{{task_id}}/ask")
def ask(request: Request, task_id: str, sent: Sent) -> Response:
    if faults := forms.wordless(sent.fields):
        return _one(request, sent.session, task_id, sent.fields, faults)
    words, version = sent.fields["reason"].strip(), version_in(sent.fields)
    try:
        corrections.ask(services_of(request), sent.session.asked, task_id, words, version=version)
    except (PreconditionFailed, Conflict):
        return _one(request, sent.session, task_id, sent.fields, {"": _CHANGED}, PreconditionFailed.status)
    return see(f"{HOME}?said=asked")


@router.post(f"{HOME}/{{task_id}}/extend")
def extend(request: Request, task_id: str, sent: Sent) -> Response:
    until, faults = forms.day_in(sent.fields), forms.wordless(sent.fields, "longer")
    if until is None or faults:
        return _one(request, sent.session, task_id, sent.fields, ({} if until else {"until": _NO_DAY}) | faults)
    words, version = sent.fields["longer"].strip(), version_in(sent.fields)
    try:
        corrections.extend(services_of(request), sent.session.asked, task_id, words, until, version=version)
    except (PreconditionFailed, Conflict):
        return _one(request, sent.session, task_id, sent.fields, {"": _CHANGED}, PreconditionFailed.status)
    except Unprocessable as refusal:
        return _one(request, sent.session, task_id, sent.fields, {"until": refusal.issues[0].text})
    return see(f"{HOME}?said=extended")


@router.post(f"{HOME}/{{task_id}}/rebut")
def rebut(request: Request, task_id: str, sent: Sent) -> Response:
    services, asked = services_of(request), sent.session.asked
    task = correction_views.follow(services, asked, task_id).correction.task
    request_id = task.get("reasonReference", {}).get("reference", f"Task/{task_id}").removeprefix("Task/")
    if faults := forms.wordless(sent.fields):
        named = {f"rebut-{task_id}": text for text in faults.values()}
        return _one(request, sent.session, request_id, sent.fields, named)
    try:
        corrections.rebut(services, asked, task_id, sent.fields["reason"].strip())
    except (PreconditionFailed, Conflict):
        return _one(request, sent.session, request_id, sent.fields, {"": _CHANGED}, PreconditionFailed.status)
    return see(f"{HOME}?said=kept")


def _one(
    request: Request,
    session: Session,
    task_id: str,
    sent: Fields = MappingProxyType({}),
    faults: Mapping[str, str] = MappingProxyType({}),
    status: int = Unprocessable.status,
    kept: Sequence[str] = (),
) -> Response:
    """The request as it stands now; `sent` is a form that comes back, with its faults by field; `kept` are words of it
    that fit no field any more."""
    found = correction_views.follow(services_of(request), session.asked, task_id)
    item = found.correction.item
    return page(
        "correction.html",
        status=status if faults else 200,
        session=session,
        asked=request_of(found.correction, session.asked.at),
        logged=[request_of(each, session.asked.at) for each in found.disagreements],
        holders=len(found.held_by),
        fields=forms.values(found, sent, faults),
        sentences=forms.sentences(found, sent, faults),
        item_version=item["meta"]["versionId"] if item else None,
        is_document=item is not None and item["resourceType"] in DOCUMENTS,
        longest=forms.LONGEST,
        sent=sent,
        faults=faults,
        kept=[*kept, *(forms.words_in(sent) if "" in faults and not is_open(found.correction.stage) else ())],
    )
