"""What may be registered of a client or a person: scopes of its own context, a purpose of use.

Purposes: https://terminology.hl7.org/ValueSet-v3-PurposeOfUse.html
"""

from __future__ import annotations

from collections.abc import Iterable

from gateway.errors import Issue
from gateway.rules.purposes import PURPOSES
from gateway.rules.scopes import OWN, ScopeFault, normalise, parse


def check_registration(
    scopes: Iterable[str], purpose: str, *, context: str, types: frozenset[str]
) -> tuple[frozenset[str], list[Issue]]:
    """The canonical scopes, and every fault found. `context` is `system` for a client, `user` for a person."""
    issues: list[Issue] = []
    fit: set[str] = set()
    for text in scopes:
        fault = _fault(text, context, types)
        if fault:
            issues.append(Issue(fault, "scopes", code="value"))
        else:
            fit.add(text)
    if not fit and not issues:
        issues.append(Issue("At least one scope is needed.", "scopes", code="required"))
    if purpose not in PURPOSES:
        issues.append(Issue("The purpose must be a code of v3-PurposeOfUse.", "purpose", code="value"))
    return normalise(fit), issues


def _fault(text: str, context: str, types: frozenset[str]) -> str | None:
    if text in OWN:
        return None
    try:
        scope = parse(text)
    except ScopeFault as fault:
        return str(fault)
    if scope.context != context or scope.type not in types | {"*"}:
        return f"a scope of the form {context}/Type.cruds is needed, with a resource type of FHIR R4"
    return None
