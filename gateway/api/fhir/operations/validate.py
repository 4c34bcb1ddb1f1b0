"""[Type]/$validate and [Type]/[id]/$validate: https://hl7.org/fhir/R4/resource-operation-validate.html"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from gateway.api.fhir.answers import ask_aside, content, identify
from gateway.api.fhir.negotiation import wish
from gateway.api.fhir.operations.given import resource_in
from gateway.errors import Issue
from gateway.fhir import parameters
from gateway.fhir.json import dump
from gateway.fhir.outcome import outcome
from gateway.fhir.parameters import In, Parameter
from gateway.usecases import validate as usecase

_INPUTS = (
    In("resource", ("Resource",)),
    In("mode", ("code",)),
    In("profile", ("uri", "canonical")),
)
_FAULTLESS = Issue("No fault was found.", None, "informational", "information")


async def validate(request: Request) -> Response:
    """200 with what was found, also where that is faults: they are the answer, not a failure."""
    asked = await identify(request)
    wanted = wish(request)
    stated = parameters.from_query(wanted.pairs, *_INPUTS)
    given = [one for each in stated.given.values() for one in each]
    if request.method == "POST" and (body := await request.body()):
        given += _sent(resource_in(request, body))
    inputs = parameters.take(given, *_INPUTS)
    path = request.path_params
    found = await ask_aside(
        request,
        asked,
        usecase.validate,
        path["type"],
        path.get("id"),
        inputs.one("resource"),
        mode=inputs.one("mode"),
        profile=inputs.one("profile"),
    )
    return content(request, wanted, dump(outcome(found or (_FAULTLESS,))))


def _sent(document: Any) -> tuple[Parameter, ...]:
    """The Parameters of the body; any other resource is the one to validate."""
    if isinstance(document, dict) and document.get("resourceType") not in (None, "Parameters"):
        return (Parameter("resource", "Resource", resource=document),)
    return parameters.read(document)
