"""Whose compartment a resource is in, as R4 defines it."""

from __future__ import annotations

import pytest

from gateway.fhir.compartments import PATIENT
from gateway.fhir.definitions.build_compartments import build
from gateway.fhir.search.table import TYPES
from tests.world import R4_PACKAGE


@pytest.mark.spec("F-148")
@pytest.mark.parametrize(
    "name", ["Binary", "Bundle", "Task", "Subscription", "MessageHeader", "Practitioner", "Organization", "Device"]
)
def test_what_r4_keeps_out_of_the_compartment_is_not_in_it(name: str) -> None:
    assert name not in PATIENT


@pytest.mark.spec("F-148")
@pytest.mark.parametrize(
    "name", ["AuditEvent", "Provenance", "Consent", "Composition", "DocumentReference", "List", "Group"]
)
def test_what_r4_puts_in_the_compartment_is_in_it(name: str) -> None:
    assert PATIENT[name]


def test_every_parameter_of_the_compartment_is_a_reference_that_its_type_can_be_searched_by() -> None:
    members = [(name, code) for name in PATIENT.keys() & TYPES.keys() for code in PATIENT[name]]
    assert [
        (name, code)
        for name, code in members
        if code not in TYPES[name].parameters or TYPES[name].parameters[code].kind != "reference"
    ] == []


def test_the_table_is_what_the_definitions_make() -> None:
    if not R4_PACKAGE.exists():
        pytest.skip("the R4 definitions package is not in ../shared/packages")
    assert {name: tuple(codes) for name, codes in build(R4_PACKAGE)["Patient"].items()} == dict(PATIENT)
