"""What the scopes of a token leave of an answer: whole types, or within a type the rows a granular scope names."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.errors import Forbidden
from gateway.fhir.json import parse as parse_json
from gateway.fhir.search.criteria import Criterion
from gateway.fhir.search.query import Query
from gateway.fhir.search.query import parse as parse_query
from gateway.fhir.search.table import TYPES
from gateway.rules.access import Caller
from gateway.rules.restrictions import EVERYTHING
from gateway.rules.scopes import access, allows
from gateway.store.chains import Scope
from gateway.store.resources import Stored


def limits(caller: Caller, type: str, letter: str = "s") -> list[tuple[Criterion, ...]]:
    """The rows of a type that the caller may search: any one of the lists, every criterion of it; none for all.

    Raises Forbidden when the scopes leave nothing.
    """
    restrictions = access(caller.scopes, type, letter)
    if EVERYTHING in restrictions:
        return []
    known = [one for one in restrictions if all(clause.parameter in TYPES[type].parameters for clause in one.clauses)]
    if not known:
        raise Forbidden
    return [
        parse_query(type, [(clause.parameter, ",".join(clause.values)) for clause in sorted(one.clauses)]).criteria
        for one in known
    ]


def scope_of(caller: Caller, query: Query) -> Scope:
    """The limits of every type that a query asks about: whoever may not search a type may not ask about it by way of
    another either. Raises Forbidden."""
    return {type: limits(caller, type) for type in query.reached}


def readable(caller: Caller) -> Scope:
    """What may come along with the matches of a search: the types that the caller may read, with their limits."""
    return {type: limits(caller, type, "r") for type in TYPES if allows(caller.scopes, type, "r")}


def in_scope(caller: Caller, stored: Stored, letter: str) -> bool:
    """Whether the scopes allow `letter` on this very version; it is parsed only where a granular scope asks. A deletion
    has nothing that a granular scope could name."""
    restrictions = access(caller.scopes, stored.type, letter)
    if EVERYTHING in restrictions:
        return True
    if stored.is_deleted:
        return False
    return bool(restrictions) and allows(caller.scopes, stored.type, letter, parse_json(stored.text))


def only_in_scope(caller: Caller, found: Sequence[Stored], letter: str) -> list[Stored]:
    return [row for row in found if in_scope(caller, row, letter)]
