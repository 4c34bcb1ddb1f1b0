"""Functions on numbers, and the clock. http://hl7.org/fhirpath/N1/#math"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal, DecimalException
from typing import Any

from gateway.fhir.path.environment import Environment
from gateway.fhir.path.errors import EvaluationError
from gateway.fhir.path.gathering import Function, whole
from gateway.fhir.path.moments import Moment
from gateway.fhir.path.operators import number
from gateway.fhir.path.quantities import Quantity
from gateway.fhir.path.values import is_number, quantity_of, single


def _on_number(work: Callable[..., int | Decimal]) -> Function:
    def function(focus: list[Any], env: Environment, *arguments: list[Any]) -> list[Any]:
        values = [single(focus), *map(single, arguments)]
        if None in values:
            return []
        if not all(is_number(value) for value in values):
            raise EvaluationError("a number was expected")
        try:
            return number(work(*values))
        except (DecimalException, ZeroDivisionError):
            return []

    return function


def _round(focus: list[Any], env: Environment, precision: list[Any] | None = None) -> list[Any]:
    places = whole(precision) if precision else 0
    if not 0 <= places <= 20:
        raise EvaluationError("no such precision")
    return _on_number(lambda value: Decimal(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))(focus, env)


def _abs(focus: list[Any], env: Environment) -> list[Any]:
    quantity = quantity_of(single(focus))
    return [Quantity(abs(quantity.value), quantity.unit)] if quantity else _on_number(abs)(focus, env)


def _power(base: int | Decimal, exponent: int | Decimal) -> int | Decimal:
    value = Decimal(base) ** exponent
    is_whole = isinstance(base, int) and isinstance(exponent, int) and exponent >= 0 and value < 10**28
    return int(value) if is_whole else value


def _moment(form: str) -> Function:
    def function(focus: list[Any], env: Environment) -> list[Any]:
        moment = Moment.parse(datetime.now(UTC).strftime(form))
        return [moment] if moment else []

    return function


MATHEMATICS: dict[str, tuple[Function, int, int]] = {
    "abs": (_abs, 0, 0),
    "ceiling": (_on_number(lambda value: int(Decimal(value).to_integral_value(ROUND_CEILING))), 0, 0),
    "floor": (_on_number(lambda value: int(Decimal(value).to_integral_value(ROUND_FLOOR))), 0, 0),
    "truncate": (_on_number(int), 0, 0),
    "round": (_round, 0, 1),
    "sqrt": (_on_number(lambda value: Decimal(value).sqrt()), 0, 0),
    "exp": (_on_number(lambda value: Decimal(value).exp()), 0, 0),
    "ln": (_on_number(lambda value: Decimal(value).ln()), 0, 0),
    "log": (_on_number(lambda value, base: Decimal(value).ln() / Decimal(base).ln()), 1, 1),
    "power": (_on_number(_power), 1, 1),
}
"""Name: (function, fewest arguments, most arguments)."""

CLOCK: dict[str, tuple[Function, int, int]] = {
    "now": (_moment("%Y-%m-%dT%H:%M:%S.%fZ"), 0, 0),
    "today": (_moment("%Y-%m-%d"), 0, 0),
    "timeOfDay": (_moment("T%H:%M:%S.%f"), 0, 0),
}
"""As above; these make an expression answer differently from one moment to the next."""
