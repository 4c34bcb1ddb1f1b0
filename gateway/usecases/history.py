"""The versions of one resource, of one type, or of all that the caller may see, newest first.

Each version is judged by its own labels and today's consent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gateway.errors import BadRequest, Forbidden, Issue, NotFound, Refusal
from gateway.fhir.dates import interval
from gateway.fhir.references import ID
from gateway.fhir.search_table import TYPES
from gateway.rules.audit import Act
from gateway.rules.scopes import allows_interaction
from gateway.store import resources
from gateway.store.database import Reader
from gateway.store.resources import Stored
from gateway.usecases.asked import Answer, Asked, refused
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
    notices: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class _Walk:
    count: int
    since: datetime | None
    pairs: tuple[tuple[str, str], ...]
    before: tuple[int, int] | None = None
    notices: tuple[Issue, ...] = ()


def history(
    services: Services, asked: Asked, type: str | None, id: str | None, pairs: Pairs, *, lenient: bool = False
) -> Answer[Versions]:
    """One page. Refuses with NotFound for what is unknown or hidden, Forbidden beyond the scopes, BadRequest."""
    place = "/".join(part for part in (type, id) if part)
    try:
        _judge(asked, type, id)
        walk = _begin(services, asked, f"{place}/_history", pairs, lenient=lenient)
        with services.database.read() as db:
            found = _page(services, asked, db, walk, type, id)
    except Refusal as refusal:
        known = type if type in TYPES else None
        return refused(services, asked, Act.HISTORY, known, refusal)
    return Answer(services.journal.record(disclosures(asked, Act.HISTORY, place or None, found.rows)), found)


def _judge(asked: Asked, type: str | None, id: str | None) -> None:
    if type is None:
        return  # the rows are chosen by scope, type by type
    if type not in TYPES or (id is not None and not ID.match(id)):
        raise NotFound
    interaction = "history-type" if id is None else "history-instance"
    if interaction not in TYPES[type].interactions:
        raise NotFound
    if not allows_interaction(asked.caller.scopes, type, interaction):
        raise Forbidden


def _begin(services: Services, asked: Asked, place: str, pairs: Pairs, *, lenient: bool) -> _Walk:
    token = dict(pairs).get(PAGE)
    if token is None:
        return _read(services, pairs, None, lenient=lenient)
    if len(pairs) > 1:
        raise BadRequest("A page link is followed as it was given.")
    page = unseal(services.page_secret, asked.caller, token, place, asked.at)
    before = (int(page.key[0]), int(page.key[1]))
    return _read(services, page.pairs, before, lenient=False)


def _read(services: Services, pairs: Pairs, before: tuple[int, int] | None, *, lenient: bool) -> _Walk:
    count, since = services.limits.page_default, None
    used: list[tuple[str, str]] = []
    notices: list[Issue] = []
    for name, value in pairs:
        if name == "_count" and value.isascii() and value.isdigit() and int(value[:9]) > 0:
            count = min(int(value[:9]), services.limits.page_maximum)
            used.append((name, str(count)))
        elif name == "_since":
            since = _moment(value)
            used.append((name, value))
        elif name == "_count":
            raise BadRequest(issues=[Issue("_count is a whole number above zero.", "http._count", "value")])
        elif not lenient:
            raise BadRequest("A history takes _count and _since only.")
        else:
            notices.append(Issue("A parameter was ignored.", None, "not-supported", "warning"))
    return _Walk(count, since, tuple(used), before, tuple(notices))


def _moment(text: str) -> datetime:
    try:
        return _EPOCH + timedelta(microseconds=interval(text.replace(" ", "+")).low)
    except (ValueError, OverflowError):  # an offset may lead out of the years there are
        raise BadRequest(issues=[Issue("_since is an instant.", "http._since", "value")]) from None


def _page(services: Services, asked: Asked, db: Reader, walk: _Walk, type: str | None, id: str | None) -> Versions:
    visibility = asked.visibility
    rows = resources.history(db, visibility, type, id, since=walk.since, before=walk.before, count=walk.count + 1)
    more, rows = len(rows) > walk.count, rows[: walk.count]
    letter = "s" if id is None else "r"
    shown = tuple(row for row in rows if row.type in TYPES and in_scope(asked.caller, row, letter))
    if id is not None and not shown and not _exists(asked, db, str(type), id):
        raise NotFound
    token = None
    if more:
        place = "/".join(part for part in (type, id) if part)
        last = (rows[-1].updated_micros, rows[-1].pk)
        token = seal(services.page_secret, asked.caller, Page(f"{place}/_history", walk.pairs, last), asked.at)
    return Versions(shown, walk.pairs, token, walk.notices)


def _exists(asked: Asked, db: Reader, type: str, id: str) -> bool:
    """Whether any version may be seen, outside of the time or page that was asked for."""
    found = resources.history(db, asked.visibility, type, id, count=1)
    return any(in_scope(asked.caller, row, "r") for row in found)
