"""What a JSON Schema cannot say of a payload: a total that is the sum of its items, a name that something has.

    checks:
      - of: products.questionnaires[*]
        holds: "total.empty() or total = answers.value.sum()"
        at: total
        says: The total is not the sum of the answers.

`of` leads to the values that are looked at (`[*]` stands for every item; lists on the way are entered unasked), `holds`
is asked of each, `at` says where below it the fault is, so that the producer is told the place in its own payload. What
is passed on the way is known by the name of its member: here `%products` and `%questionnaires`, and always `%context`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.errors import Issue
from gateway.fhir.path import EvaluationError
from gateway.mapping.expression import Expression, ExpressionFault, Scope, compile_expression
from gateway.mapping.places import Place, spell, steps_of
from gateway.mapping.shape import ANY, Shape
from gateway.mapping.source import Source

_KEYS = {"of", "holds", "at", "says"}


@dataclass(frozen=True, slots=True)
class Check:
    """`steps` lead to the values looked at; None stands for every item of a list."""

    steps: tuple[str | None, ...]
    holds: Expression
    at: tuple[str, ...]
    says: str

    def faults(self, inputs: Mapping[str, Any]) -> Iterator[Issue]:
        """One issue per value that does not hold, by its place in the payload."""
        for place, passed, value in _reached(inputs, self.steps, (), {"context": inputs}):
            try:
                found = self.holds.evaluate(value, passed)
            except EvaluationError:
                found = [False]
            if found != [True]:
                yield Issue(self.says, expression=spell((*place, *self.at)), code="invariant")


def checks_of(source: Source, shape: Shape) -> tuple[Check, ...]:
    """Raises MappingFault."""
    return tuple(_check(source, ("checks", n), entry, shape) for n, entry in enumerate(source.data.get("checks") or []))


def _check(source: Source, place: Place, entry: Any, shape: Shape) -> Check:
    if not isinstance(entry, dict) or not _KEYS - {"at"} <= entry.keys() <= _KEYS:
        raise source.fault(place, "a check has: of, holds, says, and at where that is not the value itself")
    if not all(isinstance(value, str) for value in entry.values()):
        raise source.fault(place, "each part of a check is a text")
    steps, at = steps_of(entry["of"]), steps_of(entry["at"]) if "at" in entry else []
    reached = shape.along(steps) if steps else None
    if reached is None:
        raise source.fault((*place, "of"), "the input schema has no such path")
    names = tuple(step for step in at if step is not None)
    if len(names) != len(at) or reached.along(at) is None or ("at" in entry and not at):
        raise source.fault((*place, "at"), "the input schema has no such path there")
    try:
        holds = compile_expression(entry["holds"], _scope(shape, steps))
    except ExpressionFault as fault:
        raise source.fault((*place, "holds"), str(fault)) from fault
    return Check(tuple(steps), holds, names, entry["says"])


def _scope(shape: Shape, steps: list[str | None]) -> Scope:
    """What an expression sees at the end of the steps, and what was passed on the way there."""
    passed = {"context": shape}
    for step in steps:
        shape = shape.along([step]) or ANY
        passed |= {step: shape} if step else {}
    return Scope(shape, passed)


def _reached(
    value: Any, steps: tuple[str | None, ...], place: Place, passed: dict[str, Any]
) -> Iterator[tuple[Place, dict[str, Any], Any]]:
    """Each value at the end of the steps, where it stands, and what was passed on the way there by name."""
    if not steps:
        yield place, passed, value
    elif steps[0] is None and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _reached(item, steps[1:], (*place, index), {**passed, str(place[-1]): item})
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _reached(item, steps, (*place, index), {**passed, str(place[-1]): item})
    elif isinstance(steps[0], str) and isinstance(value, Mapping) and steps[0] in value:
        inner = value[steps[0]]
        yield from _reached(inner, steps[1:], (*place, steps[0]), {**passed, steps[0]: inner})
