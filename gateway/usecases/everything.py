"""The whole record of a patient in pages: https://hl7.org/fhir/R4/operation-patient-everything.html

The Patient comes first, then what belongs to the patient by type and id, then what that refers to; a page link goes on
after a place in this order, so that what comes or goes meanwhile neither repeats nor hides anything else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from gateway.errors import BadRequest, Forbidden, Issue, Refusal
from gateway.fhir.dates import BEGINNING, END, Interval, interval
from gateway.fhir.search.table import TYPES
from gateway.rules.audit import Act
from gateway.rules.scopes import allows
from gateway.store.database import Reader
from gateway.store.pages import is_full
from gateway.store.resources import Stored
from gateway.usecases import belonging
from gateway.usecases.asked import Answer, Asked, refused
from gateway.usecases.disclosures import disclosures
from gateway.usecases.page import PAGE, Page, Pairs, seal, unseal
from gateway.usecases.services import Services

MATCH, INCLUDE = "match", "include"
_AT_ONCE = 16  # texts that are fetched before it is asked whether they fill a page
_Place = tuple[int, str, str]  # where a row stands in the answer: its part, its type, its id


@dataclass(frozen=True, slots=True)
class Record:
    """One page: each row with its search mode. `pairs` are the parameters that were used."""

    rows: tuple[tuple[Stored, str], ...]
    total: int
    pairs: tuple[tuple[str, str], ...]
    next: str | None
    notices: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class _Walk:
    count: int
    within: Interval | None = None
    since: int | None = None
    types: frozenset[str] | None = None
    pairs: tuple[tuple[str, str], ...] = ()
    notices: tuple[Issue, ...] = ()
    after: _Place | None = None


def everything(services: Services, asked: Asked, id: str, pairs: Pairs) -> Answer[Record]:
    """One page of the record. Refuses with NotFound for who is unknown or hidden, Gone, Forbidden beyond the scopes,
    BadRequest for what is not understood; a page link also with Gone when it has expired."""
    try:
        walk = _begin(services, asked, f"Patient/{id}/$everything", pairs)
        _judge(asked, walk)
        with services.database.read() as db:
            found = _page(services, asked, db, id, walk)
    except Refusal as refusal:
        return refused(services, asked, Act.OPERATION, "Patient", refusal)
    rows = [row for row, _ in found.rows]
    query = "?".join(part for part in (f"Patient/{id}/$everything", urlencode(found.pairs, safe=":,")) if part)
    return Answer(services.journal.record(disclosures(asked, Act.OPERATION, "Patient", rows, {"query": query})), found)


def _begin(services: Services, asked: Asked, place: str, pairs: Pairs) -> _Walk:
    token = dict(pairs).get(PAGE)
    if token is None:
        return _read(services, pairs)
    if len(pairs) > 1:
        raise BadRequest("A page link is followed as it was given.")
    page = unseal(services.page_secret, asked.caller, token, place, asked.at)
    walk = _read(services, page.pairs)
    part, type, row_id = page.key
    return _Walk(walk.count, walk.within, walk.since, walk.types, walk.pairs, after=(int(part), type, row_id))


def _read(services: Services, pairs: Pairs) -> _Walk:
    """Raises BadRequest with one issue per fault."""
    given: dict[str, str] = {}
    types: list[str] = []
    issues: list[Issue] = []
    for name, value in pairs:
        if name == "_type":
            types += value.split(",")
        elif name in given or name not in ("start", "end", "_since", "_count"):
            issues.append(Issue("The parameter is unknown or given twice.", "http", "not-supported"))
        given[name] = value
    if unknown := [name for name in types if name not in TYPES]:
        issues.append(Issue(f"{len(unknown)} of the types are not known here.", "http._type", "value"))
    first, last = _moment("start", given, issues), _moment("end", given, issues)
    since, count = _moment("_since", given, issues), _count(given.get("_count"), issues)
    if issues:
        raise BadRequest(issues=issues)
    most = services.limits.page_maximum
    within = Interval(first.low if first else BEGINNING, last.high if last else END) if first or last else None
    notices = (Issue(f"_count was lowered to {most}.", "http._count", "too-costly", "information"),)
    return _Walk(
        min(count or most, most),
        within,
        since.low if since else None,
        frozenset(types) if types else None,
        tuple((name, value) for name, value in pairs),
        notices if count and count > most else (),
    )


def _moment(name: str, given: dict[str, str], issues: list[Issue]) -> Interval | None:
    if name not in given:
        return None
    try:
        return interval(given[name])
    except ValueError:
        issues.append(Issue(f"{name} is a date or time.", f"http.{name}", "value"))
        return None


def _count(text: str | None, issues: list[Issue]) -> int | None:
    if text is None:
        return None
    if text.isascii() and text.isdigit() and int(text[:9]) > 0:
        return int(text[:9])
    issues.append(Issue("_count is a whole number above 0.", "http._count", "value"))
    return None


def _judge(asked: Asked, walk: _Walk) -> None:
    """Whoever asks by name for a type beyond the scopes is refused; without names, it is left out."""
    for type in walk.types or ():
        letter = "s" if type in belonging.LINKS else "r"
        if type != "Patient" and not allows(asked.caller.scopes, type, letter):
            raise Forbidden("The token does not carry the scope for a type that is asked for.")


def _page(services: Services, asked: Asked, db: Reader, id: str, walk: _Walk) -> Record:
    patient = belonging.patient_of(db, asked, id)
    own = [row for row in belonging.compartment(db, asked, id, within=walk.within) if row.pk != patient.pk]
    told = belonging.telling_of(db, asked, [patient, *own])
    held = {row.pk: row for row in (*own, *told)}
    shared = belonging.referred(db, asked, [patient, *held.values()])
    places: dict[_Place, Stored] = {(0, "", ""): patient}
    places |= {(1, row.type, row.id): row for row in held.values()}
    places |= {(2, row.type, row.id): row for row in shared if row.pk not in held}
    wanted = {place: row for place, row in sorted(places.items()) if _is_wanted(row, walk)}
    rest = [place for place in wanted if walk.after is None or place > walk.after]
    rows, now = _texts(db, asked, wanted, rest[: walk.count])
    modes = {wanted[place].pk: INCLUDE if place[0] == 2 else MATCH for place in now}
    more = len(rest) > len(now)
    return Record(
        tuple((row, modes[row.pk]) for row in rows),
        sum(place[0] < 2 for place in wanted),
        walk.pairs,
        _next(services, asked, id, walk, now[-1]) if more else None,
        walk.notices,
    )


def _texts(
    db: Reader, asked: Asked, wanted: Mapping[_Place, Stored], places: Sequence[_Place]
) -> tuple[list[Stored], Sequence[_Place]]:
    """The rows at the places with their text, and the places that were looked at: no more bytes than a page holds."""
    rows: list[Stored] = []
    for start in range(0, len(places), _AT_ONCE):
        some = places[start : start + _AT_ONCE]
        rows += belonging.texts(db, asked, [wanted[place] for place in some])
        if is_full(row.size for row in rows):
            return rows, places[: start + len(some)]
    return rows, places


def _is_wanted(row: Stored, walk: _Walk) -> bool:
    return (walk.types is None or row.type in walk.types) and (walk.since is None or row.updated_micros >= walk.since)


def _next(services: Services, asked: Asked, id: str, walk: _Walk, last: _Place) -> str:
    page = Page(f"Patient/{id}/$everything", walk.pairs, last)
    return seal(services.page_secret, asked.caller, page, asked.at)
