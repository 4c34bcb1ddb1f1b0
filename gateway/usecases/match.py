"""Who on record may be the patient described: https://hl7.org/fhir/R4/patient-operation-match.html

Only patients whom the caller may search for are looked at, by the means of the search itself; so an answer is the same
whether or not there are others. Nothing is merged, and nothing is written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from gateway.errors import Forbidden, Issue, Refusal, Unprocessable
from gateway.fhir.check import check
from gateway.fhir.json import parse as parse_json
from gateway.fhir.search.query import parse
from gateway.rules.audit import Act
from gateway.rules.match import CERTAIN, NOT, Likeness, compare, doubted
from gateway.rules.scopes import allows
from gateway.store.database import Reader
from gateway.store.resources import Stored
from gateway.store.search import search
from gateway.usecases.asked import Answer, Asked, refused
from gateway.usecases.bounded import bounded
from gateway.usecases.disclosures import disclosures
from gateway.usecases.scoping import only_in_scope, scope_of
from gateway.usecases.services import Services

_QUERIES = 24  # searches made of one description
_CANDIDATES = 100  # found by each of them
_PLACE = "Parameters.parameter.where(name='resource').resource"
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Match:
    stored: Stored
    likeness: Likeness


@dataclass(frozen=True, slots=True)
class Matches:
    """The best first."""

    found: tuple[Match, ...]
    notices: tuple[Issue, ...] = ()


def match(
    services: Services, asked: Asked, patient: Any, *, only_certain: bool = False, count: int | None = None
) -> Answer[Matches]:
    """The patients on record who may be the one described. `only_certain`: the one who is for certain, or none.

    Refuses with Forbidden beyond the scopes, and Unprocessable for what is no Patient or has nothing to match by.
    """
    try:
        if not all(allows(asked.caller.scopes, "Patient", letter) for letter in "rs"):
            raise Forbidden
        queries = list(islice(_queries(_checked(patient)), _QUERIES))
        if not queries:
            words = "An identifier, a telecom, or a name with a birth date or given name is needed."
            raise Unprocessable(issues=[Issue(words, _PLACE, "required")])
        with services.database.read() as db, bounded(services, db):
            candidates = _candidates(services, asked, db, queries)
    except Refusal as refusal:
        return refused(services, asked, Act.OPERATION, "Patient", refusal)
    graded = _graded(patient, candidates)
    found = _certain(graded) if only_certain else Matches(tuple(graded))
    found = Matches(found.found[:count], found.notices)
    rows = [each.stored for each in found.found]
    entries = disclosures(asked, Act.OPERATION, "Patient", rows, {"query": "Patient/$match"})
    return Answer(services.journal.record(entries), found)


def _checked(patient: Any) -> Mapping[str, Any]:
    if issues := check(patient):
        raise Unprocessable(issues=[Issue(one.text, _placed(one), one.code, one.severity) for one in issues])
    checked: Mapping[str, Any] = patient
    return checked


def _placed(issue: Issue) -> str:
    return _PLACE + (issue.expression or "Patient").removeprefix("Patient")


def _queries(patient: Mapping[str, Any]) -> Iterator[list[Pair]]:
    """The searches by which somebody like the patient is found, the most telling first."""
    for each in patient.get("identifier", ()):
        if each.get("system") and each.get("value"):
            yield [("identifier", f"{_escaped(each['system'])}|{_escaped(each['value'])}")]
    for name in patient.get("name", ()):
        if family := name.get("family"):
            if "birthDate" in patient:
                yield [("family", _escaped(family)), ("birthdate", patient["birthDate"])]
            if any(name.get("given", ())):
                yield [("family", _escaped(family)), ("given", _escaped(next(filter(None, name["given"]))))]
    for each in patient.get("telecom", ()):
        if each.get("system") in ("email", "phone") and each.get("value"):
            yield [(each["system"], _escaped(each["value"]))]


def _escaped(text: str) -> str:
    """As a value of a search: https://hl7.org/fhir/R4/search.html#escaping"""
    for sign in "\\,|$":
        text = text.replace(sign, f"\\{sign}")
    return text


def _candidates(services: Services, asked: Asked, db: Reader, queries: list[list[Pair]]) -> list[Stored]:
    found: dict[str, Stored] = {}
    for pairs in queries:
        query = parse("Patient", pairs, base=services.fhir_base)
        scope = scope_of(asked.caller, query)
        for hit in search(db, asked.visibility, query, scope=scope, count=_CANDIDATES):
            found[hit.stored.id] = hit.stored
    return only_in_scope(asked.caller, list(found.values()), "r")


def _graded(patient: Mapping[str, Any], candidates: list[Stored]) -> list[Match]:
    likely = [Match(row, compare(patient, parse_json(row.text), row.custodian_id)) for row in candidates]
    proofs = Counter(proof for each in likely for proof in each.likeness.proof)
    judged = [
        Match(each.stored, doubted(each.likeness)) if any(proofs[proof] > 1 for proof in each.likeness.proof) else each
        for each in likely
        if each.likeness.grade != NOT
    ]
    return sorted(judged, key=lambda each: (-each.likeness.score, each.stored.id))


def _certain(graded: list[Match]) -> Matches:
    """FHIR: if there are several potential matches, certain is none of them."""
    certain = [each for each in graded if each.likeness.grade == CERTAIN]
    if len(certain) > 1:
        notice = Issue("More than one patient matches; none of them for certain.", None, "multiple-matches", "warning")
        return Matches((), (notice,))
    return Matches(tuple(certain))
