"""Communication/$correction-request:
http://hl7.org/fhir/uv/patient-corrections/OperationDefinition/correction-request (1.0.0)"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from gateway.api.dependencies import services_of
from gateway.api.fhir.answers import content, identify, perform
from gateway.api.fhir.negotiation import wish
from gateway.api.fhir.operations.given import inputs, resource_in
from gateway.api.fhir.written import without_parameters
from gateway.fhir.bundle import bundle, document_entry
from gateway.fhir.parameters import In
from gateway.rules.correction import BUNDLE_PROFILE
from gateway.usecases import correction_request as usecase

_INPUT = In("CorrectionRequest", ("Bundle",), least=1)


async def correction_request(request: Request) -> Response:
    """The Bundle comes as it is (https://hl7.org/fhir/R4/operations.html#request), or in Parameters."""
    asked = await identify(request)
    wanted = wish(request)
    without_parameters(wanted)
    given = resource_in(request, await request.body())
    if isinstance(given, dict) and given.get("resourceType") == "Parameters":
        given = (await inputs(request, (), _INPUT)).one("CorrectionRequest")
    kept = await perform(request, asked, usecase.correction_request, given)
    base = services_of(request).fhir_base
    entries = [document_entry(f"{base}/{each.type}/{each.id}", each.text) for each in kept]
    return content(request, wanted, bundle("collection", (), entries, meta={"profile": [BUNDLE_PROFILE]}))
