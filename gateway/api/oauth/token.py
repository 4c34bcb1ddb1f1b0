"""POST /oauth/token: an access token for a backend service. RFC 6749 section 4.4, RFC 7523 section 2.2.

https://hl7.org/fhir/smart-app-launch/backend-services.html
"""

from __future__ import annotations

from urllib.parse import parse_qsl

import structlog
from fastapi.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from gateway.api.dependencies import origin_of, services_of
from gateway.api.media import FORM, is_form
from gateway.api.oauth.server import TokenServer
from gateway.events import Event

log = structlog.get_logger()
MAX_BYTES = 64 * 1024


class _Malformed(Exception):
    """`invalid_request`, with the words for the client."""


async def _token(request: Request) -> JSONResponse:
    origin = origin_of(request)
    server = TokenServer(services_of(request), origin)
    try:
        form = await _form(request)
    except _Malformed as fault:
        response = server.refuse(str(fault))
    else:
        response = await run_in_threadpool(server.answer, form, request.headers)
    event = Event.TOKEN_ISSUED if response.status_code == 200 else Event.TOKEN_REFUSED
    log.info(event, status=response.status_code, request_id=origin.request_id)
    return response


async def _form(request: Request) -> dict[str, str]:
    """The parameters, each given once (RFC 6749 section 3.2); empty ones count as left out. Raises _Malformed."""
    if not is_form(request):
        raise _Malformed(f"The content type must be {FORM}.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            raise _Malformed("The request is too large.")
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=50)
    except ValueError:
        raise _Malformed("The form cannot be read.") from None
    form = dict(pairs)
    if len(form) < len(pairs):
        raise _Malformed("A parameter is given more than once.")
    if not form.get("grant_type"):
        raise _Malformed("grant_type is missing.")
    return {name: value for name, value in form.items() if value}


routes = [Route("/oauth/token", _token, methods=["POST"])]
