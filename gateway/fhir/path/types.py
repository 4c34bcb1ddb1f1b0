"""Which FHIR type a value has: declared by a choice element or the model, else read off its shape.

Types and their ancestors: http://hl7.org/fhir/R4/datatypes.html; from FHIR to System types:
http://hl7.org/fhir/R4/fhirpath.html#types
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path as File
from typing import Any

from gateway.fhir.path.environment import Environment
from gateway.fhir.path.moments import Moment
from gateway.fhir.path.quantities import Quantity
from gateway.fhir.path.values import Primitive

Model = Callable[[str, str], str | None]
"""The type of an element: model("Patient", "birthDate") == "date"; a backbone element's type is its path."""


def _choices() -> dict[str, dict[str, str]]:
    lists: dict[str, str] = json.loads(File(__file__).with_name("choices.json").read_text("utf-8"))
    every = lists.pop("*")
    return {
        name: {name + kind[0].upper() + kind[1:]: kind for kind in (every if kinds == "*" else kinds).split()}
        for name, kinds in lists.items()
    }


CHOICES: Mapping[str, Mapping[str, str]] = _choices()
"""For each R4 choice element the keys it has in JSON, and the type each key declares."""

_PARENTS = {
    **dict.fromkeys(("code", "id", "markdown"), "string"),
    **dict.fromkeys(("canonical", "url", "uuid", "oid"), "uri"),
    **dict.fromkeys(("positiveInt", "unsignedInt"), "integer"),
    **dict.fromkeys(("Age", "Count", "Distance", "Duration", "SimpleQuantity", "MoneyQuantity"), "Quantity"),
    **dict.fromkeys(("Bundle", "Binary", "Parameters", "DomainResource"), "Resource"),
}
_SYSTEM = {
    "boolean": "Boolean",
    "integer": "Integer",
    "decimal": "Decimal",
    "date": "Date",
    "time": "Time",
    **dict.fromkeys(("dateTime", "instant"), "DateTime"),
    **dict.fromkeys(("string", "uri", "base64Binary"), "String"),
}
_TEXTS = frozenset(
    {"string", "code", "id", "markdown", "uri", "canonical", "url", "uuid", "oid", "base64Binary", "String"}
)
_SHAPES = {
    "Quantity": {"value", "comparator", "unit", "system", "code"},
    "Range": {"low", "high"},
    "Ratio": {"numerator", "denominator"},
    "Period": {"start", "end"},
    "CodeableConcept": {"coding", "text"},
    "Coding": {"system", "version", "code", "display", "userSelected"},
    "Reference": {"reference", "type", "identifier", "display"},
    "Identifier": {"use", "type", "system", "value", "period", "assigner"},
    "Timing": {"event", "repeat", "code"},
    "Attachment": {"contentType", "language", "data", "url", "size", "hash", "title", "creation"},
    "SampledData": {"origin", "period", "factor", "lowerLimit", "upperLimit", "dimensions", "data"},
    "HumanName": {"use", "text", "family", "given", "prefix", "suffix", "period"},
    "Money": {"value", "currency"},
    "Expression": {"description", "name", "language", "expression", "reference"},
}


def is_type(value: Any, name: str, env: Environment) -> bool:
    """Whether the value is of the type or of one derived from it; a type nothing declares is read off the shape."""
    space, _, short = name.rpartition(".")
    if space == "System":
        return _system_type(value) == short
    declared = type_of(value, env)
    if declared is None:
        return _has_shape(value, short)
    if value.__class__ is dict and "resourceType" in value:
        return short in (declared, "Resource") or (short == "DomainResource" and declared not in _PARENTS)
    while declared is not None:
        if short == declared or _SYSTEM.get(declared) == short:
            return True
        declared = _PARENTS.get(declared)
    return False


def type_of(value: Any, env: Environment) -> str | None:
    """The declared type, where there is one."""
    kind = value.__class__
    if kind is dict:
        return value.get("resourceType") or env.types.get(id(value))
    if kind is Primitive:
        return value.type or type_of(value.value, env)
    if kind is bool:
        return "boolean"
    return "integer" if kind is int else None


def declare(value: Any, name: str, env: Environment) -> Any:
    """The value, now known to be of this type."""
    if value.__class__ is dict:
        env.types[id(value)] = name
        return value
    if value.__class__ is Primitive:
        return Primitive(value.value, name, value.element)
    return Primitive(value, name, None)


def _system_type(value: Any) -> str | None:
    if value.__class__ is Moment:
        return str(value.kind)
    names = {bool: "Boolean", int: "Integer", Decimal: "Decimal", str: "String", Quantity: "Quantity"}
    return names.get(value.__class__)


def _has_shape(value: Any, name: str) -> bool:
    if value.__class__ is str:
        return name in _TEXTS or _is_moment(value, name)
    if value.__class__ is dict:
        keys = {key for key in value if key not in ("id", "extension") and not key.startswith("_")}
        allowed = _SHAPES.get(_PARENTS.get(name, name), set())
        return bool(keys) and keys <= allowed
    if isinstance(value, Decimal):
        return name in ("decimal", "Decimal")
    return _system_type(value) == name


def _is_moment(text: str, name: str) -> bool:
    if name in ("time", "Time"):
        return Moment.parse_time(text) is not None
    if name not in ("date", "Date", "dateTime", "DateTime", "instant"):
        return False
    moment = Moment.parse(text) if text[:4].isdigit() else None
    if moment is None:
        return False
    if name in ("date", "Date"):
        return moment.kind == "Date"
    return name != "instant" or (moment.offset is not None and len(moment.parts) == 6)
