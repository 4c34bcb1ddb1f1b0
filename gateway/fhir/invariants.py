"""The rules (invariants) of R4 and of profiles, run by the FHIRPath engine on the elements they stand on.

Only rules of severity error count. Left out are those another part of the check keeps (references, narrative) and those
that ask a server or a terminology (resolve for more than the type, memberOf): a rule we cannot decide is no fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from gateway.fhir import path as fhirpath
from gateway.fhir import tables

if TYPE_CHECKING:
    from gateway.fhir.walker import Walk

# Kept by `targets` (ref-1) and `xhtml` (txt-1, txt-2); a contained resource is asked about by the walk itself (dom-2).
KEPT_ELSEWHERE = frozenset({"ele-1", "ext-1", "ref-1", "txt-1", "txt-2", "dom-2"})
_UNDECIDABLE = frozenset({"memberOf", "htmlChecks", "conformsTo", "subsumes", "subsumedBy"})
# What a reference's own text answers.
_TYPE_TEST = re.compile(r"resolve\(\)(?=\.?\s*(is|ofType|iif\(empty\(\), true, ofType)\b)")
_ABOUT_CONTAINED = frozenset({"dom-3", "dom-4", "dom-5"})
MAX_STEPS = 200_000


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule ready to run: `key` and `words` are told when it is broken."""

    key: str
    words: str
    path: fhirpath.Path

    def holds(self, value: Any, resource: Any, root: Any, kind: str) -> bool:
        """Whether the rule holds. What it cannot decide (an empty answer, several values for one) is no fault."""
        variables = {"resource": resource, "rootResource": root, "context": value}
        try:
            return self.path.evaluate(value, variables, type=kind, max_steps=MAX_STEPS) != [False]
        except Exception:  # also on data so malformed that the engine stumbles: the walk has told its faults
            return True


def compiled(key: str, severity: str, words: str, expression: str) -> Rule | None:
    """The rule, or None when it is not ours to decide: a warning, kept elsewhere, or beyond what we can run."""
    if severity != "error" or key in KEPT_ELSEWHERE or not expression:
        return None
    try:
        path = fhirpath.compile(expression, functions=fhirpath.INVARIANTS, model=element_type)
    except fhirpath.PathError:
        return None
    fetches = "resolve(" in _TYPE_TEST.sub("", expression)
    return None if fetches or path.functions & _UNDECIDABLE else Rule(key, words, path)


@cache
def rules_of(names: tuple[str, ...]) -> tuple[Rule, ...]:
    """The R4 rules of these names that we run."""
    found = (compiled(name.rpartition(":")[2], *tables.rule(name)) for name in names)
    return tuple(rule for rule in found if rule is not None)


def visit(walk: Walk, value: Any, names: tuple[str, ...], path: str, kind: str) -> None:
    """Run the R4 rules of one element."""
    tell_broken(walk, rules_of(names), value, path, kind)


def tell_broken(walk: Walk, rules: Iterable[Rule], value: Any, path: str, kind: str) -> None:
    """Tell each rule that does not hold for `value`."""
    for rule in rules:
        if rule.key in _ABOUT_CONTAINED and "contained" not in value:
            continue
        if not rule.holds(value, walk.resource, walk.root, kind):
            walk.tell(f"breaks the rule {rule.key}: {rule.words}", path, "invariant")


@cache
def element_type(parent: str, name: str) -> str | None:
    """The type of an element of R4, as the FHIRPath engine asks for it: a nested element's type is its path."""
    try:
        child = tables.node(parent).children.get(name)
    except KeyError:
        return None
    return None if child is None else child.node or child.type
