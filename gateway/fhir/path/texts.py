"""Functions on texts. http://hl7.org/fhirpath/N1/#string-manipulation"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from gateway.fhir.path.environment import Environment, Step
from gateway.fhir.path.errors import EvaluationError
from gateway.fhir.path.gathering import Function, whole
from gateway.fhir.path.operators import boolean
from gateway.fhir.path.values import MAX_TEXT, plains, single

MAX_MATCHED = 4_096
"""The longest text a regular expression is tried on: one bad pattern must not stop the house."""


def text_of(values: list[Any]) -> str | None:
    """The one text of a collection, None for none; raises EvaluationError when it is no text."""
    value = single(values)
    if value is not None and not isinstance(value, str):
        raise EvaluationError("a text was expected")
    return value


def _on_text(work: Callable[..., Any]) -> Function:
    """A function of one text and its arguments, empty where any of them is."""

    def function(focus: list[Any], env: Environment, *arguments: list[Any]) -> list[Any]:
        text = text_of(focus)
        texts = [text_of(argument) for argument in arguments]
        if text is None or None in texts:
            return []
        env.spend(1 + len(text) // 1000)
        return [work(text, *texts)]

    return function


def _substring(focus: list[Any], env: Environment, start: list[Any], length: list[Any] | None = None) -> list[Any]:
    text = text_of(focus)
    if text is None or not start:
        return []
    begin = whole(start)
    if not 0 <= begin < len(text):
        return []
    return [text[begin : begin + max(whole(length), 0)] if length else text[begin:]]


def _replace(text: str, pattern: str, substitution: str) -> str:
    if len(text) + text.count(pattern) * len(substitution) > MAX_TEXT:
        raise EvaluationError("the text grows too long")
    return text.replace(pattern, substitution)


def _join(focus: list[Any], env: Environment, separator: list[Any] | None = None) -> list[Any]:
    texts = [text_of([value]) or "" for value in plains(focus)]
    between = (text_of(separator) if separator else None) or ""
    if sum(map(len, texts)) + len(between) * len(texts) > MAX_TEXT:
        raise EvaluationError("the text grows too long")
    return [between.join(texts)] if texts else []


def _split(focus: list[Any], env: Environment, separator: list[Any]) -> list[Any]:
    text, mark = text_of(focus), text_of(separator)
    if text is None or mark is None:
        return []
    parts = text.split(mark) if mark else list(text)
    env.spend(len(parts))
    return list(parts)


def matching(name: str, pattern: str, substitution: str | None = None) -> Step:
    """`matches`, `matchesFull`, `replaceMatches`; raises ValueError when the pattern is no regular expression."""
    try:
        regex = re.compile(pattern, re.DOTALL)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError("not a regular expression") from error
    test = regex.fullmatch if name == "matchesFull" else regex.search

    def step(focus: list[Any], env: Environment) -> list[Any]:
        text = text_of(focus)
        if text is None:
            return []
        if len(text) > MAX_MATCHED:
            raise EvaluationError("the text is too long to be matched")
        if substitution is not None:
            return [regex.sub(lambda _: substitution, text)]
        return boolean(test(text) is not None)

    return step


TEXTS: dict[str, tuple[Function, int, int]] = {
    "length": (_on_text(len), 0, 0),
    "upper": (_on_text(str.upper), 0, 0),
    "lower": (_on_text(str.lower), 0, 0),
    "trim": (_on_text(str.strip), 0, 0),
    "startsWith": (_on_text(str.startswith), 1, 1),
    "endsWith": (_on_text(str.endswith), 1, 1),
    "contains": (_on_text(str.__contains__), 1, 1),
    "indexOf": (_on_text(str.find), 1, 1),
    "replace": (_on_text(_replace), 2, 2),
    "toChars": (lambda focus, env: _split(focus, env, [""]), 0, 0),
    "substring": (_substring, 1, 2),
    "join": (_join, 0, 1),
    "split": (_split, 1, 1),
}
"""Name: (function, fewest arguments, most arguments)."""
