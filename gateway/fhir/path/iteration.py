"""Functions whose argument is an expression run anew for each item, and iif."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from gateway.fhir.path.environment import Environment, Evaluate, Step
from gateway.fhir.path.operators import FALSE, TRUE, boolean, distinct
from gateway.fhir.path.values import key, truth


def _each(focus: list[Any], env: Environment, run: Evaluate) -> Iterator[tuple[Any, list[Any]]]:
    """Each item with what the expression makes of it."""
    this, index = env.this, env.index
    for place, item in enumerate(focus):
        env.spend(1)
        env.this, env.index = [item], place
        found = run(env)
        env.this, env.index = this, index
        yield item, found


def where(criteria: Evaluate) -> Step:
    def step(focus: list[Any], env: Environment) -> list[Any]:
        this, index = env.this, env.index
        kept: list[Any] = []
        for place, item in enumerate(focus):
            env.this, env.index = [item], place
            found = criteria(env)
            if found is TRUE or (found and truth(found)):
                kept.append(item)
        env.this, env.index = this, index
        env.spend(1 + len(focus))
        return kept

    return step


def select(projection: Evaluate) -> Step:
    return lambda focus, env: [one for _, found in _each(focus, env, projection) for one in found]


def every(criteria: Evaluate) -> Step:
    return lambda focus, env: boolean(all(truth(found) for _, found in _each(focus, env, criteria)))


def exists(criteria: Evaluate | None = None) -> Step:
    if criteria is None:
        return lambda focus, env: TRUE if focus else FALSE
    return lambda focus, env: boolean(any(truth(found) for _, found in _each(focus, env, criteria)))


def repeat(projection: Evaluate) -> Step:
    def step(focus: list[Any], env: Environment) -> list[Any]:
        seen: dict[Any, Any] = {}
        layer = focus
        while layer:
            found = [one for _, values in _each(layer, env, projection) for one in values]
            env.spend_on(found)
            layer = [one for one in distinct(found) if key(one) not in seen]
            seen.update((key(one), one) for one in layer)
        return list(seen.values())

    return step


def aggregate(aggregator: Evaluate, start: Evaluate | None = None) -> Step:
    def step(focus: list[Any], env: Environment) -> list[Any]:
        outer = env.total
        total = start(env) if start else []
        this, index = env.this, env.index
        for place, item in enumerate(focus):
            env.spend(1 + len(total))
            env.this, env.index, env.total = [item], place, total
            total = aggregator(env)
        env.this, env.index, env.total = this, index, outer
        return total

    return step


def iif(criterion: Evaluate, then: Evaluate, otherwise: Evaluate | None = None) -> Step:
    def step(focus: list[Any], env: Environment) -> list[Any]:
        this, env.this = env.this, focus
        chosen = then if truth(criterion(env)) else otherwise
        found = chosen(env) if chosen else []
        env.this = this
        return found

    return step


ITERATING: dict[str, tuple[Callable[..., Step], int, int]] = {
    "where": (where, 1, 1),
    "select": (select, 1, 1),
    "all": (every, 1, 1),
    "exists": (exists, 0, 1),
    "repeat": (repeat, 1, 1),
    "aggregate": (aggregate, 1, 2),
    "iif": (iif, 2, 3),
}
"""Name: (maker of the step, fewest arguments, most arguments)."""
