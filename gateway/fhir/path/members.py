"""The step from elements to one of their members, the only place that knows how FHIR lays elements out in JSON."""

from __future__ import annotations

from typing import Any

from gateway.fhir.path.environment import Environment, Step
from gateway.fhir.path.types import CHOICES, Model, declare
from gateway.fhir.path.values import Primitive


def member(name: str, *, typed: bool, model: Model | None) -> Step:
    """`.name`: also the variants of a choice element and, where there is one, the sibling `_name`.

    `typed` is for expressions that ask for types: then each element found is remembered with its declared type.
    """
    sibling, choices = "_" + name, CHOICES.get(name)

    def step(focus: list[Any], env: Environment) -> list[Any]:
        env.steps -= 1 + len(focus)
        if env.steps < 0:
            env.spend(0)
        found: list[Any] = []
        for item in focus:
            if item.__class__ is not dict:
                if item.__class__ is not Primitive or item.element is None:
                    continue
                item = item.element
            value = item.get(name)
            if typed or sibling in item or (value is None and choices is not None):
                found += elements(item, name, typed=typed, model=model, env=env)
            elif value.__class__ is list:
                found += value if None not in value else [one for one in value if one is not None]
            elif value is not None:
                found.append(value)
        return found

    return step


def elements(item: dict[str, Any], name: str, *, typed: bool, model: Model | None, env: Environment) -> list[Any]:
    """The elements `name` of one element, with all there is to know about them."""
    wanted, declared = name, None
    choices = None if name in item else CHOICES.get(name)
    if choices is not None and "_" + name not in item:
        found = _choice(item, choices)
        if found is None:
            return []
        wanted, declared = found
    if declared is None and model is not None and typed:
        parent = item.get("resourceType") or env.types.get(id(item))
        declared = model(parent, name) if parent else None
    only = item.get(wanted)
    if only.__class__ is dict:
        return [only if declared is None else declare(only, declared, env)]
    values, siblings = _listed(only), _listed(item.get("_" + wanted))
    length = max(len(values), len(siblings))
    values, siblings = values + [None] * (length - len(values)), siblings + [None] * (length - len(siblings))
    pairs = zip(values, siblings, strict=True)
    return [
        _element(one, beside, declared if typed else None, env)
        for one, beside in pairs
        if (one, beside) != (None, None)
    ]


def _choice(item: dict[str, Any], choices: Any) -> tuple[str, str] | None:
    for key in item:
        kind = choices.get(key) or (choices.get(key[1:]) if key[0:1] == "_" else None)
        if kind is not None:
            return key.removeprefix("_"), kind
    return None


def _listed(value: Any) -> list[Any]:
    if value.__class__ is list:
        return value
    return [] if value is None else [value]


def _element(value: Any, beside: Any, declared: str | None, env: Environment) -> Any:
    if value.__class__ is dict:
        return value if declared is None else declare(value, declared, env)
    element = beside if beside.__class__ is dict else None
    if declared is None and element is None:
        return value
    return Primitive(value, declared, element)
