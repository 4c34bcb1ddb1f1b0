"""update, by id or by condition: https://hl7.org/fhir/R4/http.html#update"""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from gateway.api.fhir.answers import identify, perform
from gateway.api.fhir.binary import binary_of
from gateway.api.fhir.headers import header
from gateway.api.fhir.negotiation import wish
from gateway.api.fhir.written import answered, body_of, provenance_of, without_parameters
from gateway.usecases import update as usecase


async def update(request: Request) -> Response:
    asked = await identify(request)
    wanted = wish(request)
    without_parameters(wanted)
    kind, id = request.path_params["type"], request.path_params["id"]
    body = await (binary_of(request, id) if kind == "Binary" else body_of(request))
    if_match, told = header(request, b"if-match"), provenance_of(request)
    written = await perform(request, asked, usecase.update, kind, id, body, if_match=if_match, x_provenance=told)
    return answered(request, wanted, written)


async def update_matching(request: Request) -> Response:
    """The condition is the query string of the address."""
    asked = await identify(request)
    wanted = wish(request)
    body = await body_of(request)
    condition = urlencode(wanted.pairs)
    if_match, told = header(request, b"if-match"), provenance_of(request)
    written = await perform(
        request,
        asked,
        usecase.update_matching,
        request.path_params["type"],
        condition,
        body,
        if_match=if_match,
        x_provenance=told,
    )
    return answered(request, wanted, written)
