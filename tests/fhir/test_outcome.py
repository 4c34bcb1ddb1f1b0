"""OperationOutcome: one issue per fault, with its place."""

from __future__ import annotations

import pytest

from gateway.errors import Issue
from gateway.fhir.outcome import outcome


def test_every_issue_is_told_with_its_place() -> None:
    told = outcome([Issue("is required", "Patient.link[0].other", "required"), Issue("odd", severity="warning")])
    assert told == {
        "resourceType": "OperationOutcome",
        "issue": [
            {
                "severity": "error",
                "code": "required",
                "diagnostics": "is required",
                "expression": ["Patient.link[0].other"],
            },
            {"severity": "warning", "code": "invalid", "diagnostics": "odd"},
        ],
    }


def test_no_issue_is_no_outcome() -> None:
    with pytest.raises(ValueError, match="at least one"):
        outcome([])
