"""read: https://hl7.org/fhir/R4/http.html#read"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from gateway.api.fhir.answers import ask, identify, version
from gateway.api.fhir.binary import raw, wants_bytes
from gateway.api.fhir.negotiation import Wish, wish
from gateway.errors import BadRequest, Issue
from gateway.fhir.search.controls import Controls, control
from gateway.fhir.search.subset import subset
from gateway.fhir.search.table import TYPES
from gateway.usecases import read as usecase


async def read(request: Request) -> Response:
    asked = await identify(request)
    kind, id = request.path_params["type"], request.path_params["id"]
    if kind == "Binary" and wants_bytes(request):
        return raw(request, await ask(request, asked, usecase.read, kind, id))
    wanted = wish(request)
    controls = parts(kind, wanted)
    stored = await ask(request, asked, usecase.read, kind, id)
    return version(request, wanted, stored, subset(stored.text, controls))


def parts(kind: str, wanted: Wish) -> Controls:
    """`_elements` and `_summary`. Raises BadRequest for anything else, unless handling is lenient."""
    controls = Controls()
    for name, value in wanted.pairs:
        if name in ("_elements", "_summary") and kind in TYPES:
            try:
                controls = control(TYPES[kind], controls, name, value)
            except ValueError as fault:
                raise BadRequest(issues=[Issue(f"{fault}.", f"http.{name}", "value")]) from None
        elif not wanted.lenient:
            raise BadRequest("Reading takes _elements, _summary, _format and _pretty only.")
    if controls.summary == "count":
        raise BadRequest("_summary=count is for searches.")
    return controls
