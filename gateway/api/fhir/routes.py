"""The addresses of the FHIR API: what each method does there, for the types whose table offers it.

Plain Starlette routes: they give out stored bytes and sit on the hot path. The CapabilityStatement is made of the same
tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from starlette.convertors import Convertor, register_url_convertor
from starlette.routing import Route

from gateway.api.fhir.address import Address, Door, Endpoint
from gateway.api.fhir.bundle import bundle
from gateway.api.fhir.capabilities import capabilities_of
from gateway.api.fhir.compartment import compartment, compartment_by_post
from gateway.api.fhir.create import create
from gateway.api.fhir.delete import delete, delete_matching
from gateway.api.fhir.history import history
from gateway.api.fhir.operations.table import OPERATIONS, Offer
from gateway.api.fhir.patch import patch, patch_matching
from gateway.api.fhir.read import read
from gateway.api.fhir.search import search, search_by_post
from gateway.api.fhir.update import update, update_matching
from gateway.api.fhir.vread import vread
from gateway.fhir.search.table import TYPES

PREFIX = "/fhir"


class _TypeName(Convertor[str]):
    """Letters only, so that addresses such as `.well-known/…` stay free."""

    regex = "[A-Za-z]+"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("fhirtype", _TypeName())

BASE, TYPE, INSTANCE = "", "/{type:fhirtype}", "/{type:fhirtype}/{id}"


class Interaction(NamedTuple):
    """`code` is what a type's table lists, or one of the system's; what comes first is tried first."""

    code: str
    method: str
    address: str
    endpoint: Endpoint


# Interactions with the whole system, which no type lists.
SYSTEM = (
    Interaction("history-system", "GET", BASE + "/_history", history),
    Interaction("search-system", "GET", BASE, search),
    Interaction("search-system", "POST", BASE + "/_search", search_by_post),
    Interaction("transaction", "POST", BASE, bundle),
    Interaction("batch", "POST", BASE, bundle),
)
# Searches in the compartment of a patient, which the statement tells of as a whole.
COMPARTMENT = (
    ("GET", "/Patient/{id}/*", compartment),
    ("GET", "/Patient/{id}/{member:fhirtype}", compartment),
    ("POST", "/Patient/{id}/{member:fhirtype}/_search", compartment_by_post),
)
INTERACTIONS = (
    Interaction("search-type", "POST", TYPE + "/_search", search_by_post),
    Interaction("history-type", "GET", TYPE + "/_history", history),
    Interaction("history-instance", "GET", INSTANCE + "/_history", history),
    Interaction("vread", "GET", INSTANCE + "/_history/{version}", vread),
    Interaction("read", "GET", INSTANCE, read),
    Interaction("update", "PUT", INSTANCE, update),
    Interaction("patch", "PATCH", INSTANCE, patch),
    Interaction("delete", "DELETE", INSTANCE, delete),
    Interaction("create", "POST", TYPE, create),
    Interaction("search-type", "GET", TYPE, search),
)
# On what a search finds, where the type can be searched.
CONDITIONAL = (
    Interaction("update", "PUT", TYPE, update_matching),
    Interaction("patch", "PATCH", TYPE, patch_matching),
    Interaction("delete", "DELETE", TYPE, delete_matching),
)
_LEVELS = {"system": BASE, "type": TYPE, "instance": INSTANCE}


def _doors() -> Iterator[tuple[str, str, Door]]:
    """Address, method, door. Operations come first: no id begins with a dollar sign."""
    told = tuple(dict.fromkeys(one.code for one in SYSTEM))
    capabilities = capabilities_of(told, tuple(offer.operation for offer in OPERATIONS))
    yield "/metadata", "GET", Door(capabilities, None)
    for offer in OPERATIONS:
        yield from _operation(offer)
    for one in SYSTEM:
        yield one.address, one.method, Door(one.endpoint, None)
    for method, address, endpoint in COMPARTMENT:
        yield address, method, Door(endpoint, None)
    for one in INTERACTIONS:
        yield one.address, one.method, Door(one.endpoint, _types(one.code))
    for one in CONDITIONAL:
        yield one.address, one.method, Door(one.endpoint, _types(one.code, "search-type"))


def _types(*codes: str) -> frozenset[str]:
    """The types whose table lists all of these interactions."""
    return frozenset(name for name, table in TYPES.items() if set(codes) <= set(table.interactions))


def _operation(offer: Offer) -> Iterator[tuple[str, str, Door]]:
    for level in offer.operation.levels:
        types = None if level == "system" else frozenset(offer.operation.types)
        for method in offer.methods:
            yield f"{_LEVELS[level]}/${offer.operation.name}", method, Door(offer.endpoint, types)


def _routes() -> Iterator[Route]:
    addresses: dict[str, dict[str, Door]] = {}
    for address, method, door in _doors():
        addresses.setdefault(address, {})[method] = door
    for address, doors in addresses.items():
        yield Route(PREFIX + address, Address(doors))
        if address == BASE:
            yield Route(PREFIX + "/", Address(doors))  # as many clients write the base


routes: list[Route] = list(_routes())
