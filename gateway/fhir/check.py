"""The door check: every fault of a resource at once, each with its FHIR path.

The walk over the R4 tables comes first, with the rules of R4; then the profiles the resource claims, as far as they are
known; then, when all of that is clean, the R4B model of fhir.resources as a second opinion.
"""

from __future__ import annotations

from typing import Any

from gateway.errors import Issue
from gateway.fhir import invariants, models
from gateway.fhir.profiles import Profiles
from gateway.fhir.walker import MAX_ISSUES, Walk


def check(resource: Any, *, profiles: Profiles | None = None, second_opinion: bool = True) -> list[Issue]:
    """All faults of `resource` as parsed by `gateway.fhir.json`; empty when it is valid R4. Never raises.

    `profiles` checks each known `meta.profile` too; `second_opinion=False` spares the models, for bulk import.
    """
    walk = Walk(resource, invariants.visit)
    issues = walk.walk()
    if profiles is not None and len(issues) < MAX_ISSUES:
        told = {issue.expression for issue in issues}
        issues += [issue for issue in profiles.check(walk) if issue.expression not in told]
    if not issues and second_opinion:
        issues = models.faults_of(resource)
    return issues
