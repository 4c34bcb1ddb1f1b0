"""Which labels content gets by what it says: rules over value sets of codes, as an analyst writes them.

A rule is met when all of its conditions are; it then gives a confidentiality (at least) and labels. Rules only add:
nothing here takes a label away. Content about no patient, and the Consent itself, are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from gateway.fhir.elements import objects_of
from gateway.fhir.labels import highest
from gateway.fhir.path import EvaluationError, Path

RULE_SYSTEM = "urn:care-continuity-gateway:label-rule"
# What everybody may know of; it is about no patient.
DIRECTORY = frozenset(
    {
        "Device",
        "HealthcareService",
        "Location",
        "Medication",
        "Organization",
        "Practitioner",
        "PractitionerRole",
        "Questionnaire",
    }
)
# It names codes to say what may be seen of them; its own secrecy is a matter of the policy.
_APART = DIRECTORY | {"Consent"}

Code = tuple[str, str]  # system, code


class Range(NamedTuple):
    """Categories of a code system that is ordered by its letters, and everything below them: F10 to F19."""

    first: str
    last: str

    def holds(self, code: str) -> bool:
        plain = code.replace(".", "").upper()
        return len(plain) >= len(self.first) and self.first <= plain[: len(self.first)] <= self.last


class Part(NamedTuple):
    """Codes of one system: some by themselves, some with all below them."""

    system: str
    codes: frozenset[str] = frozenset()
    below: tuple[Range, ...] = ()

    def holds(self, code: Code) -> bool:
        return code[0] == self.system and (code[1] in self.codes or any(each.holds(code[1]) for each in self.below))


@dataclass(frozen=True, slots=True)
class ValueSet:
    """A named set of codes."""

    name: str
    about: str
    include: tuple[Part, ...]
    exclude: tuple[Part, ...] = ()

    def holds(self, code: Code) -> bool:
        return any(part.holds(code) for part in self.include) and not any(part.holds(code) for part in self.exclude)


@dataclass(frozen=True, slots=True)
class LabelRule:
    """`codes` are names of value sets, `mappings` those whose content is meant; None: whatever it is."""

    name: str
    because: str
    confidentiality: str | None
    labels: tuple[str, ...]
    codes: frozenset[str] | None = None
    types: frozenset[str] | None = None
    mappings: frozenset[str] | None = None
    where: Path | None = None


class Given(NamedTuple):
    """What one rule gives, and the code that met it, if it asks for one."""

    rule: LabelRule
    code: Code | None = None


class LabelRules:
    """Immutable and safe to share between threads."""

    def __init__(self, version: str, value_sets: Iterable[ValueSet], rules: Iterable[LabelRule]) -> None:
        self.version = version
        self.value_sets = tuple(value_sets)
        self.rules = tuple(rules)
        self._sets_of = lru_cache(maxsize=4096)(self._look_up)

    def given(self, resource: Mapping[str, Any], mapping: str | None = None) -> tuple[Given, ...]:
        """What the rules give to the resource, which came by a producer's `mapping` or by none."""
        if resource["resourceType"] in _APART:
            return ()
        found = self._found(resource)
        return tuple(given for rule in self.rules if (given := _met(rule, resource, mapping, found)) is not None)

    def rule(self, name: str) -> LabelRule | None:
        return next((rule for rule in self.rules if rule.name == name), None)

    def _found(self, resource: Mapping[str, Any]) -> dict[str, Code]:
        """The value sets that the resource names a code of, each with the first such code."""
        found: dict[str, Code] = {}
        for code in _codes_of(resource):
            for name in self._sets_of(code):
                found.setdefault(name, code)
        return found

    def _look_up(self, code: Code) -> tuple[str, ...]:
        return tuple(each.name for each in self.value_sets if each.holds(code))


def confidentiality_given(given: Iterable[Given]) -> str | None:
    """The highest confidentiality that is given; None where none is."""
    codes = [each.rule.confidentiality for each in given if each.rule.confidentiality]
    return highest(codes) if codes else None


def labels_given(given: Iterable[Given]) -> dict[str, str]:
    """The labels that are given, each with the name of the first rule that gives it."""
    found: dict[str, str] = {}
    for each in given:
        for label in each.rule.labels:
            found.setdefault(label, each.rule.name)
    return found


def _codes_of(resource: Mapping[str, Any]) -> Iterator[Code]:
    for each in objects_of(resource):
        code, system = each.get("code"), each.get("system")
        if isinstance(code, str) and isinstance(system, str):
            yield system, code


def _met(rule: LabelRule, resource: Mapping[str, Any], mapping: str | None, found: Mapping[str, Code]) -> Given | None:
    if rule.types is not None and resource["resourceType"] not in rule.types:
        return None
    if rule.mappings is not None and mapping not in rule.mappings:
        return None
    code = None
    if rule.codes is not None:
        code = next((found[name] for name in sorted(rule.codes) if name in found), None)
        if code is None:
            return None
    return Given(rule, code) if rule.where is None or _is_true(rule.where, resource) else None


def _is_true(where: Path, resource: Mapping[str, Any]) -> bool:
    """What cannot be told counts as met: an error must not leave content unprotected."""
    try:
        found: Sequence[Any] = where.evaluate(resource, type=resource["resourceType"])
    except EvaluationError:
        return True
    return bool(found) and found != [False]
