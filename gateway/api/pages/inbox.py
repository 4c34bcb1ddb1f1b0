"""What waits for a clinician, and what has been decided: /pages/reviews"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from gateway.api.dependencies import services_of
from gateway.api.pages.render import page
from gateway.api.pages.route import PageRoute
from gateway.api.pages.session import Session, session
from gateway.api.pages.views import row
from gateway.rules.review import State
from gateway.usecases import alerts, drafts

router = APIRouter(route_class=PageRoute)
MOST = 100  # drafts on one page

_TABS = {
    State.PENDING: "Waiting for you",
    State.RETURNED: "Returned",
    State.APPROVED: "Approved",
    State.REJECTED: "Rejected",
    State.REPLACED: "Replaced",
}
_SAID = {
    "returned": "Returned. The reason is kept with the text.",
    "rejected": "Rejected. Nothing of it will be published.",
}


@dataclass(frozen=True, slots=True)
class Tab:
    state: str
    name: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Empty:
    """What stands where nothing is."""

    title: str
    text: str


_EMPTY = {
    State.PENDING: Empty("Nothing is waiting for you", "New summaries appear here as soon as they arrive."),
    State.RETURNED: Empty("Nothing has been returned", "What you return waits here until it is edited or rejected."),
    State.APPROVED: Empty("Nothing is approved yet", "What you approve can be read again here."),
    State.REJECTED: Empty("Nothing has been rejected", "What you reject is kept here and never published."),
    State.REPLACED: Empty("Nothing was replaced", "A draft whose session was processed again is kept here."),
}


@router.get("/pages/reviews")
def show(
    request: Request,
    session: Annotated[Session, Depends(session)],
    state: State = State.PENDING,
    said: str = "",
) -> Response:
    services = services_of(request)
    found = drafts.inbox(services, session.asked, state, count=MOST)
    return page(
        "inbox.html",
        session=session,
        tabs=[Tab(each.value, name, each is state) for each, name in _TABS.items()],
        rows=[row(each, session.asked.at) for each in found],
        more=len(found) == MOST,
        said=_SAID.get(said),
        empty=_EMPTY[state],
        alarms=alerts.open_count(services, session.asked),
    )
