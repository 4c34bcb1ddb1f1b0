"""The second opinion: what the R4B models refuse is told with its place; what only R4 allows is not."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.fhir.models import faults_of

BASIC: dict[str, Any] = {"resourceType": "Basic", "code": {"text": "note"}}


def test_what_the_model_refuses_is_told_with_its_place() -> None:
    told = faults_of(BASIC | {"identifier": [{"value": "1"}, {"period": {"start": "not a time"}}], "odd": 1})
    assert {issue.expression for issue in told} == {"Basic.identifier[1].period.start", "Basic.odd"}
    assert not any("not a time" in issue.text for issue in told)


@pytest.mark.parametrize(
    "extra",
    [
        {"extension": [{"url": "http://example.org", "valueMeta": {"versionId": "1"}}]},
        {"identifier": [{"period": {"start": "2016-12-31T23:59:60Z"}}]},
        {"contained": [{"resourceType": "MedicinalProductManufactured", "id": "m"}]},
        {"contained": [{"resourceType": "Evidence", "id": "e", "exposureBackground": {"display": "x"}}]},
    ],
)
def test_what_only_r4_allows_is_no_fault(extra: dict[str, Any]) -> None:
    assert faults_of(BASIC | extra) == []
    assert faults_of(BASIC | extra | {"odd": 1}) != []


def test_a_type_that_only_r4_has_is_not_asked_about() -> None:
    assert faults_of({"resourceType": "MedicinalProductManufactured", "odd": 1}) == []
    assert faults_of({"resourceType": "Evidence", "odd": 1}) == []
