"""The one web application: typed endpoints by FastAPI, the FHIR hot path as plain Starlette routes."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Thread
from typing import Any

import structlog
from fastapi import APIRouter, FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.middleware.cors import CORSMiddleware
from starlette.types import Receive, Scope, Send

from gateway import __version__
from gateway.api import (
    alerts,
    break_glass,
    consent_decisions,
    consents,
    corrections,
    errors,
    homework,
    lineage,
    pages,
    patient_context,
    psychotherapy_notes,
    reviews,
    submissions,
)
from gateway.api.bounds import Bounds
from gateway.api.fhir import routes as fhir
from gateway.api.fhir.straight import Straight
from gateway.api.middleware import RequestFrame, compressing
from gateway.api.oauth import discovery, token
from gateway.events import Event
from gateway.usecases import door
from gateway.usecases.services import Services

log = structlog.get_logger()

TITLE = "Care-continuity gateway"
DESCRIPTION = """
Carries AI-written mental-health content into FHIR R4: a producer submits, a clinician reviews and approves,
an EHR pulls what the client consented to, an auditor traces every sentence.

The FHIR API itself lives under `/fhir` and describes itself in `/fhir/metadata`.
"""


# Spans and metrics of the framework carry the URL, which may name a patient.
_NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}
PARTS = (
    submissions,
    patient_context,
    reviews,
    alerts,
    consents,
    consent_decisions,
    lineage,
    psychotherapy_notes,
    break_glass,
    homework,
    corrections,
)


def _typed() -> APIRouter:
    router = APIRouter()
    for part in PARTS:
        router.include_router(part.router, responses=errors.REFUSALS)
    router.include_router(pages.router, include_in_schema=False)
    return router


_TYPED = _typed()  # FastAPI reads the signatures at the first request: once in a process, not once for each app


class Gateway(FastAPI):
    """The app, with the hot path before it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._straight = Straight(super().__call__)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self
        await self._straight(scope, receive, send)


def create(services: Services) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        services.journal.start(asyncio.get_running_loop().call_soon)
        gc.collect()
        gc.freeze()  # mappings, tables and models stay: collections need not walk through them
        Thread(target=door.make_ready, name="door", daemon=True).start()  # requests are answered meanwhile
        log.info(Event.STARTED, version=__version__, url=services.public_url, count=len(services.catalogue))
        try:
            yield
        finally:
            services.journal.stop()
            services.keys.close()
            log.info(Event.STOPPED)

    app = Gateway(
        title=TITLE,
        version=__version__,
        description=DESCRIPTION,
        lifespan=lifespan,
        redoc_url=None,
        docs_url=None,
        redirect_slashes=False,  # a redirect would repeat the Host that the caller has named
        telemetry=_NO_TELEMETRY,
    )
    app.state.services = services
    errors.install(app)
    # Pages of other origins may call with a token of their own; cookies are never taken from them.
    app.add_middleware(
        CORSMiddleware,
        allow_origins=["*"],
        allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=["*"],
        expose_headers=["ETag", "Last-Modified", "Location", "X-Request-Id", "X-Correlation-Id"],
    )
    app.add_middleware(Bounds)
    app.add_middleware(compressing)
    app.add_middleware(RequestFrame)
    app.router.routes.extend([*_TYPED.routes, *discovery.routes, *token.routes, *fhir.routes])
    return app


def interface() -> dict[str, Any]:
    """The OpenAPI document of the typed endpoints, which needs no database."""
    app = FastAPI(title=TITLE, version=__version__, description=DESCRIPTION)
    app.router.routes.extend(_TYPED.routes)
    return app.openapi()
