"""A text of a template: `{{ one value }}`, `{{+ one value or null +}}`, `{[ all values ]}`, or text around values."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from gateway.fhir.path import EvaluationError
from gateway.mapping.expression import Expression, ExpressionFault, Scope, compile_expression
from gateway.mapping.marks import unfit
from gateway.mapping.values import ABSENT, carried, flat, spelled

Variables = Mapping[str, Any]
Closure = Callable[[Any, Variables], Any]
"""A compiled piece of a template: from the context and the variables to a value, or ABSENT."""

_ALL = re.compile(r"\{\[\s*([\s\S]+?)\s*\]\}")
_ONE = re.compile(r"\{\{(\+?)\s*([\s\S]+?)\s*\+?\}\}")
_TRACES = re.compile(r"\{\{|\}\}|\{%|%\}|\{\[|\]\}")


def is_template(text: str) -> bool:
    return _TRACES.search(text) is not None


def evaluated(expression: Expression, root: Any, variables: Variables, place: str) -> list[Any]:
    """What an expression finds. Raises MappingRefusal with the place in the template where the data do not fit."""
    try:
        return expression.evaluate(root, variables)
    except EvaluationError as error:
        raise unfit(place, "the expression does not fit the data") from error


def sole_expression(text: str) -> str | None:
    """The expression, when the text is nothing but one."""
    match = _ALL.fullmatch(text)
    if match:
        return match[1]
    match = _ONE.fullmatch(text)
    return match[2] if match and len(_ONE.findall(text)) == 1 else None


def compile_text(text: str, scope: Scope, place: str) -> Closure:
    """Raises ExpressionFault; also for half a template, which would otherwise end up in a chart as it stands."""
    if not is_template(text):
        return lambda root, variables: text
    if match := _ALL.fullmatch(text):
        return _all(compile_expression(match[1], scope), place)
    constants, matches = _ONE.split(text)[::3], list(_ONE.finditer(text))
    if any(is_template(constant) for constant in constants):
        raise ExpressionFault("the text holds half a template")
    expressions = [compile_expression(match[2], scope) for match in matches]
    if len(matches) == 1 and not any(constants):
        return _one(expressions[0], None if matches[0][1] else ABSENT, place)
    return _around(constants, expressions, [None if match[1] else ABSENT for match in matches], place)


def _all(expression: Expression, place: str) -> Closure:
    def give(root: Any, variables: Variables) -> Any:
        return flat(carried(value, place) for value in evaluated(expression, root, variables, place))

    return give


def _one(expression: Expression, otherwise: Any, place: str) -> Closure:
    def give(root: Any, variables: Variables) -> Any:
        found = evaluated(expression, root, variables, place)
        return carried(found[0], place) if found else otherwise

    return give


def _around(
    constants: Sequence[str], expressions: Sequence[Expression], otherwise: Sequence[Any], place: str
) -> Closure:
    def give(root: Any, variables: Variables) -> Any:
        values: list[Any] = []
        for expression, absent in zip(expressions, otherwise, strict=True):
            found = evaluated(expression, root, variables, place)
            if not found:
                return absent
            values.append(found[0])
        words = (spelled(value, place) for value in values)
        return "".join(part for pair in zip_longest(constants, words, fillvalue="") for part in pair)

    return give
