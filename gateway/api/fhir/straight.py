"""The hot path: reads and searches go straight to their endpoints.

The app would pass them through six layers, ask its routes one after the other and wrap the answer several times, which
costs more than the read itself. Whatever is not plainly a read or a search of a known type goes that longer way, to
the same endpoints under the same frame; so does a page of another origin, whose browser asks for headers more.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.api.errors import answer
from gateway.api.fhir.address import Endpoint
from gateway.api.fhir.read import read
from gateway.api.fhir.routes import PREFIX
from gateway.api.fhir.search import search
from gateway.api.middleware import RequestFrame, compressing
from gateway.errors import Refusal
from gateway.fhir.search.table import TYPES

_BEFORE = f"{PREFIX}/"
_READ, _SEARCHED = (
    frozenset(name for name, table in TYPES.items() if code in table.interactions) for code in ("read", "search-type")
)


class Straight:
    """Stands before the whole app. The scope must name the app already."""

    def __init__(self, rest: ASGIApp) -> None:
        self._rest = rest
        self._framed = RequestFrame(compressing(_answer))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = _endpoint(scope)
        if endpoint is None:
            await self._rest(scope, receive, send)
        else:
            scope["endpoint"] = endpoint
            await self._framed(scope, receive, send)


async def _answer(scope: Scope, receive: Receive, send: Send) -> None:
    try:
        response = await scope["endpoint"](Request(scope, receive, send))
    except Refusal as refusal:
        response = answer(refusal.status, refusal.issues, scope)
    await response(scope, receive, send)


def _endpoint(scope: Scope) -> Endpoint | None:
    """The endpoint of a read or a search, whose parameters are put in the scope."""
    if scope["type"] != "http" or scope["method"] != "GET" or scope.get("root_path"):
        return None
    path: str = scope["path"]
    if not path.startswith(_BEFORE):
        return None
    if any(name == b"origin" for name, _ in scope["headers"]):
        return None
    type, slash, id = path[len(_BEFORE) :].partition("/")
    if "/" in id or id.startswith(("_", "$")):
        return None
    if id and type in _READ:
        scope["path_params"] = {"type": type, "id": id}
        return read
    if slash or type not in _SEARCHED:
        return None
    scope["path_params"] = {"type": type}
    return search
