"""Searches drawn from what resources hold, so that many of them find something; the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from gateway.fhir.path import compile
from gateway.fhir.search.table import TYPES, Parameter

Json = dict[str, Any]
PREFIXES = ("", "eq", "ne", "lt", "gt", "le", "ge", "sa", "eb")
_DATE_CUTS = (4, 7, 10, 25)  # a year, a month, a day, whole


@dataclass(frozen=True)
class Question:
    """One criterion of a search; `form` says which way of asking it is."""

    type: str
    code: str
    kind: str
    form: str
    modifier: str
    value: str

    def __str__(self) -> str:
        return f"{self.type}?{self.criterion}"

    @property
    def criterion(self) -> str:
        return f"{self.code}{self.modifier}={quote(self.value, safe='|:/')}"


def questions(seed: int, resources: list[Json], each: int) -> Iterator[Question]:
    """So many questions for every parameter that the resources have a value of."""
    dice = random.Random(seed)
    for type in sorted({one["resourceType"] for one in resources}):
        some = [one for one in resources if one["resourceType"] == type]
        for parameter in TYPES[type].parameters.values():
            values = [value for one in some for value in values_of(parameter, one)]
            draw = _DRAWS.get(parameter.kind)
            for _ in range(each if draw and values else 0):
                if drawn := draw(dice, dice.choice(values)):  # type: ignore[misc]
                    yield Question(type, parameter.code, parameter.kind, *drawn)
            if values:
                yield Question(
                    type, parameter.code, parameter.kind, "missing", ":missing", dice.choice(["true", "false"])
                )


def values_of(parameter: Parameter, resource: Json) -> list[Any]:
    """The elements that the parameter looks at."""
    if not parameter.expression:
        return []
    variables = {"resource": resource, "rootResource": resource}
    return list(compile(parameter.expression).evaluate(resource, variables, type=resource["resourceType"]))


Drawn = tuple[str, str, str]


def _token(dice: random.Random, value: Any) -> Drawn | None:
    if isinstance(value, dict) and value.get("coding"):
        value = dice.choice(value["coding"])
    if not isinstance(value, dict):
        return ("code", "", str(value).lower() if isinstance(value, bool) else str(value))
    code = value.get("code") or value.get("value")
    if not code:
        return None
    system = value.get("system", "")
    is_coded = "://" in system or system.startswith("urn:")
    form, text = dice.choice([("code", code), ("system|code", f"{system}|{code}"), ("system|", f"{system}|")])
    if not is_coded:
        form, text = "code", code
    return (form, dice.choice(["", "", ":not"]), text)


def _string(dice: random.Random, value: Any) -> Drawn | None:
    if not (texts := texts_of(value)):
        return None
    text = dice.choice(texts)
    form, modifier = dice.choice(
        [("start", ""), ("whole", ""), ("inner", ""), ("inner", ":contains"), ("whole", ":exact")]
    )
    cut = {"start": text[:4], "whole": text, "inner": text[1:5]}[form].strip()
    return (form, modifier, cut.replace(",", "\\,")) if cut else None


def texts_of(value: Any) -> list[str]:
    """The texts that a string search looks at, in a name or an address too."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        names = ("family", "given", "text", "city", "line", "state", "postalCode", "country")
        return [text for name in names for text in texts_of(value.get(name))]
    return [text for one in value for text in texts_of(one)] if isinstance(value, list) else []


def _date(dice: random.Random, value: Any) -> Drawn | None:
    if isinstance(value, dict):
        value = value.get("start") or value.get("end") or (value.get("event") or [""])[0]
    if not isinstance(value, str) or not value[:4].isdigit():
        return None
    cut = dice.choice(_DATE_CUTS)
    text = value if cut == _DATE_CUTS[-1] else value[:cut]
    prefix = dice.choice(PREFIXES)
    return (prefix, "", prefix + text)


def _reference(dice: random.Random, value: Any) -> Drawn | None:
    reference = value.get("reference", "") if isinstance(value, dict) else str(value)
    if reference.count("/") != 1:
        return None
    form, text = dice.choice([("type/id", reference), ("type/id", reference), ("id", reference.partition("/")[2])])
    return (form, "", text)


def _uri(dice: random.Random, value: Any) -> Drawn | None:
    return ("whole", "", value) if isinstance(value, str) else None


_DRAWS = {"token": _token, "string": _string, "date": _date, "reference": _reference, "uri": _uri}
