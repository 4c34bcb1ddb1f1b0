"""search in the compartment of a patient: https://hl7.org/fhir/R4/http.html#vsearch

`Patient/[id]/[type]` searches one type there, `Patient/[id]/*` all of them.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from gateway.api.fhir.answers import identify
from gateway.api.fhir.negotiation import wish
from gateway.api.fhir.search import answer, posted
from gateway.usecases.walk import Place


async def compartment(request: Request) -> Response:
    asked = await identify(request)
    return await answer(request, asked, wish(request), _place(request))


async def compartment_by_post(request: Request) -> Response:
    asked = await identify(request)
    return await answer(request, asked, await posted(request), _place(request))


def _place(request: Request) -> Place:
    return Place(request.path_params.get("member"), request.path_params["id"])
