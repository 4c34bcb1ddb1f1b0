"""What patients want put right, and the clinician's decision on it: /pages/corrections"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from gateway.api.dependencies import services_of
from gateway.api.pages.correction_words import request_of
from gateway.api.pages.entry_words import name_of
from gateway.api.pages.render import page, see
from gateway.api.pages.route import PageRoute
from gateway.api.pages.session import Fields, Form, Session, form, session, version_in
from gateway.api.pages.value_fields import advice, field_of, is_same, read
from gateway.errors import BadRequest, Conflict, PreconditionFailed, Unprocessable
from gateway.rules.correction import DECISIONS, Step
from gateway.rules.upholding import DOCUMENTS, Remedy, settable
from gateway.usecases import correction_views, corrections
from gateway.usecases.correction_views import Correction

router = APIRouter(route_class=PageRoute)
Signed = Annotated[Session, Depends(session)]
Sent = Annotated[Form, Depends(form)]
HOME = "/pages/corrections"
LONGEST = 5000
_SAID = {
    "decided": "It is decided, and the patient can read it.",
    "asked": "The patient can read your question.",
    "kept": "It is kept beside the disagreement, and the patient can read it.",
}
_CHANGED = "Somebody dealt with this while you were reading. Nothing of yours was saved; it is kept below."
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
    found = correction_views.follow(services, asked, task_id).correction
    step = _DECISIONS.get(sent.fields.get("decision", ""))
    faults = _faults(found, step, sent.fields)
    if step is None or faults:
        return _one(request, sent.session, task_id, sent.fields, faults)
    decision = corrections.Decision(step, sent.fields["reason"].strip(), _remedy(found, step, sent.fields))
    try:
        corrections.decide(services, asked, task_id, decision, version=version_in(sent.fields))
    except (PreconditionFailed, Conflict):
        return _one(request, sent.session, task_id, sent.fields, {"": _CHANGED}, PreconditionFailed.status)
    except Unprocessable as refusal:
        faults = _refused(found, decision.remedy, refusal)
        return _one(request, sent.session, task_id, sent.fields, faults)
    return see(f"{HOME}?said=decided")


@router.post(f"{HOME}/{{task_id}}/ask")
def ask(request: Request, task_id: str, sent: Sent) -> Response:
    if faults := _wordless(sent.fields):
        return _one(request, sent.session, task_id, sent.fields, faults)
    words, version = sent.fields["reason"].strip(), version_in(sent.fields)
    try:
        corrections.ask(services_of(request), sent.session.asked, task_id, words, version=version)
    except (PreconditionFailed, Conflict):
        return _one(request, sent.session, task_id, sent.fields, {"": _CHANGED}, PreconditionFailed.status)
    return see(f"{HOME}?said=asked")


@router.post(f"{HOME}/{{task_id}}/rebut")
def rebut(request: Request, task_id: str, sent: Sent) -> Response:
    words = sent.fields.get("reason", "").strip()
    if not words or len(words) > LONGEST:
        raise BadRequest("A few words are needed.")
    corrections.rebut(services_of(request), sent.session.asked, task_id, words)
    return see(f"{HOME}?said=kept")


def _one(
    request: Request,
    session: Session,
    task_id: str,
    sent: Fields = MappingProxyType({}),
    faults: Mapping[str, str] = MappingProxyType({}),
    status: int = Unprocessable.status,
) -> Response:
    """The request as it stands now; `sent` is a form that comes back, with its faults by field."""
    found = correction_views.follow(services_of(request), session.asked, task_id)
    item = found.correction.item
    kind = str(item["resourceType"]) if item else ""
    fields = [
        field_of(name, name_of(kind, leaf), leaf, sent.get(name), faults.get(name, ""))
        for name, leaf in ((f"set-{leaf.path}", leaf) for leaf in (settable(item) if item else ()))
    ]
    return page(
        "correction.html",
        status=status if faults else 200,
        session=session,
        asked=request_of(found.correction, session.asked.at),
        logged=[request_of(each, session.asked.at) for each in found.disagreements],
        holders=len(found.held_by),
        fields=fields,
        is_document=kind in DOCUMENTS,
        longest=LONGEST,
        sent=sent,
        faults=faults,
        kept=[sent[name] for name in ("reason", "addendum") if sent.get(name, "").strip()],
    )


def _faults(found: Correction, step: Step | None, sent: Fields) -> dict[str, str]:
    """What is missing in a decision, by its field."""
    faults = {} if step else {"decision": "Choose one."}
    if step in (Step.ACCEPT, Step.PARTIAL) and found.item and _remedy(found, step, sent).is_empty:
        faults["remedy"] = "Change what is wrong, or say that all of it was entered in error."
    return faults | _wordless(sent)


def _wordless(sent: Fields) -> dict[str, str]:
    text = sent.get("reason", "").strip()
    return {} if text and len(text) <= LONGEST else {"reason": "Write a few words: the patient reads them."}


def _refused(found: Correction, remedy: Remedy, refusal: Unprocessable) -> dict[str, str]:
    """What cannot be put right so, by its field."""
    there = {leaf.path: leaf for leaf in settable(found.item)} if found.item else {}
    places = {f"set[{number}]": path for number, path in enumerate(remedy.values)}
    paths = [places[each.expression] for each in refusal.issues if each.expression in places]
    if "enteredInError" in [each.expression for each in refusal.issues]:
        return {"remedy": "This cannot be marked as entered in error: put its values right."}
    return {f"set-{path}": advice(there[path]) for path in paths} or {"remedy": "It cannot be put right in this way."}


def _remedy(found: Correction, step: Step, sent: Fields) -> Remedy:
    """What the form says is put right: what she changed, the whole, or an addendum."""
    if step is Step.DENY or found.item is None:
        return Remedy()
    if "error" in sent:
        return Remedy(is_error=True)
    if addendum := sent.get("addendum", "").strip():
        return Remedy(addendum=addendum)
    sent_for = ((leaf, sent.get(f"set-{leaf.path}")) for leaf in settable(found.item))
    return Remedy(
        {leaf.path: read(leaf, text) for leaf, text in sent_for if text is not None and not is_same(leaf, text)}
    )
