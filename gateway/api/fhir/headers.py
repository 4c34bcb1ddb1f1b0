"""The headers of a request, looked up one by one on the hot path."""

from __future__ import annotations

from starlette.requests import Request


def header(request: Request, name: bytes) -> str | None:
    """The first header of this name, given in lower case. `request.headers` says the same for a multiple of the cost:
    it encodes the name and walks through all headers each time."""
    for given, value in request.scope["headers"]:
        if given == name:
            text: str = value.decode("latin-1")
            return text
    return None
