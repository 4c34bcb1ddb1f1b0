"""search by GET and by POST: https://hl7.org/fhir/R4/http.html#search"""

from __future__ import annotations

from collections.abc import Iterator

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gateway.api.dependencies import services_of
from gateway.api.fhir.accompanying import meta_of
from gateway.api.fhir.answers import ask, ask_aside, content, identify
from gateway.api.fhir.negotiation import Wish, wish
from gateway.api.media import is_form
from gateway.errors import TooLarge, UnsupportedMedia
from gateway.fhir.bundle import bundle, outcome_entry, search_entry
from gateway.fhir.outcome import outcome
from gateway.fhir.search.subset import subset
from gateway.usecases import search as usecase
from gateway.usecases.asked import Asked
from gateway.usecases.page import PAGE, Pairs
from gateway.usecases.search import Found
from gateway.usecases.walk import Place

_FORM_BYTES = 64 * 1024
_NARROW = frozenset({"_id", "identifier", "patient", "subject"})
_FAR = ("_has:", "_list", "_include", "_revinclude")
_SHORT, _FEW = 500, 2  # characters of a query, digits of a count
_LIGHT = 256 * 1024  # bytes that are written down at once; more would keep the event loop from everybody else


async def search(request: Request) -> Response:
    """Of one type, or without one of the whole system."""
    asked = await identify(request)
    return await answer(request, asked, wish(request), Place(request.path_params.get("type")))


async def search_by_post(request: Request) -> Response:
    """The parameters of the form and of the address count alike."""
    asked = await identify(request)
    return await answer(request, asked, await posted(request), Place(request.path_params.get("type")))


async def posted(request: Request) -> Wish:
    """Raises UnsupportedMedia for what is no form, TooLarge."""
    if not is_form(request):
        raise UnsupportedMedia
    return wish(request, await _form(request))


async def _form(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _FORM_BYTES:
            raise TooLarge
    return body


async def answer(request: Request, asked: Asked, wanted: Wish, place: Place) -> Response:
    """One page as a searchset."""
    base = services_of(request).fhir_base
    way = ask if _is_narrow(place, wanted.pairs) else ask_aside
    found = await way(request, asked, usecase.search, place, wanted.pairs, lenient=wanted.lenient)
    if sum(len(row.text) for row in (*found.matches, *found.included)) <= _LIGHT:
        return content(request, wanted, searchset(found, base, place, wanted.pairs))
    return content(request, wanted, await run_in_threadpool(searchset, found, base, place, wanted.pairs))


def _is_narrow(place: Place, pairs: Pairs) -> bool:
    """Whether it plainly looks at few resources: one type, of one patient or by name, and a short page of it."""
    if place.type is None or (place.patient is None and not any(name in _NARROW for name, _ in pairs)):
        return False
    if any("." in name or name.startswith(_FAR) or (name == "_count" and len(value) > _FEW) for name, value in pairs):
        return False
    return sum(len(value) for _, value in pairs) <= _SHORT


def searchset(found: Found, base: str, place: Place, pairs: Pairs) -> bytes:
    """The Bundle of one page; `pairs` are the parameters as they were asked."""
    address = f"{base}/{place.address}".rstrip("/")
    token = dict(pairs).get(PAGE)
    text = f"{PAGE}={token}" if token else found.query.text
    links = [("self", f"{address}?{text}" if text else address)]
    beside = (("previous", found.previous), ("next", found.next))
    links += [(relation, f"{address}?{PAGE}={sealed}") for relation, sealed in beside if sealed]
    meta = meta_of((*found.matches, *found.included), base)
    return bundle("searchset", links, _entries(found, base), found.total, meta)


def _entries(found: Found, base: str) -> Iterator[bytes]:
    controls = found.query.controls
    for mode, rows in (("match", found.matches), ("include", found.included)):
        for row in rows:
            yield search_entry(f"{base}/{row.type}/{row.id}", subset(row.text, controls), mode)
    if found.warnings:
        yield outcome_entry(outcome(found.warnings))
