"""history of an instance, a type, the system: https://hl7.org/fhir/R4/http.html#history"""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from gateway.api.dependencies import services_of
from gateway.api.fhir.accompanying import meta_of
from gateway.api.fhir.answers import ask, ask_aside, content, identify
from gateway.api.fhir.negotiation import wish
from gateway.fhir.bundle import bundle, history_entry
from gateway.store.resources import Stored
from gateway.store.times import instant
from gateway.usecases import history as usecase
from gateway.usecases.page import PAGE

_STATUS = {"POST": "201 Created", "PUT": "200 OK", "PATCH": "200 OK", "DELETE": "204 No Content"}


async def history(request: Request) -> Response:
    asked = await identify(request)
    wanted = wish(request)
    kind, id = request.path_params.get("type"), request.path_params.get("id")
    way = ask if id else ask_aside  # what hides in a type may have to be passed over, however much it is
    found = await way(request, asked, usecase.history, kind, id, wanted.pairs, lenient=wanted.lenient)
    base = services_of(request).fhir_base
    address = "/".join(part for part in (base, kind, id, "_history") if part)
    text = urlencode(wanted.pairs if PAGE in dict(wanted.pairs) else found.pairs, safe=":")
    links = [("self", f"{address}?{text}" if text else address)]
    if found.next:
        links.append(("next", f"{address}?{PAGE}={found.next}"))
    entries = (_entry(row, base) for row in found.rows)
    return content(request, wanted, bundle("history", links, entries, meta=meta_of(found.rows, base)))


def _entry(row: Stored, base: str) -> bytes:
    asked = {"method": row.method, "url": row.type if row.method == "POST" else f"{row.type}/{row.id}"}
    answered = {
        "status": _STATUS[row.method],
        "etag": row.etag,
        "lastModified": instant(row.updated_micros),
    }
    return history_entry(f"{base}/{row.type}/{row.id}", None if row.is_deleted else row.text, asked, answered)
