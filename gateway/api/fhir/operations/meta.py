"""[Type]/[id]/$meta: the profiles, tags and labels of a resource. https://hl7.org/fhir/R4/resource-operation-meta.html"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from gateway.api.fhir.answers import ask, content, identify
from gateway.api.fhir.negotiation import wish
from gateway.api.fhir.operations.given import inputs
from gateway.fhir.json import dump, parse
from gateway.fhir.parameters import parameters, value
from gateway.usecases import read as usecase


async def meta(request: Request) -> Response:
    """It tells of the resource, so it is a read of it, and recorded as one."""
    asked = await identify(request)
    wanted = wish(request)
    await inputs(request, wanted.pairs)
    stored = await ask(request, asked, usecase.read, request.path_params["type"], request.path_params["id"])
    return content(request, wanted, dump(parameters([value("return", "Meta", parse(stored.text)["meta"])])))
