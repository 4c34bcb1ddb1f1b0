"""Patient/$match: https://hl7.org/fhir/R4/patient-operation-match.html"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from gateway.api.dependencies import services_of
from gateway.api.fhir.accompanying import meta_of
from gateway.api.fhir.answers import ask_aside, content, identify
from gateway.api.fhir.negotiation import wish
from gateway.api.fhir.operations.given import inputs, shape
from gateway.fhir.bundle import bundle, graded_entry, outcome_entry
from gateway.fhir.outcome import outcome
from gateway.fhir.parameters import In
from gateway.fhir.search.subset import subset
from gateway.usecases import match as usecase

_INPUTS = (
    In("resource", ("Patient",), least=1),
    In("onlyCertainMatches", ("boolean",)),
    In("count", ("integer", "positiveInt")),
)
_COUNT = 20


async def match(request: Request) -> Response:
    asked = await identify(request)
    wanted = wish(request)
    controls, pairs = shape(wanted, "Patient")
    given = await inputs(request, pairs, *_INPUTS)
    found = await ask_aside(
        request,
        asked,
        usecase.match,
        given.one("resource"),
        only_certain=bool(given.one("onlyCertainMatches")),
        count=max(1, min(given.one("count") or _COUNT, _COUNT)),
    )
    base = services_of(request).fhir_base
    entries = [
        graded_entry(
            f"{base}/Patient/{each.stored.id}",
            subset(each.stored.text, controls),
            each.likeness.score,
            each.likeness.grade,
        )
        for each in found.found
    ]
    if found.notices:
        entries.append(outcome_entry(outcome(found.notices)))
    links = [("self", f"{base}/Patient/$match")]
    meta = meta_of((each.stored for each in found.found), base)
    return content(request, wanted, bundle("searchset", links, entries, len(found.found), meta))
