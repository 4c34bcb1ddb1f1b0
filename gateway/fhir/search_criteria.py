"""One search parameter with its modifier and values, read strictly: https://hl7.org/fhir/R4/search.html#modifiers"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.fhir.search_table import TYPES, Parameter, TypeTable
from gateway.fhir.search_values import Value, read, split

MODIFIERS: Mapping[str, tuple[str, ...]] = {
    "token": ("not", "missing"),
    "string": ("exact", "contains", "missing"),
    "date": ("missing",),
    "uri": ("missing",),
    "reference": ("identifier", "missing"),
}


class Unknown(ValueError):
    """A parameter or modifier that the type does not offer."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """One parameter that every match must meet by one of its values; under `:missing` by having none (or some)."""

    parameter: Parameter
    modifier: str | None
    values: tuple[Value, ...] = ()
    missing: bool = False


def criterion(table: TypeTable, name: str, text: str, base: str) -> Criterion:
    """`name=text` on a type. Raises Unknown for what the type does not offer, ValueError for what does not fit."""
    code, colon, modifier = name.partition(":")
    parameter = table.parameters.get(code)
    if not code:
        raise ValueError("A value stands without a parameter.")
    if parameter is None:
        raise Unknown("The parameter is not supported for this type.")
    if not text:
        raise Unknown("The parameter has no value.")
    if not colon:
        return Criterion(parameter, None, _values(parameter, None, text, base))
    if modifier not in MODIFIERS[parameter.kind] and not names_target(parameter, modifier):
        raise Unknown("The modifier is not supported for this parameter.")
    if modifier == "missing":
        if text not in ("true", "false"):
            raise ValueError("The modifier takes true or false.")
        return Criterion(parameter, modifier, missing=text == "true")
    return Criterion(parameter, modifier, _values(parameter, modifier, text, base))


def names_target(parameter: Parameter, modifier: str) -> bool:
    """Whether the modifier is a type that the reference may go to."""
    if parameter.kind != "reference" or not modifier[:1].isupper():
        return False
    return modifier in parameter.targets if parameter.targets else modifier in TYPES


def _values(parameter: Parameter, modifier: str | None, text: str, base: str) -> tuple[Value, ...]:
    return tuple(read(parameter, modifier, part, base) for part in split(text, ","))
