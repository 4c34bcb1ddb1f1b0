"""A patient's homework: what was agreed on, how it goes, and saying so: /pages/my-record/homework"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from fastapi import APIRouter, Request, Response

from gateway.api.dependencies import services_of
from gateway.api.pages.homework_words import piece_of
from gateway.api.pages.my_record import Patient, Sent
from gateway.api.pages.render import page, see
from gateway.api.pages.route import PageRoute
from gateway.api.pages.session import Session, version_in
from gateway.errors import Conflict, PreconditionFailed, Unprocessable
from gateway.usecases import homework, homework_views

router = APIRouter(route_class=PageRoute)
HOME = "/pages/my-record/homework"
LONGEST = 2000
_SAID = {"told": "It is kept, and your clinic can read it."}
_CHANGED = "This changed while you were reading, perhaps by an app of yours. Your words are not kept yet: look again."
_NOTHING = "Write a few words, or choose how it goes."
_TOO_LONG = f"Please write no more than {LONGEST} characters."
_UNREADABLE = "This cannot be kept as it is written. Please write it anew."


@router.get(HOME)
def show(request: Request, session: Patient, said: str = "") -> Response:
    return _page(request, session, said=_SAID.get(said, ""))


@router.post(f"{HOME}/{{task_id}}")
def tell(request: Request, task_id: str, sent: Sent) -> Response:
    words, to = sent.fields.get("words", "").strip(), sent.fields.get("to") or None
    fault = _TOO_LONG if len(words) > LONGEST else "" if words or to else _NOTHING
    if fault:
        return _page(request, sent.session, {task_id: fault}, words)
    services, version = services_of(request), version_in(sent.fields)
    try:
        homework.tell_of_own(services, sent.session.asked, task_id, to, words, version=version)
    except (PreconditionFailed, Conflict):
        return _page(request, sent.session, {task_id: _CHANGED}, words, PreconditionFailed.status)
    except Unprocessable as refusal:
        is_word = any(str(issue.expression).startswith("Task.note") for issue in refusal.issues)
        return _page(request, sent.session, {task_id: _UNREADABLE if is_word else _CHANGED}, words)
    return see(f"{HOME}?said=told")


def _page(
    request: Request,
    session: Session,
    faults: Mapping[str, str] = MappingProxyType({}),
    words: str = "",
    status: int = Unprocessable.status,
    *,
    said: str = "",
) -> Response:
    """All of it as it stands now; what was typed stays at the homework whose form came back with a fault."""
    pieces = [piece_of(each) for each in homework_views.own(services_of(request), session.asked)]
    return page(
        "my_homework.html",
        status=status if faults else 200,
        session=session,
        open=[each for each in pieces if not each.is_over],
        over=[each for each in pieces if each.is_over],
        faults=faults,
        words=words,
        longest=LONGEST,
        said=said,
    )
