"""batch and transaction: https://hl7.org/fhir/R4/http.html#transaction"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gateway.api.dependencies import services_of
from gateway.api.fhir.accompanying import meta_of
from gateway.api.fhir.answers import content, identify, perform
from gateway.api.fhir.negotiation import wish
from gateway.api.fhir.search import searchset
from gateway.api.fhir.written import body_of, preferred, without_parameters, without_provenance
from gateway.errors import Issue
from gateway.fhir.bundle import bundle as joined
from gateway.fhir.bundle import response_entry
from gateway.fhir.outcome import outcome
from gateway.store.resources import Stored
from gateway.store.times import instant
from gateway.usecases import bundle as usecase
from gateway.usecases.asked import Asked
from gateway.usecases.entries import Answered
from gateway.usecases.entry_reads import pairs_of
from gateway.usecases.scoping import in_scope
from gateway.usecases.walk import Place


async def bundle(request: Request) -> Response:
    asked = await identify(request)
    wanted = wish(request)
    without_parameters(wanted)
    without_provenance(request)
    kind, answers = await perform(request, asked, usecase.answer, await body_of(request))
    base, form = services_of(request).fhir_base, preferred(request)
    entries = (_entry(one, asked, base, form) for one in answers)
    # There may be very much to write down, which would keep the event loop from everybody else.
    meta = meta_of(_shown_rows(answers, asked, form), base)
    return content(request, wanted, await run_in_threadpool(joined, f"{kind}-response", [], entries, meta=meta))


def _entry(answer: Answered, asked: Asked, base: str, form: str) -> bytes:
    """One entry, with the resource where it was read or where Prefer asks for it."""
    response: dict[str, Any] = {"status": f"{answer.status} {HTTPStatus(answer.status).phrase}"}
    if answer.refusal is not None:
        return response_entry(None, None, response | {"outcome": outcome(answer.refusal.issues)})
    if answer.found is not None:
        return response_entry(None, _searchset(answer, base), response)
    stored = answer.stored
    if stored is None:
        return response_entry(None, None, response)
    address = f"{base}/{stored.type}/{stored.id}"
    if answer.entry.is_write and not stored.is_deleted:
        response["location"] = f"{address}/_history/{stored.version}"
    response |= {"etag": stored.etag, "lastModified": instant(stored.updated_micros)}
    if answer.entry.is_write and form == "OperationOutcome":
        response["outcome"] = outcome([_done(answer)])
    shown = _is_shown(answer, asked, stored, form)
    return response_entry(address if shown else None, stored.text if shown else None, response)


def _shown_rows(answers: Iterable[Answered], asked: Asked, form: str) -> Iterator[Stored]:
    """What stands in the entries, also inside of their searchsets."""
    for answer in answers:
        if answer.found is not None:
            yield from (*answer.found.matches, *answer.found.included)
        elif answer.stored is not None and _is_shown(answer, asked, answer.stored, form):
            yield answer.stored


def _is_shown(answer: Answered, asked: Asked, stored: Stored, form: str) -> bool:
    if answer.entry.method == "PATCH" and not in_scope(asked.caller, stored, "r"):
        return False  # whoever may change a resource but not read it has sent no more than a part of it
    if answer.entry.is_write:
        return form == "representation" and answer.entry.method != "DELETE"
    return answer.entry.method == "GET" and answer.status == HTTPStatus.OK


def _searchset(answer: Answered, base: str) -> bytes | None:
    if answer.found is None or answer.entry.method == "HEAD":
        return None
    return searchset(answer.found, base, Place(answer.entry.address.type), pairs_of(answer.entry))


def _done(answer: Answered) -> Issue:
    done = "created" if answer.created else "kept as its next version" if answer.changed else "left as it was"
    return Issue(f"The resource was {done}.", None, "informational", "information")
