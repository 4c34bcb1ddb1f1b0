"""What every request and answer passes: its id, the headers of caution, one log line. Pure ASGI: every read pays."""

from __future__ import annotations

import os
import re
import time

import structlog
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.api.errors import failed
from gateway.events import Event

log = structlog.get_logger()
_SAFE_ID = re.compile(rb"[A-Za-z0-9._\-]{1,64}")
_PRINTABLE = re.compile(rb"[\x21-\x7e]{1,256}")
_CAUTION = [
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
]


def compressing(app: ASGIApp) -> ASGIApp:
    """The app, whose longer answers are compressed for those who ask for it. Level 4 costs a quarter of level 9."""
    return Compression(app, minimum_size=2048, compresslevel=4)


class Compression(GZipMiddleware):
    """For those who ask for nothing, nothing is looked at."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _wants_gzip(scope):
            await super().__call__(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def _wants_gzip(scope: Scope) -> bool:
    return any(name == b"accept-encoding" and b"gzip" in value for name, value in scope["headers"])


class RequestFrame:
    """Gives each request an id, and each answer its headers. The id is the caller's own where it is safe to write down;
    one that is not comes back as X-Correlation-Id. https://hl7.org/fhir/R4/http.html#custom
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == b"x-request-id"), None)
        request_id = given if given and _SAFE_ID.fullmatch(given) else os.urandom(16).hex().encode()
        scope["request_id"] = request_id.decode()
        began = time.perf_counter()
        status = 0

        async def framed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = message["headers"]
                present = {name for name, _ in headers}
                headers.append((b"x-request-id", request_id))
                if given and given is not request_id and _PRINTABLE.fullmatch(given):
                    headers.append((b"x-correlation-id", given))
                headers.extend(pair for pair in _CAUTION if pair[0] not in present)
            await send(message)

        try:
            await self.app(scope, receive, framed)
        except Exception as failure:
            # Ends here: the server's own handler would write the message, which may quote content, to its log.
            log.error(Event.REQUEST_FAILED, exc_info=failure, request_id=scope["request_id"])
            if status:
                raise ConnectionAbortedError from None
            await failed(scope)(scope, receive, framed)
        finally:
            log.info(
                Event.REQUEST,
                method=scope["method"],
                route=getattr(scope.get("endpoint"), "__name__", "unmatched"),
                status=status,
                ms=round((time.perf_counter() - began) * 1000, 1),
                request_id=scope["request_id"],
            )
