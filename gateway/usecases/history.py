"""The versions of one resource, of one type, or of all that the caller may see, newest first.

Each version is judged by its own labels and today's consent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from gateway.errors import BadRequest, Forbidden, Issue, NotFound, NotSupported, Refusal
from gateway.fhir.dates import Interval, interval
from gateway.fhir.references import ID
from gateway.fhir.search.table import TYPES
from gateway.rules.access import Caller
from gateway.rules.audit import Act
from gateway.rules.scopes import allows, allows_interaction
from gateway.store import history as store
from gateway.store.binaries import only_opened
from gateway.store.database import Reader
from gateway.store.pages import fitting
from gateway.store.resources import Stored
from gateway.usecases.asked import Answer, Asked, refused
from gateway.usecases.bounded import bounded
from gateway.usecases.disclosures import disclosures
from gateway.usecases.page import PAGE, Page, Pairs, seal, unseal
from gateway.usecases.scoping import in_scope
from gateway.usecases.services import Services

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Versions:
    """One page of a history; `pairs` are the parameters that were used."""

    rows: tuple[Stored, ...]
    pairs: tuple[tuple[str, str], ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class _Walk:
    types: tuple[str, ...]
    count: int
    since: datetime | None = None
    at: Interval | None = None
    pairs: tuple[tuple[str, str], ...] = ()
    before: tuple[int, int] | None = None


def history(
    services: Services, asked: Asked, type: str | None, id: str | None, pairs: Pairs, *, lenient: bool = False
) -> Answer[Versions]:
    """One page. Refuses with NotFound for what is unknown or hidden, NotSupported for a type without a history,
    Forbidden beyond the scopes, BadRequest for what is not understood."""
    try:
        with services.database.read() as db, bounded(services, db):
            found = history_in(services, asked, db, type, id, pairs, lenient=lenient)
    except Refusal as refusal:
        return refused(services, asked, Act.HISTORY, type if type in TYPES else None, refusal)
    entries = disclosures(asked, Act.HISTORY, _place(type, id) or None, found.rows)
    return Answer(services.journal.record(entries), found)


def history_in(
    services: Services,
    asked: Asked,
    db: Reader,
    type: str | None,
    id: str | None,
    pairs: Pairs,
    *,
    lenient: bool = False,
) -> Versions:
    """One page in a unit of work that is under way. Raises what `history` refuses with."""
    _judge(asked, type, id)
    walk = _begin(services, asked, type, id, pairs, lenient=lenient)
    rows = store.history(
        db,
        asked.visibility,
        walk.types,
        id,
        since=walk.since,
        at=walk.at,
        before=walk.before,
        count=walk.count + 1,
    )
    size = fitting(rows, walk.count)
    more, rows = len(rows) > size, rows[:size]
    opened = only_opened(db, asked.visibility, rows)
    shown = tuple(row for row in opened if in_scope(asked.caller, row, "s" if id is None else "r"))
    if id is not None and not shown and not _exists(asked, db, str(type), id):
        raise NotFound
    token = None
    if more:
        page = Page(f"{_place(type, id)}/_history", walk.pairs, (rows[-1].updated_micros, rows[-1].pk))
        token = seal(services.page_secret, asked.caller, page, asked.at)
    return Versions(shown, walk.pairs, token)


def _place(type: str | None, id: str | None) -> str:
    return "/".join(part for part in (type, id) if part)


def _judge(asked: Asked, type: str | None, id: str | None) -> None:
    if type is None:
        return  # the rows are chosen by scope, type by type
    if type not in TYPES or (id is not None and not ID.match(id)):
        raise NotFound
    interaction = "history-type" if id is None else "history-instance"
    if interaction not in TYPES[type].interactions:
        raise NotSupported
    if not allows_interaction(asked.caller.scopes, type, interaction):
        raise Forbidden


def _begin(services: Services, asked: Asked, type: str | None, id: str | None, pairs: Pairs, *, lenient: bool) -> _Walk:
    token = dict(pairs).get(PAGE)
    if token is None:
        return _read(services, asked, type, pairs, lenient=lenient)
    if len(pairs) > 1:
        raise BadRequest("A page link is followed as it was given.")
    page = unseal(services.page_secret, asked.caller, token, f"{_place(type, id)}/_history", asked.at)
    walk = _read(services, asked, type, page.pairs, lenient=False)
    return replace(walk, before=(int(page.key[0]), int(page.key[1])))


def _read(services: Services, asked: Asked, type: str | None, pairs: Pairs, *, lenient: bool) -> _Walk:
    walk = _Walk((type,) if type else _types(asked.caller, pairs), services.limits.page_default)
    for name, value in pairs:
        used = value
        if name == "_count" and value.isascii() and value.isdigit() and int(value[:9]) > 0:
            walk = replace(walk, count=min(int(value[:9]), services.limits.page_maximum))
            used = str(walk.count)
        elif name == "_count":
            raise BadRequest(issues=[Issue("_count is a whole number above zero.", "http._count", "value")])
        elif name == "_since":
            walk = replace(walk, since=_EPOCH + timedelta(microseconds=_span(name, value).low))
        elif name == "_at":
            walk = replace(walk, at=_span(name, value))
        elif name == "_type" and type is None:
            pass  # read already
        elif lenient:
            continue
        else:
            raise BadRequest("A history takes _count, _since and _at only; that of the system _type, too.")
        walk = replace(walk, pairs=(*walk.pairs, (name, used)))
    return walk


def _types(caller: Caller, pairs: Pairs) -> tuple[str, ...]:
    """The types of the history of the system: those that `_type` names, or all that the scopes allow."""
    possible = {name for name, table in TYPES.items() if "history-type" in table.interactions}
    named = {type for name, value in pairs if name == "_type" for type in value.split(",")}
    if not named <= possible:
        raise BadRequest(issues=[Issue("_type names a type that has no history here.", "http._type", "value")])
    allowed = tuple(sorted(name for name in named or possible if allows(caller.scopes, name, "s")))
    if not allowed or (named and set(allowed) != named):
        raise Forbidden
    return allowed


def _span(name: str, text: str) -> Interval:
    try:
        found = interval(text.replace(" ", "+"))
        _EPOCH + timedelta(microseconds=found.low)  # an offset may lead out of the years there are
    except (ValueError, OverflowError):
        raise BadRequest(issues=[Issue(f"{name} is a date with or without a time.", f"http.{name}", "value")]) from None
    return found


def _exists(asked: Asked, db: Reader, type: str, id: str) -> bool:
    """Whether any version may be seen, outside of the time or page that was asked for."""
    found = only_opened(db, asked.visibility, store.history(db, asked.visibility, (type,), id, count=1))
    return any(in_scope(asked.caller, row, "r") for row in found)
