"""patch, by id or by condition: https://hl7.org/fhir/R4/http.html#patch"""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from gateway.api.fhir.answers import identify, perform, told_of
from gateway.api.fhir.headers import header
from gateway.api.fhir.negotiation import Wish, wish
from gateway.api.fhir.written import answered, provenance_of, without_parameters
from gateway.errors import UnsupportedMedia
from gateway.fhir.patch.bodies import is_offered
from gateway.usecases import patch as usecase
from gateway.usecases.asked import Asked
from gateway.usecases.changes import Written
from gateway.usecases.scoping import in_scope


async def patch(request: Request) -> Response:
    asked = await identify(request)
    wanted = wish(request)
    without_parameters(wanted)
    kind, id = request.path_params["type"], request.path_params["id"]
    media, body, if_match = await _sent(request)
    told = provenance_of(request)
    written = await perform(request, asked, usecase.patch, kind, id, media, body, if_match=if_match, x_provenance=told)
    return _answer(request, asked, wanted, written)


async def patch_matching(request: Request) -> Response:
    """The condition is the query string of the address."""
    asked = await identify(request)
    wanted = wish(request)
    kind, condition = request.path_params["type"], urlencode(wanted.pairs)
    media, body, if_match = await _sent(request)
    told = provenance_of(request)
    written = await perform(
        request, asked, usecase.patch_matching, kind, condition, media, body, if_match=if_match, x_provenance=told
    )
    return _answer(request, asked, wanted, written)


async def _sent(request: Request) -> tuple[str | None, bytes, str | None]:
    """Media type, body and If-Match. Raises UnsupportedMedia; the body is read only when its type is known."""
    media = header(request, b"content-type")
    if not is_offered(media):
        raise UnsupportedMedia
    return media, await request.body(), header(request, b"if-match")


def _answer(request: Request, asked: Asked, wanted: Wish, written: Written) -> Response:
    """Whoever may change a resource but not read it has sent no more than a part of it, and is shown nothing."""
    if written.stored is not None and not in_scope(asked.caller, written.stored, "r"):
        return Response(status_code=200, headers=told_of(written.stored))
    return answered(request, wanted, written)
