"""Search one type: the query is judged before it runs, its rows by consent and scope; what leaves is recorded."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gateway.errors import BadRequest, Forbidden, Issue, NotFound, Refusal
from gateway.fhir.search import Query, parse
from gateway.fhir.search_controls import Include
from gateway.fhir.search_table import TYPES
from gateway.rules.access import Caller
from gateway.rules.audit import Act
from gateway.rules.scopes import allows
from gateway.store import audit_log
from gateway.store import search as store
from gateway.store.database import Reader
from gateway.store.resources import Stored
from gateway.usecases.asked import Answer, Asked, refused
from gateway.usecases.disclosures import disclosures
from gateway.usecases.events import event_of
from gateway.usecases.page import PAGE, Page, Pairs, seal, unseal
from gateway.usecases.scoping import limits, only_in_scope
from gateway.usecases.services import Services

MAX_INCLUDED = 1000


@dataclass(frozen=True, slots=True)
class Found:
    """One page. `next` is the token of the page after it; `warnings` go along as an outcome entry."""

    query: Query
    matches: tuple[Stored, ...]
    included: tuple[Stored, ...]
    total: int | None
    next: str | None
    warnings: tuple[Issue, ...]


@dataclass(frozen=True, slots=True)
class Walk:
    """A search under way: the query, and the key its page starts after."""

    query: Query
    after: tuple[object, ...] | None = None


def search(services: Services, asked: Asked, type: str, pairs: Pairs, *, lenient: bool = False) -> Answer[Found]:
    """One page of a search. Refuses with NotFound for an unknown type, Forbidden beyond the scopes, BadRequest for
    what is not understood; a page link also with Gone when it has expired."""
    if type not in TYPES:
        return refused(services, asked, Act.SEARCH, None, NotFound())
    try:
        allowed = limits(asked.caller, type)
        judge(asked.caller, type, pairs)
        walk = begin(services, asked, type, pairs, lenient=lenient)
        _judge_includes(asked.caller, walk.query)
    except Refusal as refusal:
        return refused(services, asked, Act.SEARCH, type, refusal)
    with services.database.read() as db:
        found = _page(services, asked, db, walk, allowed)
    asked_for = {"query": f"{type}?{walk.query.text}"}
    entries = disclosures(asked, Act.SEARCH, type, [*found.matches, *found.included], asked_for)
    return Answer(services.journal.record(entries), found)


def judge(caller: Caller, type: str, pairs: Pairs) -> None:
    """A chain asks about other types: whoever may not search those may not ask. Raises Forbidden."""
    for name, _ in pairs:
        if not all(allows(caller.scopes, other, "s") for other in _reached(type, name)):
            raise Forbidden("The token does not carry the scope for a type that the search reaches.")


def begin(services: Services, asked: Asked, type: str, pairs: Pairs, *, lenient: bool) -> Walk:
    """The walk that the parameters ask for, or that the page link among them goes on with."""
    token = dict(pairs).get(PAGE)
    if token is None:
        return Walk(clamped(parse(type, pairs, base=services.fhir_base, lenient=lenient), services))
    if len(pairs) > 1:
        raise BadRequest("A page link is followed as it was given.")
    page = unseal(services.page_secret, asked.caller, token, type, asked.at)
    return Walk(parse(type, page.pairs, base=services.fhir_base), page.key)


def next_page(services: Services, asked: Asked, walk: Walk, key: tuple[object, ...]) -> str:
    page = Page(walk.query.type, walk.query.canonical, key)
    return seal(services.page_secret, asked.caller, page, asked.at)


def clamped(query: Query, services: Services) -> Query:
    """The query with a count within bounds."""
    most = services.limits.page_maximum
    if query.controls.count is None or query.controls.count <= most:
        return query
    canonical = tuple((name, str(most) if name == "_count" else value) for name, value in query.canonical)
    notice = Issue(f"_count was lowered to {most}.", "http._count", "too-costly", "information")
    controls = replace(query.controls, count=most)
    return replace(query, canonical=canonical, controls=controls, notices=(*query.notices, notice))


def _page(services: Services, asked: Asked, db: Reader, walk: Walk, allowed: store.Limits) -> Found:
    query, controls = walk.query, walk.query.controls
    if controls.only_count:
        count = _count(asked, db, query, allowed)
        return Found(query, (), (), count, None, query.notices)
    size = services.limits.page_default if controls.count is None else controls.count
    hits = _hits(services, asked, db, walk, allowed, size + 1)
    more, hits = len(hits) > size, hits[:size]
    matches = [hit.stored for hit in hits]
    included, notices = _included(asked, db, query, matches)
    return Found(
        query,
        tuple(matches),
        tuple(included),
        _total(asked, db, walk, allowed, None if more else len(matches)),
        next_page(services, asked, walk, hits[-1].key) if more else None,
        (*query.notices, *notices),
    )


def _total(asked: Asked, db: Reader, walk: Walk, allowed: store.Limits, known: int | None) -> int | None:
    """Given where it was asked for, and where it costs nothing."""
    wanted = walk.query.controls.total
    if wanted == "none":
        return None
    if walk.after is None and known is not None:
        return known
    return _count(asked, db, walk.query, allowed) if wanted else None


def _hits(
    services: Services, asked: Asked, db: Reader, walk: Walk, allowed: store.Limits, count: int
) -> list[store.Hit]:
    if walk.query.type != "AuditEvent":
        return store.search(db, asked.visibility, walk.query, limits=allowed, after=walk.after, count=count)
    rows = audit_log.search(db, asked.visibility, walk.query, limits=allowed, after=walk.after, count=count)
    return [store.Hit(event_of(row, services.fhir_base), audit_log.key_of(row, walk.query)) for row in rows]


def _count(asked: Asked, db: Reader, query: Query, allowed: store.Limits) -> int:
    if query.type != "AuditEvent":
        return store.total(db, asked.visibility, query, limits=allowed)
    return audit_log.total(db, asked.visibility, query, limits=allowed)


def _included(asked: Asked, db: Reader, query: Query, matches: list[Stored]) -> tuple[list[Stored], list[Issue]]:
    if not matches or not query.controls.includes:
        return [], []
    known = {row.pk for row in matches}
    found: dict[int, Stored] = {}
    for include in query.controls.includes:
        rows = store.included(db, asked.visibility, include, matches, count=MAX_INCLUDED + 1)
        found |= {row.pk: row for row in only_in_scope(asked.caller, rows, "r") if row.pk not in known}
    ordered = sorted(found.values(), key=lambda row: (row.type, row.id))
    if len(ordered) <= MAX_INCLUDED:
        return ordered, []
    notice = Issue(f"Included resources end after {MAX_INCLUDED}.", None, "too-costly", "warning")
    return ordered[:MAX_INCLUDED], [notice]


def _judge_includes(caller: Caller, query: Query) -> None:
    """Asking by name for a type beyond the scopes is refused; what a plain include reaches beyond them is left out."""
    for include in query.controls.includes:
        if not all(allows(caller.scopes, other, letter) for other, letter in _named(include)):
            raise Forbidden("The token does not carry the scope for a type that is to be included.")


def _named(include: Include) -> list[tuple[str, str]]:
    if include.reverse:
        return [(include.source, "s"), (include.source, "r")]
    return [(include.target, "r")] if include.target else []


def _reached(type: str, name: str) -> set[str]:
    """The types that a chained or reverse-chained parameter asks about."""
    if name.startswith("_has:"):
        return set(name.split(":")[1:2])
    head, dot, _ = name.partition(".")
    code, _, target = head.partition(":")
    parameter = TYPES[type].parameters.get(code)
    if not dot or parameter is None or parameter.kind != "reference":
        return set()
    return {target} if target else set(parameter.targets or TYPES) & set(TYPES)
