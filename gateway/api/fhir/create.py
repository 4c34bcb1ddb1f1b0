"""create, and conditional create by If-None-Exist: https://hl7.org/fhir/R4/http.html#create"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from gateway.api.fhir.answers import identify, perform
from gateway.api.fhir.binary import binary_of
from gateway.api.fhir.headers import header
from gateway.api.fhir.negotiation import wish
from gateway.api.fhir.written import answered, body_of, provenance_of, without_parameters
from gateway.usecases import create as usecase


async def create(request: Request) -> Response:
    asked = await identify(request)
    wanted = wish(request)
    without_parameters(wanted)
    kind = request.path_params["type"]
    body = await (binary_of(request) if kind == "Binary" else body_of(request))
    written = await perform(
        request,
        asked,
        usecase.create,
        kind,
        body,
        if_none_exist=header(request, b"if-none-exist"),
        x_provenance=provenance_of(request),
    )
    return answered(request, wanted, written)
