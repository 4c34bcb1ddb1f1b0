"""How a draft is protected, as a person reads and chooses it: /pages/reviews/{id}/protection"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from gateway.api.dependencies import services_of
from gateway.api.pages.draft import changed
from gateway.api.pages.render import see
from gateway.api.pages.route import PageRoute, kept
from gateway.api.pages.session import Fields, Form, form
from gateway.errors import BadRequest, PreconditionFailed
from gateway.rules.evidence import Wanted
from gateway.rules.protection import Choice
from gateway.usecases import drafts, review

router = APIRouter(route_class=PageRoute)
Sent = Annotated[Form, Depends(form)]


@router.post("/pages/reviews/{draft_id}/protection")
def choose(request: Request, draft_id: str, sent: Sent) -> Response:
    services, asked, digest = services_of(request), sent.session.asked, sent.fields.get("digest", "")
    view = drafts.view(services, asked, draft_id)
    now = [each.statement for each in view.sentences]
    wanted = [Wanted(each.text, each.section, each.id) for each in now]
    choice = _choice(sent.fields)
    try:
        if view.draft.digest != digest:
            raise PreconditionFailed
        if (choice.confidentiality, frozenset(choice.labels)) != _of(view):
            review.amendment(services, asked, draft_id, digest, wanted, choice)
    except PreconditionFailed:
        return changed(services, sent.session, draft_id, "The protection is as it was.", kept(request))
    return see(f"/pages/reviews/{draft_id}?said=protected")


def _of(view: drafts.View) -> tuple[str, frozenset[str]]:
    return view.revision.protection.confidentiality, view.revision.protection.codes


def _choice(sent: Fields) -> Choice:
    if not sent.get("confidentiality"):
        raise BadRequest("The form does not say how the text is to be protected.")
    labels = tuple(name.removeprefix("label-") for name in sent if name.startswith("label-"))
    return Choice(sent["confidentiality"], labels, sent.get("reason"))
