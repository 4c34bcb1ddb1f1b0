"""The operators between two collections. http://hl7.org/fhirpath/N1/#operations"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, DecimalException
from typing import Any

from gateway.fhir.path.arithmetic import move
from gateway.fhir.path.environment import Environment, Evaluate
from gateway.fhir.path.equivalence import equivalent
from gateway.fhir.path.errors import EvaluationError
from gateway.fhir.path.moments import Moment
from gateway.fhir.path.quantities import Quantity
from gateway.fhir.path.values import MAX_TEXT, equal, is_number, key, order, plain, quantity_of, single, truth

MAX_NUMBER = 10**40
_FEW = 8
TRUE, FALSE, EMPTY = [True], [False], []  # type: list[Any], list[Any], list[Any]


def boolean(value: bool | None) -> list[Any]:
    """A boolean as a collection; None is the empty one. The lists are shared: nobody changes a collection."""
    return EMPTY if value is None else TRUE if value else FALSE


def binary(operator: str, left: Evaluate, right: Evaluate) -> Evaluate:
    """The compiled `left operator right`."""
    if operator in _LOGIC:
        return _LOGIC[operator](left, right)
    combine = _BINARY[operator]

    def run(env: Environment) -> list[Any]:
        one, other = left(env), right(env)
        if len(one) != 1 or len(other) != 1 or one[0].__class__ is not str or other[0].__class__ is not str:
            env.spend_on(one, other)
        else:
            env.spend(1 + (len(one[0]) + len(other[0])) // 1000)
        return combine(one, other)

    return run


def _and(left: Evaluate, right: Evaluate) -> Evaluate:
    def run(env: Environment) -> list[Any]:
        one = truth(left(env))
        if one is False:
            return FALSE
        other = truth(right(env))
        return FALSE if other is False else boolean(None if one is None or other is None else True)

    return run


def _or(left: Evaluate, right: Evaluate) -> Evaluate:
    def run(env: Environment) -> list[Any]:
        one = truth(left(env))
        if one:
            return TRUE
        other = truth(right(env))
        return TRUE if other else boolean(None if one is None or other is None else False)

    return run


def _implies(left: Evaluate, right: Evaluate) -> Evaluate:
    def run(env: Environment) -> list[Any]:
        one = truth(left(env))
        if one is False:
            return TRUE
        other = truth(right(env))
        return TRUE if other else boolean(None if one is None or other is None else False)

    return run


def _xor(left: Evaluate, right: Evaluate) -> Evaluate:
    def run(env: Environment) -> list[Any]:
        one, other = truth(left(env)), truth(right(env))
        return boolean(None if one is None or other is None else one != other)

    return run


def union(left: list[Any], right: list[Any]) -> list[Any]:
    """`|`: both, each value once."""
    return distinct(left + right)


def distinct(values: list[Any]) -> list[Any]:
    """Each value once, in the order they come."""
    if len(values) < 2:
        return values
    if len(values) <= _FEW:
        return _few_distinct(values)
    seen: dict[Any, Any] = {}
    for value in values:
        seen.setdefault(key(value), value)
    return list(seen.values())


def _few_distinct(values: list[Any]) -> list[Any]:
    """Python's own equality is quick and never too strict on plain values; it only takes 1 for true."""
    kept: list[Any] = []
    seen: list[Any] = []
    for value in values:
        bare = plain(value)
        if not any(bare == one and key(bare) == key(one) for one in seen):
            kept.append(value)
            seen.append(bare)
    return kept


def _not(value: bool | None) -> bool | None:
    return None if value is None else not value


def _within(left: list[Any], right: list[Any]) -> list[Any]:
    value = single(left)
    if value is None:
        return EMPTY
    wanted = key(value)
    return boolean(any(key(one) == wanted for one in right))


