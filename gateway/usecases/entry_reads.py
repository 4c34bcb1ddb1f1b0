"""The reads of a Bundle: in a transaction answered inside of it, so that they see what it writes; in a batch alone.

https://hl7.org/fhir/R4/http.html#trules
"""

from __future__ import annotations

from typing import TypeVar
from urllib.parse import parse_qsl

from gateway.errors import BadRequest, Forbidden, Gone, NotFound, TooLarge
from gateway.fhir.dates import MICROS, interval
from gateway.fhir.search.table import TYPES
from gateway.fhir.transaction.requests import Entry
from gateway.rules.audit import Act
from gateway.rules.scopes import allows
from gateway.store import audit
from gateway.store.database import Writer
from gateway.store.resources import Stored
from gateway.usecases import read, search
from gateway.usecases.asked import Answer, Asked
from gateway.usecases.disclosures import disclosures
from gateway.usecases.entries import Answered
from gateway.usecases.page import Pairs
from gateway.usecases.scoping import in_scope
from gateway.usecases.search import Found
from gateway.usecases.services import Services
from gateway.usecases.walk import Place

T = TypeVar("T")
_MOST_FIELDS = 250
_FORM = frozenset({"_format", "_pretty"})  # there is one form inside of a Bundle


class Allowance:
    """How much the reads of one Bundle may give out together, in bytes."""

    def __init__(self, services: Services) -> None:
        self._left = services.limits.write_bytes

    def check(self) -> None:
        """Before a read. Raises TooLarge."""
        if self._left < 0:
            raise TooLarge("The entries before this one read as much as one Bundle may hold.")

    def take(self, answered: Answered) -> Answered:
        found = answered.found
        rows = (*found.matches, *found.included) if found else (answered.stored,) if answered.stored else ()
        self._left -= sum(len(row.text) for row in rows)
        return answered


def read_inside(services: Services, asked: Asked, writer: Writer, entry: Entry) -> Answered:
    """What a GET or HEAD finds in the transaction, which records it. Refuses as reading and searching do."""
    address = entry.address
    if address.id is None:
        place, pairs = Place(address.type), pairs_of(entry)
        found = search.found_in(services, asked, writer, place, pairs)
        for told in disclosures(
            asked, Act.SEARCH, address.type, [*found.matches, *found.included], _query(place, found)
        ):
            audit.record(writer, told)
        return Answered(entry, 200, found=found)
    if address.type not in TYPES:
        raise NotFound
    if not allows(asked.caller.scopes, address.type, "r"):
        raise Forbidden
    stored = read.find(services, asked, writer, address.type, address.id, address.version)
    if stored is None or not in_scope(asked.caller, stored, "r"):
        raise NotFound
    for told in read.told(asked, Act.VREAD if address.version else Act.READ, stored):
        audit.record(writer, told)
    if stored.is_deleted:
        raise Gone
    return _unless_known(entry, stored)


def read_alone(services: Services, asked: Asked, entry: Entry) -> Answered:
    """The same as a request of its own: when this returns, or raises the refusal, the record is durable."""
    address = entry.address
    if address.id is None:
        found = _durable(search.search(services, asked, Place(address.type), pairs_of(entry)))
        return Answered(entry, 200, found=found)
    if address.version is None:
        return _unless_known(entry, _durable(read.read(services, asked, address.type, address.id)))
    return _unless_known(entry, _durable(read.vread(services, asked, address.type, address.id, address.version)))


def pairs_of(entry: Entry) -> Pairs:
    """The parameters of a search. Raises BadRequest for what cannot be read."""
    try:
        pairs = parse_qsl(
            entry.address.query or "", keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
        )
    except ValueError:
        raise BadRequest("The parameters cannot be read.") from None
    return [pair for pair in pairs if pair[0] not in _FORM]


def _query(place: Place, found: Found) -> dict[str, str]:
    return {"query": f"{place.address}?{found.query.text}"}


def _durable(answer: Answer[T]) -> T:
    answer.recorded.result()
    return answer.open()


def _unless_known(entry: Entry, stored: Stored) -> Answered:
    """The version, or that the caller has it already."""
    return Answered(entry, 304 if _is_known(entry, stored) else 200, stored)


def _is_known(entry: Entry, stored: Stored) -> bool:
    if entry.if_none_match is not None:
        tags = {tag.strip().removeprefix("W/") for tag in entry.if_none_match.split(",")}
        return bool(tags & {"*", stored.etag.removeprefix("W/")})
    if entry.if_modified_since is None or stored.redacts:
        return False
    return stored.updated_micros // MICROS * MICROS <= interval(entry.if_modified_since).low
