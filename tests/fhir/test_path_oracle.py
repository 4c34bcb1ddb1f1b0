"""FHIRPath against fhirpathpy, over the expressions HL7 publishes and the examples of US Core.

fhirpathpy lacks resolve(), hasValue() and htmlChecks(): the test lends it its own, so that the rest can be compared.
"""

from __future__ import annotations

import contextlib
import io
import json
import tarfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path as File
from typing import Any

import fhirpathpy
import pytest
from fhirpathpy.engine.nodes import FP_Type, ResourceNode
from fhirpathpy.models import models

from gateway.fhir.path import INVARIANTS, EvaluationError, PathError, compile
from tests.world import SHARED

PACKAGES = SHARED / "packages"
CORE, US_CORE = PACKAGES / "ASSEMBLED-hl7.fhir.r4.core-4.0.1.tgz", PACKAGES / "hl7.fhir.us.core-6.1.0.tgz"

pytestmark = pytest.mark.skipif(not CORE.exists(), reason=f"the published FHIR packages are not at {PACKAGES}")

Place = tuple[str, str]
"""Where an expression is run: the path of the element, and the type it has there."""


@dataclass
class Published:
    """What the packages hold: expressions of search parameters by base type, invariants by place, examples."""

    searches: dict[str, set[str]] = field(default_factory=dict)
    invariants: dict[str, set[str]] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    examples: list[dict[str, Any]] = field(default_factory=list)

    def expressions(self) -> set[str]:
        return set().union(*self.searches.values(), *self.invariants.values())

    def take(self, resource: dict[str, Any]) -> None:
        if resource["resourceType"] == "Bundle":
            for entry in resource["entry"]:
                self.take(entry["resource"])
        elif resource["resourceType"] == "SearchParameter" and "expression" in resource:
            for base in resource["base"]:
                self.searches.setdefault(base, set()).add(resource["expression"])
        elif resource["resourceType"] == "StructureDefinition":
            for element in resource["snapshot"]["element"]:
                self.take_element(element, is_profile=resource.get("derivation") == "constraint")

    def take_element(self, element: dict[str, Any], *, is_profile: bool) -> None:
        path = element["path"]
        found = {one["expression"] for one in element.get("constraint", []) if "expression" in one}
        self.invariants.setdefault(path, set()).update(found)
        types = [one["code"].rpartition(".")[2] for one in element.get("type", [])]
        if not is_profile and path.endswith("[x]"):
            for kind in types:
                self.types[path[:-3] + kind[0].upper() + kind[1:]] = kind
        elif not is_profile and len(types) == 1:
            self.types[path] = types[0]


def members(package: File) -> Iterator[tuple[str, dict[str, Any]]]:
    with tarfile.open(package) as archive:
        for member in archive:
            folder, _, name = member.name.rpartition("/")
            if name.endswith(".json") and "-" in name and not name.startswith(("ValueSet-", "CodeSystem-")):
                yield folder, json.loads(archive.extractfile(member).read(), parse_float=Decimal)  # type: ignore[union-attr]


@pytest.fixture(scope="module")
def published() -> Published:
    found = Published()
    for package in (CORE, US_CORE):
        for folder, resource in members(package):
            if folder.endswith("example"):
                found.examples.append(resource)
            elif folder == "package":
                found.take(resource)
    return found


@dataclass(frozen=True)
class Run:
    """One expression to be run on one element of an example."""

    expression: str
    resource: dict[str, Any]
    element: Any
    type: str


def runs(published: Published, examples: int) -> Iterator[Run]:
    """Every expression that applies to the first examples of each resource type; each invariant at one element each."""
    seen: Counter[str] = Counter()
    for resource in published.examples:
        name = resource["resourceType"]
        seen[name] += 1
        if seen[name] > examples:
            continue
        for base in (name, "Resource", "DomainResource"):
            for expression in published.searches.get(base, ()):
                yield Run(expression, resource, resource, name)
        done: set[tuple[str, str]] = set()
        for path, kind, element in places(published, name, name, resource):
            for expression in published.invariants.get(path, set()) | published.invariants.get(kind, set()):
                if (path, expression) not in done:
                    done.add((path, expression))
                    yield Run(expression, resource, element, kind)


