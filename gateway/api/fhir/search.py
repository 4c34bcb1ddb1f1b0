"""search by GET and by POST: https://hl7.org/fhir/R4/http.html#search"""

from __future__ import annotations

from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import Response

from gateway.api.dependencies import services_of
from gateway.api.fhir.answers import ask, content, identify
from gateway.api.fhir.negotiation import Wish, wish
from gateway.errors import TooLarge, UnsupportedMedia
from gateway.fhir.bundle import bundle, outcome_entry, search_entry
from gateway.fhir.outcome import outcome
from gateway.fhir.search_subset import subset
from gateway.usecases import search as usecase
from gateway.usecases.asked import Asked
from gateway.usecases.page import PAGE
from gateway.usecases.search import Found

_FORM = "application/x-www-form-urlencoded"
_FORM_BYTES = 64 * 1024


async def search(request: Request) -> Response:
    asked = await identify(request)
    return await _answer(request, asked, wish(request))


async def search_by_post(request: Request) -> Response:
    """The parameters of the form and of the address count alike."""
    asked = await identify(request)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise UnsupportedMedia
    return await _answer(request, asked, wish(request, await _form(request)))


async def _form(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _FORM_BYTES:
            raise TooLarge
    return body


async def _answer(request: Request, asked: Asked, wanted: Wish) -> Response:
    kind = request.path_params["type"]
    found = await ask(request, asked, usecase.search, kind, wanted.pairs, lenient=wanted.lenient)
    base = services_of(request).fhir_base
    token = dict(wanted.pairs).get(PAGE)
    text = f"{PAGE}={token}" if token else found.query.text
    links = [("self", f"{base}/{kind}?{text}" if text else f"{base}/{kind}")]
    if found.next:
        links.append(("next", f"{base}/{kind}?{PAGE}={found.next}"))
    return content(request, wanted, bundle("searchset", links, _entries(found, base), found.total))


def _entries(found: Found, base: str) -> Iterator[bytes]:
    controls = found.query.controls
    for mode, rows in (("match", found.matches), ("include", found.included)):
        for row in rows:
            yield search_entry(f"{base}/{row.type}/{row.id}", subset(row.text, controls), mode)
    if found.warnings:
        yield outcome_entry(outcome(found.warnings))
