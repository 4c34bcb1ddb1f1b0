"""Conditional writing: what a condition finds under the caller's own eyes and scopes.

https://hl7.org/fhir/R4/http.html#ccreate
A parameter that is not understood is refused: ignoring it would widen the match. What a consent shows of another
organization's record is never written to, so it does not count.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

from gateway.errors import BadRequest, PreconditionFailed, TooLarge
from gateway.fhir.search.controls import Controls
from gateway.fhir.search.query import Query, parse
from gateway.store import search as store
from gateway.store.database import Reader
from gateway.store.resources import Stored
from gateway.usecases.bounded import bounded
from gateway.usecases.changes import Ground
from gateway.usecases.scoping import only_in_scope, scope_of

_MOST_FIELDS = 50
_ENOUGH = 100  # so many matches, whosever they are, are several


def matches(ground: Ground, type: str, condition: str) -> tuple[Stored, ...]:
    """The current resources that a condition (a query string) finds: none, one, or two where there are several.

    Raises PreconditionFailed for an empty condition, BadRequest for one that is not understood or takes too long,
    Forbidden beyond the scopes, TooLarge for more conditions than one request may have.
    """
    query = _query(ground, type, condition)
    if (key := ("condition", type, query.text)) not in ground.seen:
        asked_before = sum(isinstance(one, tuple) and one[0] == "condition" for one in ground.seen)
        if asked_before >= ground.services.limits.conditional_lookups:
            raise TooLarge("The request has too many conditions.")
    caller, visibility = ground.asked.caller, ground.asked.visibility
    scope = scope_of(caller, query)

    def find(db: Reader) -> tuple[Stored, ...]:
        with bounded(ground.services, db):
            hits = store.search(db, visibility, query, scope=scope, count=_ENOUGH, paged=False)
        found = only_in_scope(caller, [hit.stored for hit in hits], "r")
        own = [row for row in found if row.patient_id is None or row.custodian_id == caller.organization_id]
        if len(hits) == _ENOUGH and len(own) < 2:  # further on there may be more of the own ones
            raise PreconditionFailed("Too many resources match the condition.")
        return tuple(own[:2])

    return ground.see(key, find)


def _query(ground: Ground, type: str, condition: str) -> Query:
    try:
        pairs = parse_qsl(
            condition.removeprefix("?"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
        )
    except ValueError:
        raise BadRequest("The condition cannot be read.") from None
    if any(name and not value for name, value in pairs) and any(value for _, value in pairs):
        raise PreconditionFailed("A parameter of the condition has no value: without it more would be found.")
    query = parse(type, [pair for pair in pairs if pair[1]], base=ground.services.fhir_base)
    if query.controls != Controls():
        raise BadRequest("A condition takes search parameters only, none that shape a result.")
    if not query.criteria and not query.links:
        raise PreconditionFailed("The condition is empty.")
    return query
