"""Patient/[id]/$summary and Patient/$summary: https://hl7.org/fhir/uv/ips/OperationDefinition-summary.html"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from gateway.api.fhir.answers import ask_aside, content, identify
from gateway.api.fhir.negotiation import wish
from gateway.api.fhir.operations.given import inputs, shape
from gateway.errors import BadRequest
from gateway.fhir.parameters import In
from gateway.fhir.search.controls import Controls
from gateway.usecases import summary as usecase

_PROFILE = In("profile", ("canonical", "uri"))
_IDENTIFIER = In("identifier")


async def summary(request: Request) -> Response:
    asked = await identify(request)
    wanted = wish(request)
    controls, pairs = shape(wanted, "Patient")
    if controls not in (Controls(), Controls(summary="false")):
        raise BadRequest("A document is given as a whole.")
    id = request.path_params.get("id")
    given = await inputs(request, pairs, _PROFILE, *(() if id else (_IDENTIFIER,)))
    found = await ask_aside(
        request,
        asked,
        usecase.summary,
        id,
        identifier=None if id else given.one("identifier"),
        profile=given.one("profile"),
    )
    return content(request, wanted, found)
