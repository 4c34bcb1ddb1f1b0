"""The checked-in tables are what the script makes of the HL7 definitions, and value sets are listed rightly."""

from __future__ import annotations

import gzip
from typing import Any

import msgspec
import pytest

from gateway.fhir import tables
from gateway.fhir.definitions.build import TARGET, build
from gateway.fhir.definitions.codes import CannotList, codes_of
from tests.world import R4_PACKAGE

DEFINITIONS: dict[str, dict[str, Any]] = {
    "cs": {
        "resourceType": "CodeSystem",
        "content": "complete",
        "concept": [{"code": "a", "concept": [{"code": "b"}]}, {"code": "c"}],
    },
    "part": {"resourceType": "CodeSystem", "content": "fragment", "concept": [{"code": "a"}]},
    "all": {"resourceType": "ValueSet", "compose": {"include": [{"system": "cs"}]}},
    "some": {"resourceType": "ValueSet", "compose": {"include": [{"system": "cs", "concept": [{"code": "c"}]}]}},
    "both": {"resourceType": "ValueSet", "compose": {"include": [{"valueSet": ["all|1.0", "some"]}]}},
    "less": {
        "resourceType": "ValueSet",
        "compose": {"include": [{"system": "cs"}], "exclude": [{"valueSet": ["some"]}]},
    },
    "expanded": {
        "resourceType": "ValueSet",
        "expansion": {"contains": [{"system": "x", "code": "1", "contains": [{"system": "x", "code": "2"}]}]},
    },
    "filtered": {"resourceType": "ValueSet", "compose": {"include": [{"system": "cs", "filter": [{"op": "is-a"}]}]}},
    "fragment": {"resourceType": "ValueSet", "compose": {"include": [{"system": "part"}]}},
    "cut": {"resourceType": "ValueSet", "expansion": {"total": 2, "contains": [{"system": "x", "code": "1"}]}},
}


@pytest.mark.skipif(not R4_PACKAGE.is_file(), reason="../shared/packages is absent")
def test_the_tables_are_what_the_script_makes() -> None:
    assert gzip.decompress(TARGET.read_bytes()) == msgspec.json.encode(build(R4_PACKAGE))


def test_the_tables_hold_every_resource_type_and_nothing_that_is_not_r4() -> None:
    assert len(tables.resource_types()) == 146
    assert set(tables.node("Meta").children) == {
        *("id", "extension", "versionId", "lastUpdated", "source", "profile", "security", "tag"),
    }
    assert set(tables.node("Binary").children) == {
        *("id", "meta", "implicitRules", "language", "contentType", "securityContext", "data"),
    }
    assert tables.node("Observation").children["subject"].targets == frozenset(
        {"Patient", "Group", "Device", "Location"}
    )


def test_every_type_compiles() -> None:
    for kind in tables.resource_types():
        assert tables.node(kind).is_resource
    assert tables.is_a("Age", "Quantity")
    assert not tables.is_a("Quantity", "Age")


@pytest.mark.parametrize(
    ("value_set", "codes"),
    [
        ("all", {"cs": {"a", "b", "c"}}),
        ("some", {"cs": {"c"}}),
        ("both", {"cs": {"c"}}),
        ("less", {"cs": {"a", "b"}}),
        ("expanded", {"x": {"1", "2"}}),
    ],
)
def test_a_value_set_is_listed(value_set: str, codes: dict[str, set[str]]) -> None:
    assert codes_of(value_set, DEFINITIONS.get) == codes


@pytest.mark.parametrize("value_set", ["filtered", "fragment", "cut", "cs", "nowhere"])
def test_a_value_set_that_cannot_be_listed_says_so(value_set: str) -> None:
    with pytest.raises(CannotList):
        codes_of(value_set, DEFINITIONS.get)
