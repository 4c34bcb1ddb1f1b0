"""OperationOutcome from the gateway's issues. Source: https://hl7.org/fhir/R4/operationoutcome.html"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.errors import Issue


def outcome(issues: Sequence[Issue], *, request_id: str | None = None) -> dict[str, Any]:
    """One OperationOutcome with one issue per fault. Raises ValueError when there is none: the element is 1..*.

    `request_id`, where given, ends each text, so that a caller who quotes one leads to the entry in the log.
    """
    if not issues:
        raise ValueError("an OperationOutcome needs at least one issue")
    return {"resourceType": "OperationOutcome", "issue": [_rendered(issue, request_id) for issue in issues]}


def _rendered(issue: Issue, request_id: str | None) -> dict[str, Any]:
    text = f"{issue.text} (request {request_id})" if request_id else issue.text
    rendered: dict[str, Any] = {"severity": issue.severity, "code": issue.code, "diagnostics": text}
    if issue.expression:
        rendered["expression"] = [issue.expression]
    return rendered
