"""The door check of what a use case is about to keep."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from gateway.errors import Issue, Unprocessable
from gateway.fhir import models
from gateway.fhir.check import check
from gateway.fhir.search.table import TYPES
from gateway.usecases.services import Services


def make_ready() -> None:
    """Load what the first check of each type would have to wait for."""
    models.load(TYPES)


def check_all(
    services: Services,
    made: Iterable[Mapping[str, Any]],
    place: Callable[[Mapping[str, Any]], str | None] = lambda _: None,
) -> None:
    """Raises Unprocessable with every fault of every resource; `place` gives where in a submission that stands which a
    resource was made of, by which its faults are told then.

    A Provenance is the gateway's own words, one per statement: it is held to R4 here, and to its profiles by the tests.
    """
    issues = []
    for resource in made:
        is_own = resource["resourceType"] == "Provenance"
        found = check(resource, profiles=None if is_own else services.profiles, second_opinion=not is_own)
        issues += [_placed(issue, place(resource)) for issue in found]
    if issues:
        raise Unprocessable("What came out is not valid FHIR.", issues=issues)


def _placed(issue: Issue, place: str | None) -> Issue:
    return replace(issue, text=f"{issue.text} ({issue.expression})", expression=place) if place else issue
