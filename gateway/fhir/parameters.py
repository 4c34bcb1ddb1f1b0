"""Parameters: what an operation is given and gives back. https://hl7.org/fhir/R4/parameters.html

`read` is strict about the Parameters and their values. A resource in them is handed on as it came, unchecked: some
operations are about faulty ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from gateway.errors import BadRequest, Issue, Unprocessable
from gateway.fhir import invariants
from gateway.fhir.primitives import PRIMITIVES
from gateway.fhir.tables import node
from gateway.fhir.walker import Walk

_ANY_RESOURCE: Mapping[str, Any] = {"resourceType": "Basic", "code": {"text": "stands for any resource"}}
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,9})")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,17})?")
_WORDS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter or part. `type` and `value` are those of value[x], `element` what stands beside a primitive."""

    name: str
    place: str
    type: str | None = None
    value: Any = None
    element: Mapping[str, Any] | None = None
    resource: Any = None
    part: tuple[Parameter, ...] = ()

    @property
    def content(self) -> Any:
        """The resource, or the value."""
        return self.value if self.resource is None else self.resource


@dataclass(frozen=True, slots=True)
class In:
    """An input that an operation takes: data types, or resource types (`Resource` for any)."""

    name: str
    types: tuple[str, ...] = ("string",)
    least: int = 0
    most: int | None = 1


@dataclass(frozen=True, slots=True)
class Inputs:
    """What an operation was given, by name; every input that it takes is there, perhaps empty."""

    given: Mapping[str, tuple[Parameter, ...]]

    def all(self, name: str) -> list[Any]:
        return [parameter.content for parameter in self.given[name]]

    def one(self, name: str) -> Any:
        """The only one, or None."""
        return self.given[name][0].content if self.given[name] else None


def read(resource: Any) -> tuple[Parameter, ...]:
    """The parameters of a parsed resource. Raises BadRequest when it is none, Unprocessable for its faults."""
    if type(resource) is not dict or resource.get("resourceType") != "Parameters":
        raise BadRequest("A Parameters resource is expected.")
    faults = Walk(_without_resources(resource), invariants.visit).walk()
    if faults:
        raise Unprocessable(issues=faults)
    return _parameters(resource.get("parameter", ()), "Parameters.parameter")


def take(given: Iterable[Parameter], *wanted: In) -> Inputs:
    """The inputs of an operation. Raises BadRequest for each that is unknown, of another type, missing or too many."""
    known = {each.name: each for each in wanted}
    taken: dict[str, list[Parameter]] = {name: [] for name in known}
    faults = []
    for parameter in given:
        expected = known.get(parameter.name)
        if expected is None:
            faults.append(Issue("The operation has no such parameter.", parameter.place, "not-supported"))
        elif not any(_is_of(parameter, kind) for kind in expected.types):
            words = f"{expected.name} must be of the type {' or '.join(expected.types)}."
            faults.append(Issue(words, parameter.place, "value"))
        else:
            taken[parameter.name].append(parameter)
    faults += [] if faults else _miscounted(taken, wanted)
    if faults:
        raise BadRequest(issues=faults)
    return Inputs({name: tuple(each) for name, each in taken.items()})


def from_query(pairs: Iterable[tuple[str, str]], *wanted: In) -> Inputs:
    """The inputs as they stand in an address: primitives only. Raises BadRequest as `take` does."""
    known = {each.name: each for each in wanted}
    return take([_from_text(name, text, known.get(name)) for name, text in pairs], *wanted)


def value(name: str, kind: str, content: Any) -> dict[str, Any]:
    """A parameter with a value of the type `kind`: value("result", "boolean", True)."""
    return {"name": name, f"value{kind[0].upper()}{kind[1:]}": content}


def resource(name: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """A parameter that is a resource."""
    return {"name": name, "resource": content}


def group(name: str, parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A parameter of several parts."""
    return {"name": name, "part": list(parts)}


def parameters(made: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The Parameters resource of these. An empty list is left out, as FHIR's JSON wants it."""
    return {"resourceType": "Parameters", **({"parameter": list(made)} if made else {})}


def _without_resources(value: Any) -> Any:
    """The Parameters with every resource in it replaced by one that has no fault."""
    if type(value) is not dict:
        return value
    copied = dict(value)
    if type(copied.get("resource")) is dict and copied["resource"]:
        copied["resource"] = _ANY_RESOURCE
    for key in ("parameter", "part"):
        if type(copied.get(key)) is list:
            copied[key] = [_without_resources(each) for each in copied[key]]
    return copied


def _parameters(given: Sequence[Mapping[str, Any]], place: str) -> tuple[Parameter, ...]:
    return tuple(_parameter(each, f"{place}[{index}]") for index, each in enumerate(given))


def _parameter(given: Mapping[str, Any], place: str) -> Parameter:
    key = next((key.removeprefix("_") for key in given if key.lstrip("_").startswith("value")), None)
    return Parameter(
        name=given["name"],
        place=place,
        type=node("Parameters.parameter").children[key].type if key else None,
        value=given.get(key) if key else None,
        element=given.get(f"_{key}") if key else None,
        resource=given.get("resource"),
        part=_parameters(given.get("part", ()), f"{place}.part"),
    )


def _is_of(parameter: Parameter, kind: str) -> bool:
    if parameter.resource is None:
        return parameter.type == kind and parameter.value is not None
    found = parameter.resource.get("resourceType")
    return kind in ("Resource", found)


def _miscounted(taken: Mapping[str, Sequence[Parameter]], wanted: Iterable[In]) -> list[Issue]:
    faults = []
    for each in wanted:
        found = taken[each.name]
        if len(found) < each.least:
            faults.append(Issue(f"{each.name} is required.", None, "required"))
        elif each.most is not None and len(found) > each.most:
            faults.append(Issue(f"{each.name} must not occur more than {each.most} times.", found[each.most].place))
    return faults


def _from_text(name: str, text: str, wanted: In | None) -> Parameter:
    place = f"http.{name}" if wanted else "http"
    for kind in wanted.types if wanted else ():
        content = _typed(kind, text)
        if kind in PRIMITIVES and PRIMITIVES[kind](content) is None:
            return Parameter(name, place, kind, content)
    return Parameter(name, place)


def _typed(kind: str, text: str) -> Any:
    if kind == "boolean":
        return _WORDS.get(text)
    if kind in ("integer", "positiveInt", "unsignedInt"):
        return int(text) if _WHOLE.fullmatch(text) else None
    if kind == "decimal":
        return Decimal(text) if _NUMBER.fullmatch(text) else None
    return text
