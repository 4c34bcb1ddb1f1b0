"""Every error leaves as an OperationOutcome: https://hl7.org/fhir/R4/operationoutcome.html"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

from gateway.errors import (
    BadRequest,
    Forbidden,
    Issue,
    NotFound,
    NotSupported,
    Refusal,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unprocessable,
    UnsupportedMedia,
)
from gateway.fhir.json import dump
from gateway.fhir.outcome import outcome

FHIR_JSON = "application/fhir+json;charset=utf-8"
_BY_STATUS: dict[int, type[Refusal]] = {
    kind.status: kind for kind in (BadRequest, NotFound, NotSupported, TooLarge, UnsupportedMedia, Unprocessable)
}
_ANYWHERE = (BadRequest, Unauthenticated, Forbidden, NotFound, TooLarge, UnsupportedMedia, Unprocessable, TooMany)
REFUSALS: dict[int | str, dict[str, Any]] = {
    kind.status: {"description": kind.words, "content": {"application/fhir+json": {"schema": {"type": "object"}}}}
    for kind in _ANYWHERE
}
"""What any typed endpoint may answer instead, for the OpenAPI document."""


def answer(status: int, issues: tuple[Issue, ...], scope: Scope) -> Response:
    headers = {"Cache-Control": "no-store"}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="gateway"'
    body = dump(outcome(issues, request_id=scope.get("request_id")))
    if scope["method"] == "HEAD":
        headers["Content-Length"] = str(len(body))
        body = b""
    return Response(body, status_code=status, media_type=FHIR_JSON, headers=headers)


def failed(scope: Scope) -> Response:
    """What a caller sees of a fault of ours: nothing but where to look for it."""
    issue = Issue("The gateway failed; the request id names the entry in its log.", code="exception")
    return answer(HTTPStatus.INTERNAL_SERVER_ERROR, (issue,), scope)


def _refused(request: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refusal)
    response = answer(refusal.status, refusal.issues, request.scope)
    if refusal.retry_seconds is not None:
        response.headers["Retry-After"] = str(refusal.retry_seconds)
    return response


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    kind = _BY_STATUS.get(error.status_code)
    issue = (
        Issue(kind.words, code=kind.code) if kind else Issue(HTTPStatus(error.status_code).phrase, code="processing")
    )
    response = answer(error.status_code, (issue,), request.scope)
    response.headers.update(error.headers or {})
    return response


def _invalid(request: Request, error: Exception) -> Response:
    """A typed body or parameter that does not fit: each fault with its place, never with its value."""
    assert isinstance(error, RequestValidationError)
    issues = tuple(Issue(str(fault["msg"]), ".".join(str(step) for step in fault["loc"])) for fault in error.errors())
    return answer(Unprocessable.status, issues, request.scope)


def install(app: FastAPI) -> None:
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
