"""The addresses of the FHIR API: one route for each interaction that the table of types offers.

Plain Starlette routes: they give out stored bytes and sit on the hot path.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.api.fhir.capabilities import capabilities
from gateway.api.fhir.history import history
from gateway.api.fhir.read import read
from gateway.api.fhir.search import search, search_by_post
from gateway.api.fhir.vread import vread
from gateway.fhir.search_table import TYPES
from gateway.usecases.capability import SYSTEM_INTERACTIONS

PREFIX = "/fhir"


class _TypeName(Convertor[str]):
    """Letters only, so that addresses such as `.well-known/…` stay free."""

    regex = "[A-Za-z]+"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("fhirtype", _TypeName())

Endpoint = Callable[[Request], Awaitable[Response]]
# Interaction → method, address, endpoint; what comes first is tried first.
_INTERACTIONS: tuple[tuple[str, str, str, Endpoint], ...] = (
    ("capabilities", "GET", "/metadata", capabilities),
    ("history-system", "GET", "/_history", history),
    ("search-type", "POST", "/{type:fhirtype}/_search", search_by_post),
    ("history-type", "GET", "/{type:fhirtype}/_history", history),
    ("history-instance", "GET", "/{type:fhirtype}/{id}/_history", history),
    ("vread", "GET", "/{type:fhirtype}/{id}/_history/{version}", vread),
    ("read", "GET", "/{type:fhirtype}/{id}", read),
    ("search-type", "GET", "/{type:fhirtype}", search),
)
_OFFERED = {"capabilities", *SYSTEM_INTERACTIONS, *(code for table in TYPES.values() for code in table.interactions)}

routes: list[Route] = [
    Route(PREFIX + address, endpoint, methods=[method])
    for code, method, address, endpoint in _INTERACTIONS
    if code in _OFFERED
]
