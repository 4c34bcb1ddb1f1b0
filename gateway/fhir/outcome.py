"""OperationOutcome from the gateway's issues. Source: https://hl7.org/fhir/R4/operationoutcome.html"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.errors import Issue


def outcome(issues: Sequence[Issue]) -> dict[str, Any]:
    """One OperationOutcome with one issue per fault. Raises ValueError when there is none: the element is 1..*."""
    if not issues:
        raise ValueError("an OperationOutcome needs at least one issue")
    return {"resourceType": "OperationOutcome", "issue": [_rendered(issue) for issue in issues]}


def _rendered(issue: Issue) -> dict[str, Any]:
    rendered: dict[str, Any] = {"severity": issue.severity, "code": issue.code, "diagnostics": issue.text}
    if issue.expression:
        rendered["expression"] = [issue.expression]
    return rendered
