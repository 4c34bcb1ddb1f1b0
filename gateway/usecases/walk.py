"""A search under way: where it is asked, what it asks, and from which key its page goes on or back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from gateway.errors import BadRequest, Forbidden, Issue, NotFound, NotSupported
from gateway.fhir.compartments import PATIENT
from gateway.fhir.references import ID
from gateway.fhir.search.criteria import Criterion
from gateway.fhir.search.query import Query, parse, parse_all
from gateway.fhir.search.table import TYPES
from gateway.fhir.search.values import ReferenceValue
from gateway.rules.access import Caller
from gateway.rules.scopes import allows
from gateway.usecases.asked import Asked
from gateway.usecases.page import PAGE, Page, Pairs, seal, unseal
from gateway.usecases.services import Services

LOG = "AuditEvent"  # kept and searched apart from the resources


@dataclass(frozen=True, slots=True)
class Place:
    """What is searched: one type or (None) all of them, everywhere or in the compartment of a patient."""

    type: str | None
    patient: str | None = None

    @property
    def address(self) -> str:
        return f"Patient/{self.patient}/{self.type or '*'}" if self.patient else self.type or ""

    def check(self) -> None:
        """Raises NotFound for what is no such place, NotSupported for a type that is not searched."""
        if self.patient is not None and not ID.match(self.patient):
            raise NotFound
        if self.type is None:
            return
        if self.type not in TYPES or (self.patient is not None and self.type not in PATIENT):
            raise NotFound
        if "search-type" not in TYPES[self.type].interactions:
            raise NotSupported


@dataclass(frozen=True, slots=True)
class Walk:
    place: Place
    query: Query
    key: tuple[Any, ...] | None = None
    back: bool = False


def begin(services: Services, asked: Asked, place: Place, pairs: Pairs, *, lenient: bool) -> Walk:
    """The walk that the parameters ask for, or that the page link among them goes on with.

    Raises BadRequest for what is not understood, Forbidden when the scopes leave no type; for a page link also
    NotFound (of another caller or place) and Gone (expired).
    """
    token = dict(pairs).get(PAGE)
    if token is None:
        return Walk(place, _clamped(_query(services, asked.caller, place, pairs, lenient=lenient), services))
    if {name for name, _ in pairs} - {PAGE, "_count"}:  # some clients repeat a _count: the link has decided that
        raise BadRequest("A page link is followed as it was given.")
    page = unseal(services.page_secret, asked.caller, token, place.address, asked.at)
    return Walk(place, _query(services, asked.caller, place, page.pairs, lenient=False), page.key, page.back)


def link_of(services: Services, asked: Asked, walk: Walk, key: tuple[Any, ...], *, back: bool = False) -> str:
    """The token of the page after a key, or of the one before it."""
    page = Page(walk.place.address, walk.query.canonical, key, back)
    return seal(services.page_secret, asked.caller, page, asked.at)


def _query(services: Services, caller: Caller, place: Place, pairs: Pairs, *, lenient: bool) -> Query:
    base = services.fhir_base
    if place.type is None:
        types = _types(caller, place, pairs)
        rest = [pair for pair in pairs if pair[0] != "_type"]
        query = parse_all(types, rest, base=base, lenient=lenient)
        named = tuple(pair for pair in pairs if pair[0] == "_type")
        return replace(query, canonical=(*named, *query.canonical), patient=place.patient)
    query = parse(place.type, pairs, base=base, lenient=lenient)
    if place.patient is None:
        return query
    if place.type == LOG:
        about = ReferenceValue(("Patient",), place.patient, None)
        criterion = Criterion(TYPES[LOG].parameters["patient"], None, (about,))
        return replace(query, criteria=(criterion, *query.criteria))
    return replace(query, patient=place.patient)


def _types(caller: Caller, place: Place, pairs: Pairs) -> list[str]:
    """The types of a search of several: those that `_type` names, or all that the scopes allow."""
    possible = [name for name, table in TYPES.items() if "search-type" in table.interactions and name != LOG]
    if place.patient:
        possible = [name for name in possible if name in PATIENT]
    named = {type for name, value in pairs if name == "_type" for type in value.split(",")}
    if not named <= set(possible):
        raise BadRequest(issues=[Issue("_type names a type that is not searched here.", "http._type", "value")])
    types = sorted(named) or [type for type in possible if allows(caller.scopes, type, "s")]
    if not types:
        raise Forbidden
    return types


def _clamped(query: Query, services: Services) -> Query:
    """The query with a count within bounds."""
    most = services.limits.page_maximum
    if query.controls.count is None or query.controls.count <= most:
        return query
    canonical = tuple((name, str(most) if name == "_count" else value) for name, value in query.canonical)
    notice = Issue(f"_count was lowered to {most}.", "http._count", "too-costly", "information")
    controls = replace(query.controls, count=most)
    return replace(query, canonical=canonical, controls=controls, notices=(*query.notices, notice))
