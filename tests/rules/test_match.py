"""How alike two patients are, by the weights of the identity matching guide."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from gateway.rules.match import CERTAIN, NOT, POSSIBLE, PROBABLE, compare

RECORD_NUMBER = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]}
SAM = {
    "name": [{"family": "Rivers", "given": ["Sam", "Jo"]}],
    "birthDate": "1990-01-02",
    "telecom": [{"system": "phone", "value": "+1 (555) 010-77"}, {"system": "email", "value": "Sam@Example.org"}],
    "address": [{"line": ["1 Quay"], "city": "Port", "postalCode": "12345"}],
}


def grade(described: dict[str, Any], held: dict[str, Any]) -> str:
    return compare(described, held, "clinic").grade


def numbered(system: str = "urn:mrn", value: str = "77", **more: Any) -> dict[str, Any]:
    return {"identifier": [{"system": system, "value": value, **more}]}


def test_name_birth_date_and_ways_to_reach_make_a_match_probable_but_never_certain() -> None:
    likeness = compare(SAM, SAM, "clinic")
    assert likeness.grade == PROBABLE
    assert likeness.score == Decimal("0.95")


@pytest.mark.parametrize(
    ("described", "found"),
    [
        ({"name": SAM["name"]}, NOT),
        ({"birthDate": "1990-01-02"}, NOT),
        ({"name": SAM["name"], "birthDate": "1990-01-02"}, POSSIBLE),
        ({"telecom": [{"system": "phone", "value": "155501077"}]}, POSSIBLE),
        ({"name": SAM["name"], "birthDate": "1990-01-02", "telecom": SAM["telecom"][:1]}, PROBABLE),
        ({"name": [{"family": "RIVERS", "given": ["sam"]}], "birthDate": "1990-01-02"}, POSSIBLE),
    ],
)
def test_each_part_has_its_weight(described: dict[str, Any], found: str) -> None:
    assert grade(described, SAM) == found


@pytest.mark.parametrize(
    ("held", "found"),
    [
        (numbered(assigner={"reference": "Organization/clinic"}), CERTAIN),
        (numbered(type=RECORD_NUMBER), CERTAIN),
        (numbered(), POSSIBLE),
        (numbered(assigner={"reference": "Organization/elsewhere"}, type=RECORD_NUMBER), POSSIBLE),
        (numbered(type=RECORD_NUMBER, use="old"), NOT),
    ],
)
def test_an_identifier_is_proof_where_the_custodian_gave_it(held: dict[str, Any], found: str) -> None:
    assert grade(numbered(), held) == found


def test_an_identifier_is_proof_where_a_country_gave_it() -> None:
    ssn = numbered("http://hl7.org/fhir/sid/us-ssn", "123456789")
    assert grade(ssn, ssn) == CERTAIN


@pytest.mark.parametrize(
    "against",
    [{"birthDate": "1991-01-02"}, {"name": [{"family": "Stone", "given": ["Sam"]}]}],
)
def test_no_identifier_is_proof_against_another_birth_date_or_name(against: dict[str, Any]) -> None:
    held = SAM | numbered(type=RECORD_NUMBER)
    assert grade(SAM | numbered(), held) == CERTAIN
    assert grade(SAM | numbered() | against, held) == POSSIBLE


def test_a_birth_date_of_the_year_alone_speaks_against_nobody() -> None:
    held = SAM | numbered(type=RECORD_NUMBER)
    assert grade(numbered() | {"birthDate": "1990"}, held) == CERTAIN
