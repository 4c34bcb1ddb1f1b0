"""What a run of an expression carries along."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.fhir.path.errors import EvaluationError
from gateway.fhir.path.values import weight

Resolve = Callable[[str], Any]


@dataclass(slots=True)
class Environment:
    """`this` is what `$this` and every step without a source start from; `steps` is how much work is left."""

    this: list[Any]
    context: list[Any]
    variables: Mapping[str, Any]
    resolve: Resolve | None
    steps: int
    index: int | None = None
    total: list[Any] = field(default_factory=list)
    types: dict[int, str] = field(default_factory=dict)

    def spend(self, steps: int) -> None:
        """Count work done; raises EvaluationError when the run has used up what it may."""
        self.steps -= steps
        if self.steps < 0:
            raise EvaluationError("the expression takes too many steps on this data")

    def spend_on(self, *collections: list[Any]) -> None:
        """Count the work of going through whole collections, elements and all."""
        self.spend(sum([weight(values) for values in collections]))

    def variable(self, name: str) -> list[Any]:
        """What `%name` stands for; raises EvaluationError when nobody gave it."""
        if name in self.variables:
            value = self.variables[name]
            return value if isinstance(value, list) else [] if value is None else [value]
        if name in ("context", "resource"):
            return self.context
        if name == "rootResource":
            return self.variable("resource")
        raise EvaluationError(f"the variable %{name} has no value")

    def root(self) -> list[Any]:
        """The outermost resource, which holds what is contained."""
        return self.variable("rootResource")


Evaluate = Callable[[Environment], list[Any]]
"""A compiled expression."""

Step = Callable[[list[Any], Environment], list[Any]]
"""A compiled step: from the collection before the dot to the one after."""
