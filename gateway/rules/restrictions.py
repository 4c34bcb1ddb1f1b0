"""The restriction of a granular scope: `category=system|code&…`, as a value that read and search can ask.

Clauses joined by `&` must all hold; within one clause a comma means or. Only coded elements can be named;
modifiers and chains are experimental in SMART and refused.
https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#finer-grained-resource-constraints-using-search-parameters
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

# Search parameter → where its codings are, for every type that has the element.
PARAMETERS = {"category": ("category",), "type": ("type",), "code": ("code",), "_security": ("meta", "security")}
_VALUE = re.compile(r"[^\s\"\\%&=?#|]*\|?[^\s\"\\%&=?#|]+")


class RestrictionFault(ValueError):
    """A restriction that is not understood; it is refused, for ignoring it would widen the scope."""


@dataclass(frozen=True, slots=True, order=True)
class Clause:
    """One `parameter=value,value`: at least one coding of the element is one of the values."""

    parameter: str
    values: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.parameter}={','.join(self.values)}"

    def matches(self, resource: dict[str, Any]) -> bool:
        return any(_is_token(coding, value) for coding in _codings(resource, self.parameter) for value in self.values)


@dataclass(frozen=True, slots=True)
class Restriction:
    """All clauses must hold; without a clause everything does."""

    clauses: frozenset[Clause] = frozenset()

    @classmethod
    def parse(cls, query: str) -> Restriction:
        """Raises RestrictionFault for what is not understood."""
        return cls(frozenset(_clause(part) for part in query.split("&")))

    def matches(self, resource: dict[str, Any]) -> bool:
        return all(clause.matches(resource) for clause in self.clauses)

    def __bool__(self) -> bool:
        return bool(self.clauses)

    def __and__(self, other: Restriction) -> Restriction:
        return Restriction(self.clauses | other.clauses)

    def __lt__(self, other: Restriction) -> bool:
        return str(self) < str(other)

    def __str__(self) -> str:
        return "&".join(str(clause) for clause in sorted(self.clauses))


EVERYTHING = Restriction()


def _clause(part: str) -> Clause:
    name, _, text = part.partition("=")
    if ":" in name or "." in name:
        raise RestrictionFault("modifiers and chains are not supported in a scope")
    if name not in PARAMETERS:
        raise RestrictionFault("a scope can be restricted by category, code, type or _security only")
    values = text.split(",")
    if not all(_VALUE.fullmatch(value) for value in values):
        raise RestrictionFault("a restriction needs values of the form system|code")
    return Clause(name, tuple(sorted(set(values))))


def _codings(resource: dict[str, Any], parameter: str) -> Iterator[dict[str, Any]]:
    """The codings of an element, whether it is a Coding, a CodeableConcept or a list of either."""
    node: Any = resource
    for step in PARAMETERS[parameter]:
        node = node.get(step) if isinstance(node, dict) else None
    for value in node if isinstance(node, list) else [node]:
        if isinstance(value, dict):
            yield from value.get("coding", [value])


def _is_token(coding: dict[str, Any], value: str) -> bool:
    """Token search: `system|code`, `|code` (no system) or `code` (any system)."""
    system, bar, code = value.rpartition("|")
    return coding.get("code") == code and (not bar or coding.get("system", "") == system)
