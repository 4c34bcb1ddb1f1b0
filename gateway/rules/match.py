"""How alike a patient described and a patient on record are. Nothing is ever merged on the strength of it.

Weights: HL7 FAST Interoperable Digital Identity and Patient Matching 2.0.0, the table behind its invariants idi-L0 and
idi-L1: a passport, driver's licence or state identifier weighs 5 (two at most count); one of home address, e-mail,
phone, another identifier 4, several of them 5; family with given name 3; birth date 2. Level 0 wants 9, level 1 wants
10. Grades: https://hl7.org/fhir/R4/valueset-match-grade.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from gateway.fhir.search.values import fold

CERTAIN, PROBABLE, POSSIBLE, NOT = "certain", "probable", "possible", "certainly-not"
LEVEL_0, LEVEL_1 = 9, 10  # what makes a match probable; what the score is a part of
_SHOWN = 4  # one telecom, address or identifier, or more
_ISSUED = frozenset({"PPN", "DL", "STID"})
_ISSUED_WEIGHT, _ISSUED_MOST, _ONE, _SEVERAL, _NAME, _BIRTH = 5, 10, 4, 5, 3, 2
_RECORD_NUMBER = "MR"  # https://terminology.hl7.org/CodeSystem/v2-0203: unique within one custodian's records
# Identifiers that a country gives to one person each.
NATIONAL_SYSTEMS = frozenset(
    {
        "http://hl7.org/fhir/sid/us-ssn",
        "http://hl7.org/fhir/sid/us-mbi",
        "https://fhir.nhs.uk/Id/nhs-number",
        "https://standards.digital.health.nz/ns/nhi-id",
        "http://ns.electronichealth.net.au/id/hi/ihi/1.0",
        "http://fhir.de/sid/gkv/kvid-10",
    }
)

Patient = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Likeness:
    """`grade` is a match-grade, `score` between 0 and 1. `proof` are the identifiers that make a match certain."""

    grade: str
    score: Decimal
    proof: frozenset[tuple[str, str]] = frozenset()


def compare(described: Patient, held: Patient, custodian_id: str | None) -> Likeness:
    """How alike they are. `custodian_id` is the organization that keeps the record.

    Certain is only an identifier, equal in system and value, that the custodian itself or a country gave, while birth
    date and name do not speak against it. Gender speaks against nobody: records of one person differ in it.
    """
    points = _points(described, held)
    proof = _shared(described, held) & _proving(held, custodian_id)
    if _contradict(described, held):
        return Likeness(POSSIBLE if proof or points >= _SHOWN else NOT, _score(points) / 2)
    if proof:
        return Likeness(CERTAIN, Decimal(1), proof)
    if points >= LEVEL_0:
        return Likeness(PROBABLE, min(_score(points), Decimal("0.95")))
    return Likeness(POSSIBLE if points >= _SHOWN else NOT, _score(points))


def doubted(likeness: Likeness) -> Likeness:
    """A certain match when another record has the same identifier: one of them must be wrong."""
    return Likeness(PROBABLE, Decimal("0.95"))


def _score(points: int) -> Decimal:
    return Decimal(min(points, LEVEL_1)) / LEVEL_1


def _points(described: Patient, held: Patient) -> int:
    shared = _shared(described, held)
    issued = shared & {(system, value) for system, value, code, _ in _identifiers(held) if code in _ISSUED}
    others = sum(
        (
            bool(shared - issued),
            bool(_homes(described) & _homes(held)),
            bool(_telecoms(described, "email") & _telecoms(held, "email")),
            bool(_telecoms(described, "phone") & _telecoms(held, "phone")),
        )
    )
    return (
        min(_ISSUED_WEIGHT * len(issued), _ISSUED_MOST)
        + (0, _ONE, _SEVERAL)[min(others, 2)]
        + _NAME * bool(_names(described) & _names(held))
        + _BIRTH * (described.get("birthDate") is not None and described.get("birthDate") == held.get("birthDate"))
    )


def _contradict(described: Patient, held: Patient) -> bool:
    """Two birth dates of which neither is a part of the other, or family names of which none is the same."""
    born, known = described.get("birthDate") or "", held.get("birthDate") or ""
    if not born.startswith(known) and not known.startswith(born):
        return True
    families, held_families = _families(described), _families(held)
    return bool(families and held_families) and not families & held_families


def _identifiers(patient: Patient) -> Iterator[tuple[str, str, str, str]]:
    """System, value, type code, assigner."""
    for each in patient.get("identifier", ()):
        codes = [coding.get("code", "") for coding in each.get("type", {}).get("coding", ())]
        if each.get("system") and each.get("value") and each.get("use") != "old":
            assigner = each.get("assigner", {}).get("reference", "")
            yield each["system"], each["value"], codes[0] if codes else "", assigner


def _shared(described: Patient, held: Patient) -> frozenset[tuple[str, str]]:
    """Identifiers equal in system and value."""
    pairs = ({(system, value) for system, value, _, _ in _identifiers(one)} for one in (described, held))
    return frozenset(next(pairs) & next(pairs))


def _proving(held: Patient, custodian_id: str | None) -> set[tuple[str, str]]:
    """The identifiers on record that the custodian gave (it is their assigner, or they are record numbers of nobody
    else), or a country."""
    own = f"Organization/{custodian_id}"
    return {
        (system, value)
        for system, value, code, assigner in _identifiers(held)
        if system in NATIONAL_SYSTEMS or assigner == own or (code == _RECORD_NUMBER and not assigner)
    }


def _families(patient: Patient) -> set[str]:
    return {fold(name["family"]) for name in patient.get("name", ()) if name.get("family")}


def _names(patient: Patient) -> set[tuple[str, str]]:
    """Each family name with each first given name."""
    return {
        (fold(name["family"]), fold(name["given"][0]))
        for name in patient.get("name", ())
        if name.get("family") and name.get("given") and name["given"][0]
    }


def _telecoms(patient: Patient, system: str) -> set[str]:
    found = (each["value"] for each in patient.get("telecom", ()) if each.get("system") == system and each.get("value"))
    if system == "phone":
        return {digits for value in found if (digits := "".join(c for c in value if c.isdigit()))}
    return {value.strip().casefold() for value in found}


def _homes(patient: Patient) -> set[tuple[str, str]]:
    """Home addresses: the lines with the postal code, or with city and state."""
    return {
        (
            fold(" ".join(each["line"])),
            fold(each.get("postalCode") or f"{each.get('city', '')} {each.get('state', '')}"),
        )
        for each in patient.get("address", ())
        if each.get("line") and each.get("use", "home") == "home" and (each.get("postalCode") or each.get("city"))
    }
