"""The fast way through plain expressions finds what the FHIRPath engine finds."""

from __future__ import annotations

import pytest

from gateway.fhir.json import dump, parse
from gateway.fhir.path import compile
from gateway.fhir.search.paths import _branch, _typed, finder
from gateway.fhir.search.table import TYPES
from tests.synthetic import history_of

RESOURCES = [entry["resource"] for entry in parse(dump(history_of(3, 150)))["entry"]]


@pytest.mark.parametrize("kind", sorted({resource["resourceType"] for resource in RESOURCES} & TYPES.keys()))
def test_both_ways_find_the_same(kind: str) -> None:
    for parameter in TYPES[kind].parameters.values():
        fast, path = finder(parameter.expression, kind), compile(parameter.expression)
        for resource in RESOURCES:
            if resource["resourceType"] == kind:
                assert fast(resource) == path.evaluate(resource, resolve=_typed), parameter.expression


def test_most_expressions_are_plain() -> None:
    every = {(parameter.expression, kind) for kind, table in TYPES.items() for parameter in table.parameters.values()}
    engine = {one for one in every if any(_branch(part, one[1]) is None for part in one[0].split(" | "))}
    assert 0 < len(engine) < len(every) / 20
