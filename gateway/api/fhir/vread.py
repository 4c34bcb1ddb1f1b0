"""vread: https://hl7.org/fhir/R4/http.html#vread"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from gateway.api.fhir.answers import ask, identify, version
from gateway.api.fhir.negotiation import wish
from gateway.api.fhir.read import parts
from gateway.fhir.search.subset import subset
from gateway.usecases import read as usecase


async def vread(request: Request) -> Response:
    asked = await identify(request)
    wanted = wish(request)
    kind, id, number = (request.path_params[name] for name in ("type", "id", "version"))
    controls = parts(kind, wanted)
    stored = await ask(request, asked, usecase.vread, kind, id, number)
    return version(request, wanted, stored, subset(stored.text, controls))
