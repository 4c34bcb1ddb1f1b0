"""DocumentReference/$docref: https://hl7.org/fhir/uv/ipa/OperationDefinition-docref.html"""

from __future__ import annotations

import uuid
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from gateway.api.dependencies import services_of
from gateway.api.fhir.accompanying import meta_of
from gateway.api.fhir.answers import ask_aside, content, identify
from gateway.api.fhir.negotiation import wish
from gateway.api.fhir.operations.given import as_pairs, inputs, shape
from gateway.errors import BadRequest, Issue
from gateway.fhir.bundle import bundle, outcome_entry, search_entry
from gateway.fhir.dates import BEGINNING, END, Interval, interval
from gateway.fhir.json import dump
from gateway.fhir.outcome import outcome
from gateway.fhir.parameters import In, Inputs
from gateway.fhir.search.subset import subset
from gateway.usecases import docref as usecase
from gateway.usecases.docref import Wanted

_WHEN = ("dateTime", "date")
_INPUTS = (
    In("patient", ("id", "string"), least=1),
    In("start", _WHEN),
    In("end", _WHEN),
    In("type", ("Coding", "string"), most=None),
    In("on-demand", ("boolean",)),
    In("profile", ("canonical", "uri"), most=None),
)


async def docref(request: Request) -> Response:
    asked = await identify(request)
    wanted = wish(request)
    controls, pairs = shape(wanted, "DocumentReference")
    given = await inputs(request, pairs, *_INPUTS)
    used = as_pairs(given)
    found = await ask_aside(request, asked, usecase.docref, given.one("patient"), _wanted(given, used))
    base = services_of(request).fhir_base
    address = f"{base}/DocumentReference/$docref"
    entries = []
    if found.made:
        entries.append(search_entry(f"urn:uuid:{uuid.uuid4()}", subset(dump(found.made), controls), "match"))
    for row in found.rows:
        entries.append(search_entry(f"{base}/{row.type}/{row.id}", subset(row.text, controls), "match"))
    total = len(entries)
    if found.notices:
        entries.append(outcome_entry(outcome(found.notices)))
    links = [("self", f"{address}?{urlencode(used, safe=':|,')}")]
    return content(request, wanted, bundle("searchset", links, entries, total, meta_of(found.rows, base)))


def _wanted(given: Inputs, used: list[tuple[str, str]]) -> Wanted:
    first, last = (_moment(given, name) for name in ("start", "end"))
    span = Interval(first.low if first else BEGINNING, last.high if last else END)
    tokens = (text.rpartition("|") for name, text in used if name == "type" for text in text.split(","))
    return Wanted(
        span if first or last else None,
        tuple((system, code) for system, _, code in tokens),
        tuple(given.all("profile")),
        bool(given.one("on-demand")),
    )


def _moment(given: Inputs, name: str) -> Interval | None:
    text = given.one(name)
    if text is None:
        return None
    try:
        return interval(text)
    except ValueError:
        raise BadRequest(issues=[Issue(f"{name} is a date or time.", f"http.{name}", "value")]) from None
