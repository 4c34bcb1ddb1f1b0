"""delete, by id or by condition: https://hl7.org/fhir/R4/http.html#delete"""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from gateway.api.fhir.answers import identify, perform
from gateway.api.fhir.headers import header
from gateway.api.fhir.negotiation import wish
from gateway.api.fhir.written import answered, without_parameters, without_provenance
from gateway.usecases import delete as usecase


async def delete(request: Request) -> Response:
    asked = await identify(request)
    wanted = wish(request)
    without_provenance(request)
    without_parameters(wanted)
    kind, id = request.path_params["type"], request.path_params["id"]
    written = await perform(request, asked, usecase.delete, kind, id, if_match=header(request, b"if-match"))
    return answered(request, wanted, written)


async def delete_matching(request: Request) -> Response:
    """The condition is the query string of the address."""
    asked = await identify(request)
    wanted = wish(request)
    without_provenance(request)
    kind, if_match = request.path_params["type"], header(request, b"if-match")
    condition = urlencode(wanted.pairs)
    written = await perform(request, asked, usecase.delete_matching, kind, condition, if_match=if_match)
    return answered(request, wanted, written)
