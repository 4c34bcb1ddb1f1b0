"""Patient/[id]/$everything: https://hl7.org/fhir/R4/operation-patient-everything.html"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from gateway.api.dependencies import services_of
from gateway.api.fhir.accompanying import meta_of
from gateway.api.fhir.answers import ask_aside, content, identify
from gateway.api.fhir.negotiation import wish
from gateway.api.fhir.operations.given import as_pairs, inputs, shape
from gateway.fhir.bundle import bundle, outcome_entry, search_entry
from gateway.fhir.outcome import outcome
from gateway.fhir.parameters import In
from gateway.fhir.search.subset import subset
from gateway.usecases import everything as usecase
from gateway.usecases.page import PAGE

_WHEN = ("date", "dateTime")
_INPUTS = (
    In("start", _WHEN),
    In("end", _WHEN),
    In("_since", ("instant", "dateTime")),
    In("_type", ("code", "string"), most=None),
    In("_count", ("integer", "positiveInt")),
)


async def everything(request: Request) -> Response:
    asked = await identify(request)
    wanted = wish(request)
    controls, pairs = shape(wanted, "Patient")
    shaping = [pair for pair in wanted.pairs if pair not in pairs]
    if PAGE not in dict(pairs):
        pairs = as_pairs(await inputs(request, pairs, *_INPUTS))
    id = request.path_params["id"]
    found = await ask_aside(request, asked, usecase.everything, id, pairs)
    base = services_of(request).fhir_base
    address = f"{base}/Patient/{id}/$everything"
    links = [("self", _url(address, [*(pairs if PAGE in dict(pairs) else found.pairs), *shaping]))]
    if found.next:
        links.append(("next", _url(address, [(PAGE, found.next), *shaping])))
    entries = [
        search_entry(f"{base}/{row.type}/{row.id}", subset(row.text, controls), mode) for row, mode in found.rows
    ]
    if found.notices:
        entries.append(outcome_entry(outcome(found.notices)))
    meta = meta_of((row for row, _ in found.rows), base)
    return content(request, wanted, bundle("searchset", links, entries, found.total, meta))


def _url(address: str, pairs: Sequence[tuple[str, str]]) -> str:
    return f"{address}?{urlencode(pairs, safe=':,')}" if pairs else address