def places(published: Published, path: str, kind: str, element: Any) -> Iterator[tuple[str, str, Any]]:
    """The element and all below it, each with the path its constraints stand at and its type."""
    yield path, kind, element
    if not isinstance(element, dict):
        return
    for name, value in element.items():
        child = next((f"{base}.{name}" for base in (path, kind) if f"{base}.{name}" in published.types), None)
        if child is None or name == "contained":
            continue
        below = published.types[child]
        for one in value if isinstance(value, list) else [value]:
            found = child if below in ("BackboneElement", "Element") else below
            if isinstance(one, dict) and "resourceType" in one:
                found = one["resourceType"]
            yield from places(published, child, found, one)


REFUSED = "refused"

# Where the answers differ, and why ours is meant.
DIFFERENCES = {
    # fhirpathpy does not take `Resource` for the type of every resource (http://hl7.org/fhirpath/N1/#path-selection).
    "Resource.id",
    "Resource.meta.lastUpdated",
    "Resource.meta.profile",
    # A single value that is no boolean counts as true (http://hl7.org/fhirpath/N1/#singleton-evaluation-of-collections).
    "practitioner or organization or healthcareService or location",
    # An element that is only a sibling (`_gender`) has no value to hand out; fhirpathpy hands out its sibling.
    "Patient.gender",
    "Patient.gender | Person.gender | Practitioner.gender | RelatedPerson.gender",
}


def lent_resolve(focus: list[Any]) -> list[Any]:
    references = [element.get("reference", "") for element in focus]
    named = [reference.split("/") for reference in references if reference.count("/") == 1]
    create: Any = ResourceNode.create_node
    return [create({"resourceType": kind, "id": name}, kind) for kind, name in named]


LENT = {
    "resolve": {"fn": lent_resolve, "arity": {0: []}},
    "hasValue": {"fn": lambda focus: len(focus) == 1 and not isinstance(focus[0], dict), "arity": {0: []}},
    "htmlChecks": {"fn": lambda focus: True, "arity": {0: []}},
}


class Oracle:
    """fhirpathpy with the model of R4, its compiled expressions kept, its prints swallowed."""

    def __init__(self) -> None:
        self.compiled: dict[str, Any] = {}

    def answer(self, run: Run) -> Any:
        with contextlib.redirect_stdout(io.StringIO()):
            if run.expression not in self.compiled:
                options = {"userInvocationTable": LENT}
                self.compiled[run.expression] = fhirpathpy.compile(run.expression, models["r4"], options)
            is_whole = run.element is run.resource
            node = run.element if is_whole else ResourceNode.create_node(run.element, run.type)  # type: ignore[no-untyped-call]
            try:
                return comparable(self.compiled[run.expression](node, variables(run)))
            except Exception:
                return REFUSED


def answer(run: Run) -> Any:
    path = compile(run.expression, functions=INVARIANTS)
    try:
        return path.evaluate(run.element, variables(run), type=run.type)
    except EvaluationError:
        return REFUSED


def variables(run: Run) -> dict[str, Any]:
    return {"resource": run.resource, "rootResource": run.resource}


def comparable(value: Any) -> Any:
    if isinstance(value, list):
        return [comparable(one) for one in value]
    if isinstance(value, dict):
        return {name: comparable(one) for name, one in value.items()}
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return float(value)
    return str(value) if isinstance(value, FP_Type) else value


def test_every_published_expression_compiles(published: Published) -> None:
    refused = {}
    for expression in published.expressions():
        try:
            compile(expression, functions=INVARIANTS)
        except PathError as error:
            refused[expression] = error.reason
    assert len(published.expressions()) > 1600
    assert refused == {}, "memberOf() and conformsTo() would be listed here; these packages do not use them"


def test_the_answers_are_those_of_fhirpathpy(published: Published) -> None:
    oracle, compared, differing = Oracle(), 0, {}
    for run in runs(published, examples=5):
        ours, theirs = comparable(answer(run)), oracle.answer(run)
        compared += 1
        # dom-3 casts many values at once, which fhirpathpy takes `as` to forbid.
        if ours != theirs and not (theirs == REFUSED and "descendants().as(" in run.expression):
            differing[run.expression] = (run.resource["id"], run.type, theirs, ours)
    print(f"{compared} answers compared")
    assert compared > 4000
    assert {text: seen for text, seen in differing.items() if text not in DIFFERENCES} == {}
    assert differing.keys() == DIFFERENCES, "a difference listed above is gone"
