"""Nothing makes the door check raise or run long."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.fhir.check import check

Json = dict[str, Any]

PATIENT: Json = {
    "resourceType": "Patient",
    "contained": [{"resourceType": "Organization", "id": "o1", "name": "Practice"}],
    "name": [{"given": ["Ada"]}],
    "managingOrganization": {"reference": "#o1"},
}


@pytest.mark.parametrize("value", [None, 1, "x", [], {}, True, {"resourceType": None}, {"resourceType": []}, {1: 2}])
def test_what_is_no_resource_is_one_fault(value: Any) -> None:
    assert len(check(value)) == 1


@pytest.mark.spec("X-040")
def test_a_value_nested_without_end_is_a_fault_and_never_a_crash() -> None:
    extension: Json = {"url": "http://x.org"}
    extension["extension"] = [extension]
    assert any("deep" in issue.text for issue in check({"resourceType": "Basic", "extension": [extension]}))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
PLACES = st.sampled_from(
    ["id", "meta", "text", "extension", "gender", "birthDate", "contact", "deceasedBoolean", "_gender", *PATIENT]
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(place=PLACES, value=JSON)
def test_no_value_anywhere_makes_the_check_raise(place: str, value: Any) -> None:
    assert isinstance(check(PATIENT | {place: value}, second_opinion=False), list)


@pytest.mark.spec("X-045")
@pytest.mark.parametrize(
    "hostile", ["a " * 200_000, " " * 400_000, "0" * 400_000, "urn:oid:1" + ".1" * 200_000, "a" * 400_000]
)
def test_no_format_is_slow_on_any_text(hostile: str) -> None:
    names = {"id": hostile, "gender": hostile, "birthDate": hostile, "implicitRules": hostile, "language": hostile}
    resource = PATIENT | names | {"photo": [{"data": hostile}], "managingOrganization": {"reference": hostile}}
    began = time.process_time()
    check(resource, second_opinion=False)
    assert time.process_time() - began < 1