def _compared(test: Callable[[int], bool]) -> Callable[[list[Any], list[Any]], list[Any]]:
    def compare(left: list[Any], right: list[Any]) -> list[Any]:
        one, other = single(left), single(right)
        if one is None or other is None:
            return EMPTY
        found = order(one, other)
        return EMPTY if found is None else boolean(test(found))

    return compare


def _joined(left: list[Any], right: list[Any]) -> list[Any]:
    one, other = single(left), single(right)
    texts = ["" if value is None else value for value in (one, other)]
    if not all(isinstance(text, str) for text in texts):
        raise EvaluationError("only texts can be joined")
    return _text(texts[0] + texts[1])


def _text(text: str) -> list[Any]:
    if len(text) > MAX_TEXT:
        raise EvaluationError("the text grows too long")
    return [text]


def number(value: int | Decimal) -> list[Any]:
    """A number as a collection; raises EvaluationError when it is too large to be meant."""
    if isinstance(value, Decimal) and not value.is_finite():
        return EMPTY
    if not -MAX_NUMBER <= value <= MAX_NUMBER:
        raise EvaluationError("the number grows too large")
    return [value]


def _arithmetic(operator: str) -> Callable[[list[Any], list[Any]], list[Any]]:
    work = _NUMBERS[operator]

    def calculate(left: list[Any], right: list[Any]) -> list[Any]:
        one, other = single(left), single(right)
        if one is None or other is None:
            return EMPTY
        if is_number(one) and is_number(other):
            try:
                return number(work(one, other))
            except (ZeroDivisionError, DecimalException):
                return EMPTY
        if operator == "+" and isinstance(one, str) and isinstance(other, str):
            return _text(one + other)
        return _special(operator, one, other)

    return calculate


def _special(operator: str, one: Any, other: Any) -> list[Any]:
    amount = quantity_of(other)
    if operator in ("+", "-") and amount is not None and isinstance(one, Moment | str):
        moved = move(one, amount, backwards=operator == "-")
        return EMPTY if moved is None else [moved]
    mine = quantity_of(one)
    if operator in ("+", "-") and mine is not None and amount is not None:
        if mine.comparable() != amount.comparable():
            return EMPTY
        return [Quantity(_NUMBERS[operator](mine.value, amount.value), mine.unit)]
    if operator in ("*", "/") and mine is not None and is_number(other):
        return [Quantity(value, mine.unit) for value in number(_NUMBERS[operator](mine.value, Decimal(other)))]
    raise EvaluationError(f"'{operator}' does not work on these kinds of value")


def _whole(one: Any, other: Any) -> int:
    quotient = abs(one) // abs(other)
    return int(quotient if (one < 0) == (other < 0) else -quotient)


def _quotient(one: int | Decimal, other: int | Decimal) -> Decimal:
    """To the eight places a FHIRPath Decimal has."""
    value = Decimal(one) / Decimal(other)
    return round(value, 8) if value.as_tuple().exponent < -8 else value  # type: ignore[operator]


_NUMBERS: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda one, other: one + other,
    "-": lambda one, other: one - other,
    "*": lambda one, other: one * other,
    "/": _quotient,
    "div": _whole,
    "mod": lambda one, other: one - other * _whole(one, other),
}
_LOGIC = {"and": _and, "or": _or, "xor": _xor, "implies": _implies}
_BINARY: dict[str, Callable[[list[Any], list[Any]], list[Any]]] = {
    **{operator: _arithmetic(operator) for operator in _NUMBERS},
    "&": _joined,
    "|": union,
    "=": lambda left, right: boolean(equal(left, right)),
    "!=": lambda left, right: boolean(_not(equal(left, right))),
    "~": lambda left, right: boolean(equivalent(left, right)),
    "!~": lambda left, right: boolean(not equivalent(left, right)),
    "<": _compared(lambda found: found < 0),
    ">": _compared(lambda found: found > 0),
    "<=": _compared(lambda found: found <= 0),
    ">=": _compared(lambda found: found >= 0),
    "in": _within,
    "contains": lambda left, right: _within(right, left),
}
