"""What comes along with the matches of a search: no more than the caller could read, and bounded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.errors import Forbidden, Issue
from gateway.fhir.search.controls import Include
from gateway.fhir.search.query import Query
from gateway.rules.access import Caller
from gateway.rules.scopes import allows
from gateway.store import includes as store
from gateway.store.database import Reader
from gateway.store.pages import fitting, is_full
from gateway.store.resources import Stored
from gateway.usecases.asked import Asked
from gateway.usecases.scoping import only_in_scope, readable

MAX_INCLUDED = 1000
MAX_ROUNDS = 10  # how often an include that iterates goes on from what was included


def judge_includes(caller: Caller, query: Query) -> None:
    """Asking by name for a type beyond the scopes is refused; what a plain include reaches beyond them is left out.

    Raises Forbidden.
    """
    for include in query.controls.includes:
        if not all(allows(caller.scopes, other, letter) for other, letter in _named(include)):
            raise Forbidden("The token does not carry the scope for a type that is to be included.")


def included(asked: Asked, db: Reader, query: Query, matches: Sequence[Stored]) -> tuple[list[Stored], list[Issue]]:
    """What the includes bring along, by type and id; with a notice where it ends before its time."""
    includes, near = query.controls.includes, list(matches)
    seen = {row.pk for row in matches}
    found: dict[int, Stored] = {}
    for _ in range(1 + MAX_ROUNDS):
        fresh = {pk: row for pk, row in _once(asked, db, includes, near).items() if pk not in seen}
        found |= fresh
        seen |= fresh.keys()
        includes, near = tuple(one for one in includes if one.iterate), list(fresh.values())
        if not includes or not near or len(found) > MAX_INCLUDED or _is_full(found):
            break
    ordered = sorted(found.values(), key=lambda row: (row.type, row.id))
    if _is_full(found):
        return ordered[: fitting(ordered, MAX_INCLUDED)], [_notice("Included resources end where they fill a page.")]
    if len(ordered) > MAX_INCLUDED:
        return ordered[:MAX_INCLUDED], [_notice(f"Included resources end after {MAX_INCLUDED}.")]
    if includes and near:
        return ordered, [_notice(f"Includes iterate at most {MAX_ROUNDS} times.")]
    return ordered, []


def _is_full(found: Mapping[int, Stored]) -> bool:
    return is_full(row.size for row in found.values())


def _once(asked: Asked, db: Reader, includes: Sequence[Include], near: Sequence[Stored]) -> dict[int, Stored]:
    """What one round of the includes reaches from these rows."""
    found: dict[int, Stored] = {}
    scope = readable(asked.caller) if includes and near else {}
    for include in includes:
        begins = include.target if include.reverse else include.source
        rows = [row for row in near if begins in (None, row.type)]
        reached = store.included(db, asked.visibility, include, rows, scope=scope, count=MAX_INCLUDED + 1)
        found |= {row.pk: row for row in only_in_scope(asked.caller, reached, "r")}
    return found


def _named(include: Include) -> list[tuple[str, str]]:
    if include.reverse:
        return [(str(include.source), "s"), (str(include.source), "r")]
    return [(include.target, "r")] if include.target else []


def _notice(text: str) -> Issue:
    return Issue(text, None, "too-costly", "warning")
