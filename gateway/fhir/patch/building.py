"""The content that an operation brings: a value, a resource, or an element built of parts.

https://hl7.org/fhir/R4/fhirpatch.html: a nested element, such as Patient.contact, is given by its parts.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from gateway.fhir.parameters import Parameter
from gateway.fhir.patch.documents import copy
from gateway.fhir.patch.elements import options, pairs, write
from gateway.fhir.patch.fault import Fault
from gateway.fhir.primitives import PRIMITIVES
from gateway.fhir.tables import Child, is_a

_WHOLE = frozenset({"integer", "positiveInt", "unsignedInt"})


class Made(NamedTuple):
    """Content that fits an element: under which of its keys, as which child, and what stands beside a primitive."""

    keys: tuple[str, ...]
    key: str
    child: Child
    value: Any
    beside: Any


def make(owner: str, name: str, given: Parameter) -> Made:
    """The content for the element `name` of `owner`. Raises Fault with the place of the part that does not fit."""
    known = options(owner, name)
    if not known:
        raise Fault("R4 has no such element here.", given.place)
    fitting = [(key, child) for key, child in known if _fits(given, child)]
    if len(fitting) != 1:
        raise Fault("The value is of a type that this element does not have.", given.place)
    key, child = fitting[0]
    keys = tuple(each for each, _ in known)
    if given.part:
        return Made(keys, key, child, _built(child.node or child.type, given), None)
    return Made(keys, key, child, copy(given.content), copy(given.element))


def put(members: dict[str, Any], made: Made, place: str) -> None:
    """Add to a list, or put where nothing is yet. Raises Fault where something is."""
    if made.child.many:
        items = [*pairs(members, made.key), (made.value, made.beside)]
    elif any(key in members or f"_{key}" in members for key in made.keys):
        raise Fault("The element is there already, and does not repeat.", place)
    else:
        items = [(made.value, made.beside)]
    write(members, made.key, items, many=made.child.many)


def _built(kind: str, given: Parameter) -> dict[str, Any]:
    built: dict[str, Any] = {}
    for part in given.part:
        put(built, make(kind, part.name, part), part.place)
    return built


def _fits(given: Parameter, child: Child) -> bool:
    if given.resource is not None:
        return child.type == "Resource"
    if given.type is None:
        return child.test is None and child.type != "Resource"
    if child.choice or given.type == child.type:
        return given.type == child.type
    if child.test is None or given.type not in PRIMITIVES:
        return is_a(given.type, child.type) or is_a(child.type, given.type)
    return _family(given.type) == _family(child.type)


def _family(primitive: str) -> str:
    """Whose values look alike in JSON: what their type asks for is left to the check of the whole resource."""
    if primitive in ("boolean", "decimal"):
        return primitive
    return "integer" if primitive in _WHOLE else "string"
