"""One address of the FHIR API and all that can be done there, by method and by type.

What the table of the type does not offer is refused with 405 and the methods that are offered there.
https://hl7.org/fhir/R4/http.html#summary
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.errors import NotFound, NotSupported
from gateway.fhir.search.table import TYPES

Endpoint = Callable[[Request], Awaitable[Response]]


class Door(NamedTuple):
    """What a method does at an address. `types` are those it is offered for; None where no type is asked for."""

    endpoint: Endpoint
    types: frozenset[str] | None


class Address:
    """An ASGI app, so that its route hands it every method. HEAD is answered wherever GET is."""

    def __init__(self, doors: Mapping[str, Door]) -> None:
        self._doors = {**doors, **({"HEAD": doors["GET"]} if "GET" in doors else {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises NotFound for an unknown type and HTTPException (405) for what is not offered."""
        scope["endpoint"] = endpoint = self._endpoint(scope)
        response = await endpoint(Request(scope, receive, send))
        await response(scope, receive, send)

    def _endpoint(self, scope: Scope) -> Endpoint:
        type = scope["path_params"].get("type")
        if type is not None and type not in TYPES:
            raise NotFound
        door = self._doors.get(scope["method"])
        if door is not None and _is_offered(door, type):
            return door.endpoint
        offered = sorted(method for method, one in self._doors.items() if _is_offered(one, type))
        raise HTTPException(NotSupported.status, headers={"Allow": ", ".join(offered)})


def _is_offered(door: Door, type: str | None) -> bool:
    return door.types is None or type in door.types
