"""The door check of what a use case is about to keep."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gateway.errors import Unprocessable
from gateway.fhir import models
from gateway.fhir.check import check
from gateway.fhir.search.table import TYPES
from gateway.usecases.services import Services


def make_ready() -> None:
    """Load what the first check of each type would have to wait for."""
    models.load(TYPES)


def check_all(services: Services, made: Iterable[Mapping[str, Any]]) -> None:
    """Raises Unprocessable with every fault of every resource.

    A Provenance is the gateway's own words, one per statement: it is held to R4 here, and to its profiles by the tests.
    """
    issues = []
    for resource in made:
        is_own = resource["resourceType"] == "Provenance"
        issues += check(resource, profiles=None if is_own else services.profiles, second_opinion=not is_own)
    if issues:
        raise Unprocessable("What came out is not valid FHIR.", issues=issues)
