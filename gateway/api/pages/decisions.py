"""The forms on a draft: approve, edit, return, reject. Each acts on the text that was on the screen, or on none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from gateway.api.dependencies import services_of
from gateway.api.pages.draft import changed
from gateway.api.pages.entry_views import entry_faults, typed, wanted_entries
from gateway.api.pages.render import page, see
from gateway.api.pages.route import PageRoute, kept
from gateway.api.pages.session import Fields, Form, form
from gateway.api.pages.views import draft_view
from gateway.errors import BadRequest, PreconditionFailed, Unprocessable
from gateway.rules.evidence import Wanted
from gateway.rules.review import State
from gateway.usecases import drafts, review
from gateway.usecases.drafts import View

router = APIRouter(route_class=PageRoute)
Sent = Annotated[Form, Depends(form)]
REASON = 2000


@router.post("/pages/reviews/{draft_id}/approve")
def approve(request: Request, draft_id: str, sent: Sent) -> Response:
    services, session = services_of(request), sent.session
    try:
        review.approve(services, session.asked, draft_id, _digest(sent.fields))
    except PreconditionFailed:
        return changed(services, session, draft_id, "Nothing was approved.", ())
    return see(f"/pages/reviews/{draft_id}/approved")


@router.post("/pages/reviews/{draft_id}/edit")
def edit(request: Request, draft_id: str, sent: Sent) -> Response:
    services, session, digest = services_of(request), sent.session, _digest(sent.fields)
    view = drafts.view(services, session.asked, draft_id)
    wanted, entries = list(_wanted(view, sent.fields)), list(wanted_entries(view, sent.fields))
    request.state.typed = [*_typed(view, wanted), *typed(view, sent.fields)]
    try:
        if view.draft.digest != digest:
            raise PreconditionFailed
        if entries or _is_changed(view, wanted):
            review.amendment(services, session.asked, draft_id, digest, wanted, entries=entries)
    except PreconditionFailed:
        return changed(services, session, draft_id, "Your changes are not saved.", kept(request))
    except Unprocessable as refusal:
        faults = entry_faults(view, entries, refusal.issues) or {"": "Something in it cannot be saved so."}
        shown = draft_view(view, session.asked.at, sent=sent.fields, faults=faults)
        return page("edit.html", status=refusal.status, session=session, draft=shown, sent=sent.fields, faults=faults)
    return see(f"/pages/reviews/{draft_id}?said=saved")


@router.post("/pages/reviews/{draft_id}/return")
def give_back(request: Request, draft_id: str, sent: Sent) -> Response:
    services, session = services_of(request), sent.session
    try:
        review.give_back(services, session.asked, draft_id, _digest(sent.fields), _reason(sent.fields))
    except PreconditionFailed:
        return changed(services, session, draft_id, "Nothing was returned.", kept(request))
    return see("/pages/reviews?said=returned")


@router.post("/pages/reviews/{draft_id}/reject")
def reject(request: Request, draft_id: str, sent: Sent) -> Response:
    services, session = services_of(request), sent.session
    try:
        review.reject(services, session.asked, draft_id, _digest(sent.fields), _reason(sent.fields))
    except PreconditionFailed:
        return changed(services, session, draft_id, "Nothing was rejected.", kept(request))
    return see("/pages/reviews?said=rejected")


def _digest(sent: Fields) -> str:
    if not sent.get("digest"):
        raise BadRequest("The form does not say which text it is about.")
    return sent["digest"]


def _reason(sent: Fields) -> str:
    reason = sent.get("reason", "").strip()
    if not reason or len(reason) > REASON:
        raise BadRequest("A reason is needed.")
    return reason


def _wanted(view: View, sent: Fields) -> Iterator[Wanted]:
    """The statements as the form has them, section by section; an emptied one is taken out, a new one comes last."""
    for section in view.sections:
        for sentence in view.sentences:
            statement = sentence.statement
            if statement.section != section or f"remove-{statement.id}" in sent:
                continue
            text = sent.get(f"text-{statement.id}", statement.text).strip()
            if text:
                yield Wanted(text, section, statement.id)
        if added := sent.get(f"add-{section}", "").strip():
            yield Wanted(added, section)


def _typed(view: View, wanted: list[Wanted]) -> list[str]:
    """The sentences that somebody has written anew."""
    now = {sentence.statement.id: sentence.statement.text for sentence in view.sentences}
    return [each.text for each in wanted if each.id is None or now[each.id] != each.text]


def _is_changed(view: View, wanted: list[Wanted]) -> bool:
    """Whether there is anything to save; a returned draft is taken up again even with its words as they were."""
    now = {sentence.statement.id: sentence.statement.text for sentence in view.sentences}
    same = {each.id: each.text for each in wanted if each.id}
    return view.draft.state is State.RETURNED or now != same or len(wanted) != len(same)
