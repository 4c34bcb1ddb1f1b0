"""The pages a clinician reviews on, and a patient's own: https, a cookie, server-rendered HTML, no script."""

from fastapi import APIRouter, Response

from gateway.api.pages import (
    alerts,
    consenting,
    corrections,
    decisions,
    draft,
    homework,
    inbox,
    my_corrections,
    my_homework,
    my_record,
    protection,
    sign_in,
    static_files,
)
from gateway.api.pages.route import PageRoute
from gateway.errors import NotFound

router = APIRouter(include_in_schema=False)
_PARTS = (
    *(sign_in, inbox, alerts, corrections, homework, draft, decisions, protection),
    *(my_record, my_homework, my_corrections, consenting, static_files),
)
for part in _PARTS:
    router.include_router(part.router)

_rest = APIRouter(route_class=PageRoute)


@_rest.api_route("/pages/{rest:path}", methods=["GET", "POST"])
def nothing(rest: str) -> Response:
    """Any other address under /pages: a page that says so."""
    raise NotFound


router.include_router(_rest)
__all__ = ["router"]
