"""One draft to read, to edit, and after its approval: /pages/reviews/{id}"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from gateway.api.dependencies import services_of
from gateway.api.pages.entry_views import counted
from gateway.api.pages.protected import protected
from gateway.api.pages.render import page, see
from gateway.api.pages.route import PageRoute
from gateway.api.pages.session import Session, session
from gateway.api.pages.views import draft_view, facts
from gateway.api.pages.words import day
from gateway.errors import PreconditionFailed
from gateway.rules.review import State
from gateway.usecases import drafts
from gateway.usecases.background import background, clinician
from gateway.usecases.reach import Recipient, reach
from gateway.usecases.reviewed_entries import ReviewedEntry
from gateway.usecases.services import Services

router = APIRouter(route_class=PageRoute)
Reader = Annotated[Session, Depends(session)]

_SAID = {
    "saved": "Your changes are saved. The text below is what you would approve.",
    "protected": "The protection is saved.",
}
_NOTE = (
    "The note, as a document in the patient’s record.",
    "The same note in parts, so that each sentence has an address of its own.",
)
_PROVENANCE = "{} records of where it comes from: the sender, the lines it rests on, who changed and approved it."
_PURPOSES = {
    "*": "any purpose",
    "TREAT": "treatment",
    "COC": "coordination of care",
    "ETREAT": "emergency treatment",
    "HPAYMT": "payment",
    "HOPERAT": "running a clinic",
    "HRESCH": "research",
    "PATRQT": "the patient’s own request",
    "PUBHLTH": "public health",
}
_NO_END = 9000  # a consent that ends in such a year was given without an end


@router.get("/pages/reviews/{draft_id}")
def show(request: Request, draft_id: str, session: Reader, said: str = "") -> Response:
    services = services_of(request)
    view = drafts.view(services, session.asked, draft_id)
    return page(
        "draft.html",
        session=session,
        draft=draft_view(view, session.asked.at, clinician(services, view.draft.decided_by)),
        facts=facts(view, background(services, session.asked, view)),
        protected=protected(view.revision.protection, services.labels),
        said=_SAID.get(said),
    )


@router.get("/pages/reviews/{draft_id}/edit")
def edit(request: Request, draft_id: str, session: Reader) -> Response:
    view = draft_view(drafts.view(services_of(request), session.asked, draft_id), session.asked.at)
    if "amend" not in view.steps:
        return see(f"/pages/reviews/{view.id}")
    return page("edit.html", session=session, draft=view, sent={}, faults={})


@router.get("/pages/reviews/{draft_id}/approved")
def approved(request: Request, draft_id: str, session: Reader) -> Response:
    """What was published and who can see it now."""
    services = services_of(request)
    view = drafts.view(services, session.asked, draft_id)
    if view.draft.state is not State.APPROVED:
        return see(f"/pages/reviews/{view.draft.id}")
    found = reach(services, session.asked, view)
    return page(
        "approved.html",
        session=session,
        draft=draft_view(view, session.asked.at),
        published=_published(found.published, view.entries),
        seen_by=["Your own organization, for the patient’s treatment.", *map(_recipient, found.recipients)],
        is_alone=not found.recipients,
    )


def changed(services: Services, session: Session, draft_id: str, unsaved: str, kept: Sequence[str]) -> Response:
    """The page for a form made from a text that is no longer the one."""
    view = draft_view(drafts.view(services, session.asked, draft_id), session.asked.at)
    return page(
        "changed.html",
        status=PreconditionFailed.status,
        session=session,
        draft=view,
        unsaved=unsaved,
        kept=kept,
    )


def _published(counts: Mapping[str, int], entries: Sequence[ReviewedEntry]) -> list[str]:
    """The note, the entries by kind, and their records."""
    note = _NOTE if "Composition" in counts else ()
    return [*note, *(f"{each}." for each in counted(entries)), _PROVENANCE.format(counts.get("Provenance", 0))]


def _recipient(recipient: Recipient) -> str:
    purpose = _PURPOSES.get(recipient.purpose, recipient.purpose)
    end = f", until {day(recipient.until)}" if recipient.until.year < _NO_END else ""
    return f"{recipient.name}, for {purpose}, under the patient’s consent{end}."
