"""The homework of a clinician's patients: how it goes, and calling it off: /pages/homework"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from gateway.api.dependencies import services_of
from gateway.api.pages.homework_words import piece_of
from gateway.api.pages.render import page, see
from gateway.api.pages.route import PageRoute
from gateway.api.pages.session import Form, Session, form, session, version_in
from gateway.errors import Conflict, PreconditionFailed, Unprocessable
from gateway.usecases import homework, homework_views

router = APIRouter(route_class=PageRoute)
HOME = "/pages/homework"
LONGEST = 2000
_SAID = {"cancelled": "It is called off, and the patient can read why."}
_CHANGED = "This changed while you were reading. It is not called off: please look again."
_WORDLESS = f"Write a few words, at most {LONGEST} characters: the patient reads them."


@router.get(HOME)
def show(request: Request, session: Annotated[Session, Depends(session)], state: str = "", said: str = "") -> Response:
    return _page(request, session, is_over=state == "over", said=_SAID.get(said, ""))


@router.post(f"{HOME}/{{task_id}}/cancel")
def cancel(request: Request, task_id: str, sent: Annotated[Form, Depends(form)]) -> Response:
    reason, version = sent.fields.get("reason", "").strip(), version_in(sent.fields)
    if not reason or len(reason) > LONGEST:
        return _page(request, sent.session, {task_id: _WORDLESS}, reason)
    try:
        homework.cancel(services_of(request), sent.session.asked, task_id, reason, version=version)
    except (PreconditionFailed, Conflict):
        return _page(request, sent.session, {task_id: _CHANGED}, reason, PreconditionFailed.status)
    except Unprocessable:
        return _page(request, sent.session, {task_id: _WORDLESS}, reason)
    return see(f"{HOME}?said=cancelled")


def _page(
    request: Request,
    session: Session,
    faults: Mapping[str, str] = MappingProxyType({}),
    typed: str = "",
    status: int = Unprocessable.status,
    *,
    is_over: bool = False,
    said: str = "",
) -> Response:
    """As it stands now; what was `typed` stays at the homework whose form came back with a fault, or, where that is
    here no more (`lost`), above all."""
    found = homework_views.assigned(services_of(request), session.asked, is_over=is_over)
    return page(
        "homework.html",
        status=status if faults else 200,
        session=session,
        pieces=[piece_of(each) for each in found],
        lost=next((text for id, text in faults.items() if id not in {each.task["id"] for each in found}), ""),
        is_over=is_over,
        faults=faults,
        typed=typed,
        longest=LONGEST,
        said=said,
    )
