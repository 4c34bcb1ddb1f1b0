"""One description of content in a provision (`code`, `dataPeriod`, `data`), and which resources it fits.

Labels and types (`securityLabel`, `class`) need none: a shape compares them itself (rules/shape.py). A selector of a
permit is read narrowly, one of a deny widely. https://hl7.org/fhir/R4/consent-definitions.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from gateway.fhir.care_dates import CARE_DATES
from gateway.fhir.dates import END, Interval, period
from gateway.fhir.elements import objects_of
from gateway.fhir.json import dump, parse
from gateway.fhir.references import literal
from gateway.fhir.search.index import index
from gateway.fhir.search.rows import DateRow

# Who made it: FiveWs.author of each type, or who performed it where there is no author.
_AUTHORS = ("author", "recorder", "requester", "asserter", "performer", "sender")
# Who took part in making it.
_PARTICIPANTS = (
    *_AUTHORS,
    *("informationSource", "enterer", "verifier", "attester", "authenticator", "signed", "source", "authorReference"),
    *("contributor", "resultsInterpreter", "interpreter", "assessor", "operator", "expressedBy"),
)
_AGENTS = ("actor", "party", "who", "individual")  # where they stand in an element of their own
_CARE_DATES = {dates.type: dates for dates in CARE_DATES}
Refers = Mapping[str, frozenset[str]]
UNKNOWN: Refers = {}


@dataclass(frozen=True)
class Selector:
    """`value` is system and code, start and end of a period ("" is open), or a reference."""

    what: str
    value: tuple[str, ...]
    wide: bool = False

    @cached_property
    def id(self) -> str:
        """Its canonical JSON; equal selectors of different consents are one."""
        return dump([self.what, *self.value, self.wide]).decode()

    @property
    def body(self) -> bytes:
        return self.id.encode()

    @property
    def anchor(self) -> str | None:
        """The resource of which must be known what it refers to."""
        return self.value[0] if self.what == "related" else None

    def meets(self, resource: Mapping[str, Any], refers: Refers) -> bool:
        """Whether a checked resource is meant. `refers` tells what each anchor refers to, as `Type/id`."""
        return _MEETS[self.what](self, resource, refers)


def anchored_at(reference: str) -> tuple[Selector, Selector]:
    """Both selectors that have this resource as their anchor."""
    return Selector("related", (reference,)), Selector("related", (reference,), wide=True)


@cache
def selector_of(body: bytes) -> Selector:
    """A selector read back. Raises ValueError for a body this gateway does not know."""
    what, *value, wide = parse(body)
    selector = Selector(what, tuple(value), wide)
    if what not in _MEETS or selector.body != body:
        raise ValueError("not the body of a selector")
    return selector


def outgoing(resource: Mapping[str, Any]) -> frozenset[str]:
    """Everything the resource refers to here, as `Type/id`, without versions."""
    return frozenset(_references(resource))


def _references(value: Any) -> Iterator[str]:
    for each in objects_of(value):
        text = each.get("reference")
        found = literal(text) if isinstance(text, str) else None
        if found is not None and found.is_local:
            yield f"{found.type}/{found.id}"


def _name(resource: Mapping[str, Any]) -> str:
    return f"{resource['resourceType']}/{resource.get('id')}"


def _has_code(selector: Selector, resource: Mapping[str, Any], _: Refers) -> bool:
    """For a permit: as a concept of the resource itself. For a deny: anywhere, as the R4 definition has it."""
    inside = {name: held for name, held in resource.items() if name != "meta"}
    if selector.wide:
        return selector.value in _codings(inside)
    own = [held for held in inside.values() if isinstance(held, dict | list)]
    concepts = [each for held in own for each in (held if isinstance(held, list) else [held]) if _is_concept(each)]
    return selector.value in _codings(concepts)


def _is_concept(value: Any) -> bool:
    """A CodeableConcept or Coding: not a Quantity, and not what has a code of its own, as a component has."""
    if not isinstance(value, dict):
        return False
    return "coding" in value or (isinstance(value.get("code"), str) and "value" not in value)


def _codings(value: Any) -> set[tuple[str, str]]:
    return {(each.get("system", ""), each["code"]) for each in objects_of(value) if isinstance(each.get("code"), str)}


def _is_within(selector: Selector, resource: Mapping[str, Any], _: Refers) -> bool:
    """For a permit: dated, and whole within. For a deny: not wholly outside, or undated."""
    start, end = selector.value
    asked = period({"start": start, "end": end})
    care = _care_of(resource)
    if care is None:
        return selector.wide
    if selector.wide:
        return care.low <= asked.high and asked.low <= care.high
    return asked.low <= care.low and care.high <= asked.high


def _care_of(resource: Mapping[str, Any]) -> Interval | None:
    """When the care was; what has begun and has no end yet goes on."""
    care = _CARE_DATES.get(resource["resourceType"])
    rows = [row for row in index(resource) if isinstance(row, DateRow)] if care else []
    began = [row for row in rows if care and row.name in care.began]
    over = [row for row in rows if care and row.name in care.over]
    if not began and not over:
        return None
    low = min(row.low for row in began + over)
    if care and care.over and not over:
        return Interval(low, END)
    return Interval(low, max(row.high for row in began + over))


def _is_instance(selector: Selector, resource: Mapping[str, Any], _: Refers) -> bool:
    return _name(resource) == selector.value[0]


def _depends(selector: Selector, resource: Mapping[str, Any], _: Refers) -> bool:
    """The instance, and what refers to it."""
    return _name(resource) == selector.value[0] or selector.value[0] in outgoing(resource)


def _is_related(selector: Selector, resource: Mapping[str, Any], refers: Refers) -> bool:
    """The instance, what refers to it, and what it refers to."""
    return _depends(selector, resource, refers) or _name(resource) in refers.get(selector.value[0], ())


def _is_authored(selector: Selector, resource: Mapping[str, Any], _: Refers) -> bool:
    """For a permit: the author of the whole. For a deny: who took part in any of it."""
    named, parts = (_PARTICIPANTS, objects_of(resource)) if selector.wide else (_AUTHORS, [resource])
    return any(selector.value[0] in _directly(part[name]) for part in parts for name in named if name in part)


def _directly(value: Any) -> Iterator[str]:
    """The references of an element, or of the persons in it; not of what else it tells of them."""
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, dict):
            yield from _references({name: held for name, held in each.items() if name == "reference"})
            yield from (found for name in _AGENTS if name in each for found in _references(each[name]))


_MEETS = {
    "code": _has_code,
    "period": _is_within,
    "instance": _is_instance,
    "related": _is_related,
    "dependents": _depends,
    "authoredby": _is_authored,
}
