"""Functions over whole collections: subsetting, combining, the tree below, FHIR's own."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from gateway.fhir.path.environment import Environment
from gateway.fhir.path.errors import EvaluationError
from gateway.fhir.path.members import elements
from gateway.fhir.path.operators import FALSE, TRUE, boolean, distinct, union
from gateway.fhir.path.types import CHOICES, Model, declare
from gateway.fhir.path.values import Primitive, key, single

Function = Callable[..., list[Any]]
"""Called with (focus, environment, *arguments as collections)."""

_REFERENCE = re.compile(r"(?:https?://\S{1,2000}/)?([A-Z][A-Za-z]{1,40})/([A-Za-z0-9\-.]{1,64})(?:/_history/\S{1,64})?")


def whole(values: list[Any]) -> int:
    """The one whole number in an argument; raises EvaluationError when it is none."""
    value = single(values)
    if value.__class__ is not int:
        raise EvaluationError("a whole number was expected")
    return int(value)


def _compares(function: Function) -> Function:
    """The function, its work counted: it goes through all elements it is given."""

    def counted(focus: list[Any], env: Environment, *others: list[Any]) -> list[Any]:
        env.spend_on(focus, *others)
        return function(focus, env, *others)

    return counted


def _skip(focus: list[Any], env: Environment, count: list[Any]) -> list[Any]:
    return focus[max(whole(count), 0) :]


def _take(focus: list[Any], env: Environment, count: list[Any]) -> list[Any]:
    return focus[: max(whole(count), 0)]


def _single(focus: list[Any], env: Environment) -> list[Any]:
    single(focus)
    return focus


def _intersect(focus: list[Any], env: Environment, other: list[Any]) -> list[Any]:
    wanted = {key(value) for value in other}
    return [value for value in distinct(focus) if key(value) in wanted]


def _exclude(focus: list[Any], env: Environment, other: list[Any]) -> list[Any]:
    unwanted = {key(value) for value in other}
    return [value for value in focus if key(value) not in unwanted]


def _subset(focus: list[Any], env: Environment, other: list[Any]) -> list[Any]:
    return boolean({key(value) for value in focus} <= {key(value) for value in other})


def _superset(focus: list[Any], env: Environment, other: list[Any]) -> list[Any]:
    return _subset(other, env, focus)


def _booleans(wanted: bool, whenever: Callable[[Any], bool]) -> Function:
    def function(focus: list[Any], env: Environment) -> list[Any]:
        values = [single([value]) for value in focus]
        if any(value.__class__ is not bool for value in values):
            raise EvaluationError("booleans were expected")
        return boolean(whenever(value is wanted for value in values))

    return function


def _not(focus: list[Any], env: Environment) -> list[Any]:
    value = single(focus)
    return [] if value is None else FALSE if value is not False else TRUE


def _has_value(focus: list[Any], env: Environment) -> list[Any]:
    return boolean(len(focus) == 1 and _is_value(focus[0]))


def _get_value(focus: list[Any], env: Environment) -> list[Any]:
    return [single(focus)] if len(focus) == 1 and _is_value(focus[0]) else []


def _is_value(item: Any) -> bool:
    return item.value is not None if item.__class__ is Primitive else item.__class__ not in (dict, list)


def _extension(focus: list[Any], env: Environment, url: list[Any]) -> list[Any]:
    wanted = single(url)
    found: list[Any] = []
    for item in focus:
        element = item.element if item.__class__ is Primitive else item
        listed = element.get("extension") if element.__class__ is dict else None
        if isinstance(listed, list):
            found += [one for one in listed if one.__class__ is dict and one.get("url") == wanted]
    env.spend(1 + len(found))
    return found


def _resolve(focus: list[Any], env: Environment) -> list[Any]:
    found = []
    for item in focus:
        env.spend(1)
        reference = single([item])
        if reference.__class__ is dict:
            reference = reference.get("reference")
        resource = _target(reference, env) if isinstance(reference, str) else None
        if resource is not None:
            found.append(resource)
    return found


def _target(reference: str, env: Environment) -> Any:
    """What a reference leads to: a contained resource, what the caller's resolver finds, or, without one, a stub that
    has the type and id the reference names, so that `resolve() is Patient` can be told without fetching anything."""
    if reference.startswith("#"):
        return _contained(reference[1:], env)
    if env.resolve is not None:
        return env.resolve(reference)
    match = _REFERENCE.fullmatch(reference)
    return {"resourceType": match[1], "id": match[2]} if match else None


def _contained(name: str, env: Environment) -> Any:
    for root in env.root():
        if root.__class__ is dict:
            listed = [one for one in root.get("contained", ()) if one.__class__ is dict]
            return root if name == "" else next((one for one in listed if one.get("id") == name), None)
    return None


def tree(model: Model | None, *, typed: bool) -> dict[str, tuple[Function, int, int]]:
    """`children` and `descendants`; every element is looked up as its member step would."""

    def below(item: Any, env: Environment) -> list[Any]:
        element = item.element if item.__class__ is Primitive else item
        if element.__class__ is not dict:
            return []
        found: list[Any] = []
        for name, value in element.items():
            if name[:1] == "_":
                found += [] if name[1:] in element else elements(element, name[1:], typed=typed, model=model, env=env)
            elif name == "resourceType":
                continue
            elif typed or value.__class__ is list or "_" + name in element:
                values = elements(element, name, typed=typed, model=model, env=env)
                found += [_of_choice(name, one, env) for one in values] if typed else values
            elif value is not None:
                found.append(value)
        env.spend(1 + len(found))
        return found

    def children(focus: list[Any], env: Environment) -> list[Any]:
        return [one for item in focus for one in below(item, env)]

    def descendants(focus: list[Any], env: Environment) -> list[Any]:
        found: list[Any] = []
        layer = children(focus, env)
        while layer:
            found += layer
            layer = children(layer, env)
        return found

    return {"children": (children, 0, 0), "descendants": (descendants, 0, 0)}


_CHOICE_TYPES = {key: kind for choices in CHOICES.values() for key, kind in choices.items()}


def _of_choice(name: str, value: Any, env: Environment) -> Any:
    """Walking over all keys meets the variants of a choice under their own names, which tell the type."""
    kind = _CHOICE_TYPES.get(name)
    if kind is None or (value.__class__ is Primitive and value.type):
        return value
    return declare(value, kind, env)


GATHERING: dict[str, tuple[Function, int, int]] = {
    "empty": (lambda focus, env: FALSE if focus else TRUE, 0, 0),
    "count": (lambda focus, env: [len(focus)], 0, 0),
    "not": (_not, 0, 0),
    "distinct": (_compares(lambda focus, env: distinct(focus)), 0, 0),
    "isDistinct": (_compares(lambda focus, env: boolean(len(distinct(focus)) == len(focus))), 0, 0),
    "first": (lambda focus, env: focus[:1], 0, 0),
    "last": (lambda focus, env: focus[-1:], 0, 0),
    "tail": (lambda focus, env: focus[1:], 0, 0),
    "skip": (_skip, 1, 1),
    "take": (_take, 1, 1),
    "single": (_single, 0, 0),
    "union": (_compares(lambda focus, env, other: union(focus, other)), 1, 1),
    "combine": (lambda focus, env, other: focus + other, 1, 1),
    "intersect": (_compares(_intersect), 1, 1),
    "exclude": (_compares(_exclude), 1, 1),
    "subsetOf": (_compares(_subset), 1, 1),
    "supersetOf": (_compares(_superset), 1, 1),
    "allTrue": (_booleans(True, all), 0, 0),
    "anyTrue": (_booleans(True, any), 0, 0),
    "allFalse": (_booleans(False, all), 0, 0),
    "anyFalse": (_booleans(False, any), 0, 0),
    "hasValue": (_has_value, 0, 0),
    "getValue": (_get_value, 0, 0),
    "extension": (_extension, 1, 1),
    "resolve": (_resolve, 0, 0),
    # The narrative is checked where resources are checked; the invariant txt-1 has nothing to add.
    "htmlChecks": (lambda focus, env: TRUE, 0, 0),
}
"""Name: (function, fewest arguments, most arguments)."""
