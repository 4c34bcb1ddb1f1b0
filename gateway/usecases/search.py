"""Search: the query is judged before it runs, its rows by consent and scope; what leaves is recorded."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.errors import Issue, Refusal
from gateway.fhir.search.query import Query
from gateway.fhir.search.table import TYPES
from gateway.rules.audit import Act
from gateway.store import audit_log
from gateway.store import search as store
from gateway.store.chains import Scope
from gateway.store.database import Reader
from gateway.store.pages import fitting
from gateway.store.resources import Stored
from gateway.usecases.asked import Answer, Asked, refused
from gateway.usecases.bounded import bounded
from gateway.usecases.disclosures import disclosures
from gateway.usecases.events import event_of
from gateway.usecases.included import included, judge_includes
from gateway.usecases.page import Pairs
from gateway.usecases.scoping import scope_of
from gateway.usecases.services import Services
from gateway.usecases.walk import LOG, Place, Walk, begin, link_of


@dataclass(frozen=True, slots=True)
class Found:
    """One page. `next` and `previous` are the tokens of the pages beside it; `warnings` go along as an outcome."""

    query: Query
    matches: tuple[Stored, ...]
    included: tuple[Stored, ...]
    total: int | None
    next: str | None
    previous: str | None
    warnings: tuple[Issue, ...]


def search(services: Services, asked: Asked, place: Place, pairs: Pairs, *, lenient: bool = False) -> Answer[Found]:
    """One page of a search. Refuses with NotFound for what is no place to search, NotSupported for a type that is not
    searched, Forbidden beyond the scopes, BadRequest for what is not understood or takes too long; a page link also
    with Gone."""
    try:
        with services.database.read() as db:
            found = found_in(services, asked, db, place, pairs, lenient=lenient)
    except Refusal as refusal:
        return refused(services, asked, Act.SEARCH, place.type if place.type in TYPES else None, refusal)
    asked_for = {"query": f"{place.address}?{found.query.text}"}
    entries = disclosures(asked, Act.SEARCH, place.type, [*found.matches, *found.included], asked_for)
    return Answer(services.journal.record(entries), found)


def found_in(
    services: Services, asked: Asked, db: Reader, place: Place, pairs: Pairs, *, lenient: bool = False
) -> Found:
    """One page of a search in a unit of work that is under way. Raises what `search` refuses with."""
    with bounded(services, db):
        return _found_in(services, asked, db, place, pairs, lenient=lenient)


def _found_in(services: Services, asked: Asked, db: Reader, place: Place, pairs: Pairs, *, lenient: bool) -> Found:
    place.check()
    walk = begin(services, asked, place, pairs, lenient=lenient)
    scope = scope_of(asked.caller, walk.query)
    judge_includes(asked.caller, walk.query)
    if walk.query.controls.only_count:
        total = _count(asked, db, walk.query, scope)
        return Found(walk.query, (), (), total, None, None, walk.query.notices)
    return _page(services, asked, db, walk, scope)


def _page(services: Services, asked: Asked, db: Reader, walk: Walk, scope: Scope) -> Found:
    query = walk.query
    size = services.limits.page_default if query.controls.count is None else query.controls.count
    hits = _hits(services, asked, db, walk, scope, size + 1)
    if walk.back and not hits:  # what was before is gone: the walk begins where it began
        walk = Walk(walk.place, query)
        hits = _hits(services, asked, db, walk, scope, size + 1)
    size = fitting([hit.stored for hit in hits], size)
    more, hits = len(hits) > size, hits[:size]
    if walk.back:
        hits.reverse()
    matches = [hit.stored for hit in hits]
    along, notices = included(asked, db, query, matches)
    has_next, has_previous = (bool(hits), more) if walk.back else (more, bool(hits) and walk.key is not None)
    return Found(
        query,
        tuple(matches),
        tuple(along),
        _total(asked, db, walk, scope, None if more else len(matches)),
        link_of(services, asked, walk, hits[-1].key) if has_next else None,
        link_of(services, asked, walk, hits[0].key, back=True) if has_previous else None,
        (*query.notices, *notices),
    )


def _total(asked: Asked, db: Reader, walk: Walk, scope: Scope, known: int | None) -> int | None:
    """Given where it was asked for, and where it costs nothing. An estimate is as exact as any."""
    wanted = walk.query.controls.total
    if wanted == "none":
        return None
    if walk.key is None and known is not None:
        return known
    return _count(asked, db, walk.query, scope) if wanted else None


def _hits(services: Services, asked: Asked, db: Reader, walk: Walk, scope: Scope, count: int) -> list[store.Hit]:
    query, visibility = walk.query, asked.visibility
    if query.type != LOG:
        return store.search(db, visibility, query, scope=scope, after=walk.key, back=walk.back, count=count)
    rows = audit_log.search(db, visibility, query, limits=scope[LOG], after=walk.key, back=walk.back, count=count)
    return [store.Hit(event_of(row, services.fhir_base), audit_log.key_of(row, query)) for row in rows]


def _count(asked: Asked, db: Reader, query: Query, scope: Scope) -> int:
    if query.type != LOG:
        return store.total(db, asked.visibility, query, scope=scope)
    return audit_log.total(db, asked.visibility, query, limits=scope[LOG])
