"""No body is read further than a request of ours can be long.

The frameworks read a body as a whole before they ask who calls, so without this anybody could fill the memory.
Submissions have a bound of their own, counted while they are read by a producer who is known. What is written through
the FHIR API may be long (`Limits.write_bytes`): it is read only when the caller is known.
"""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.api.errors import answer
from gateway.errors import Issue, TooLarge

MOST_BYTES = 2 * 1024 * 1024  # many times what the longest session's document has
_COUNTS_ITSELF = "/submissions/"
_READ_WHEN_KNOWN = "/fhir"


class Bounds:
    """Pure ASGI. Refuses an announced length at once, and a longer body where it passes the bound."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD") or scope["path"].startswith(_COUNTS_ITSELF):
            await self.app(scope, receive, send)
            return
        most = _most(scope)
        if _announced(scope) > most:
            issue = Issue(TooLarge.words, code=TooLarge.code)
            await answer(TooLarge.status, (issue,), scope)(scope, receive, send)
        else:
            await self.app(scope, _counting(receive, most), send)


def _most(scope: Scope) -> int:
    first = scope["path"].partition("/")[2].partition("/")[0]
    if f"/{first}" != _READ_WHEN_KNOWN or scope["path"].endswith("/_search"):
        return MOST_BYTES
    most: int = scope["app"].state.services.limits.write_bytes
    return most


def _announced(scope: Scope) -> int:
    text = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    return int(text[:20]) if text.isdigit() else 0


def _counting(receive: Receive, most: int) -> Receive:
    size = 0

    async def counted() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > most:
            raise HTTPException(TooLarge.status)  # the one exception that FastAPI lets through while it reads a body
        return message

    return counted
