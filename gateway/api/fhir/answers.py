"""Asking a use case, and its value as an HTTP answer. https://hl7.org/fhir/R4/http.html#versioning"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache
from typing import Concatenate, ParamSpec, TypeVar

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gateway.api.dependencies import asked_of, authenticate, services_of
from gateway.api.fhir.accompanying import links_of
from gateway.api.fhir.durable import durable
from gateway.api.fhir.headers import header
from gateway.api.fhir.negotiation import FHIR_JSON, Wish
from gateway.store.resources import Stored
from gateway.usecases.asked import Answer, Asked
from gateway.usecases.services import Services

P = ParamSpec("P")
Q = ParamSpec("Q")
T = TypeVar("T")


async def identify(request: Request) -> Asked:
    """Who asks; comes before everything else. Raises Unauthenticated."""
    return asked_of(request, await _run(services_of(request), authenticate, request))


async def ask(
    request: Request,
    asked: Asked,
    usecase: Callable[Concatenate[Services, Asked, P], Answer[T]],
    *args: P.args,
    **options: P.kwargs,
) -> T:
    """The use case's value, once its record is durable. Raises its refusal."""
    services = services_of(request)
    answer = await _run(services, usecase, services, asked, *args, **options)
    await durable(answer.recorded)
    return answer.open()


async def ask_aside(
    request: Request,
    asked: Asked,
    usecase: Callable[Concatenate[Services, Asked, P], Answer[T]],
    *args: P.args,
    **options: P.kwargs,
) -> T:
    """The use case's value, once its record is durable. In a thread: what looks at very much would keep the event
    loop from everybody else. Raises its refusal."""
    answer = await run_in_threadpool(usecase, services_of(request), asked, *args, **options)
    await durable(answer.recorded)
    return answer.open()


async def perform(
    request: Request,
    asked: Asked,
    usecase: Callable[Concatenate[Services, Asked, P], T],
    *args: P.args,
    **options: P.kwargs,
) -> T:
    """The value of a use case that writes, which waits for its turn in a thread. Raises its refusal."""
    return await run_in_threadpool(usecase, services_of(request), asked, *args, **options)


async def _run(services: Services, call: Callable[Q, T], *args: Q.args, **options: Q.kwargs) -> T:
    """SQLite answers sooner than a thread could be asked: it is asked here. Other engines are waited for elsewhere."""
    if services.database.engine.dialect.name == "sqlite":
        return call(*args, **options)
    return await run_in_threadpool(call, *args, **options)


def content(request: Request, wish: Wish, body: bytes, headers: dict[str, str] | None = None) -> Response:
    """FHIR JSON; to HEAD its headers alone."""
    if wish.pretty:
        body = msgspec.json.format(body, indent=2)
    given = {"Cache-Control": "no-store", **(headers or {})}
    if request.method == "HEAD":
        return Response(b"", media_type=FHIR_JSON, headers={**given, "Content-Length": str(len(body))})
    return Response(body, media_type=FHIR_JSON, headers=given)


def version(request: Request, wish: Wish, stored: Stored, text: bytes) -> Response:
    """One version of a resource, or 304 when the caller has it already."""
    headers = told_of(stored)
    if _has_it(request, stored):
        return Response(status_code=304, headers={**headers, "Cache-Control": "no-store"})
    return content(request, wish, text, headers | links_of(stored, services_of(request).fhir_base))


def told_of(stored: Stored) -> dict[str, str]:
    """The headers of one version. What is left of one without its more restricted parts is not told by a date: the
    next answer may be the whole."""
    dated = {} if stored.redacts else {"Last-Modified": http_date(stored.updated_at)}
    return {"ETag": stored.etag, **dated}


@lru_cache(maxsize=4096)
def http_date(at: datetime) -> str:
    return format_datetime(at.astimezone(UTC), usegmt=True)


def matches(request: Request, etag: str) -> bool:
    """Whether If-None-Match names the tag; weak and strong tags compare alike."""
    given = header(request, b"if-none-match") or ""
    return given.strip() == "*" or _bare(etag) in (_bare(part) for part in given.split(","))


def _bare(etag: str) -> str:
    return etag.strip().removeprefix("W/")


def _has_it(request: Request, stored: Stored) -> bool:
    if header(request, b"if-none-match") is not None:
        return matches(request, stored.etag)
    since = header(request, b"if-modified-since")
    if since is None or stored.redacts:
        return False
    try:
        known = parsedate_to_datetime(since)
    except (TypeError, ValueError):
        return False
    return stored.updated_at.replace(microsecond=0) <= (known if known.tzinfo else known.replace(tzinfo=UTC))
