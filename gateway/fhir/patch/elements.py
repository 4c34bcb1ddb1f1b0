"""The elements of a resource, each with its place, so that it can be changed where it stands.

FHIR's JSON keeps a primitive in two members, `name` and `_name`, and a choice under the name of its type; here each is
one element. https://hl7.org/fhir/R4/json.html#primitive
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from gateway.fhir.tables import Child, node

Pair = tuple[Any, Any]
"""A value and what stands beside it under `_name`."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element: `type` is its data type, resource type, or the path of a nested element such as Patient.contact."""

    type: str
    value: Any
    beside: Any = None
    parent: Element | None = None
    name: str = ""
    key: str = ""
    index: int = 0
    is_primitive: bool = False

    @property
    def members(self) -> dict[str, Any]:
        """The object that holds its children."""
        held = self.beside if self.is_primitive else self.value
        return held if type(held) is dict else {}

    @property
    def owner(self) -> str:
        """Whose children it has, as the tables know them."""
        return "Element" if self.is_primitive else self.type

    @property
    def place(self) -> tuple[str, ...]:
        """The names that lead to it from the resource."""
        return (*self.parent.place, self.name) if self.parent else ()


@cache
def options(owner: str, name: str) -> tuple[tuple[str, Child], ...]:
    """The JSON keys of an element: none for an unknown name, several for a choice."""
    return tuple((key, child) for key, child in node(owner).children.items() if child.name == name)


def children(parent: Element, name: str) -> Iterator[Element]:
    """The elements of this name that the parent has."""
    members = parent.members
    for key, child in options(parent.owner, name):
        if key not in members and f"_{key}" not in members:
            continue
        for index, (value, beside) in enumerate(pairs(members, key)):
            kind = _kind(child, value)
            if kind is not None and (value is not None or beside is not None):
                yield Element(kind, value, beside, parent, name, key, index, child.test is not None)


def pairs(members: dict[str, Any], key: str) -> list[Pair]:
    """The values under a key with what stands beside each; one that does not repeat is a list of one."""
    values, besides = _listed(members.get(key)), _listed(members.get(f"_{key}"))
    length = max(len(values), len(besides))
    values += [None] * (length - len(values))
    besides += [None] * (length - len(besides))
    return list(zip(values, besides, strict=True))


def write(members: dict[str, Any], key: str, items: list[Pair], *, many: bool) -> None:
    """Put these in the place of all that was under the key."""
    for name, column in ((key, [value for value, _ in items]), (f"_{key}", [beside for _, beside in items])):
        if all(item is None for item in column):
            members.pop(name, None)
        else:
            members[name] = column if many else column[0]


def _listed(value: Any) -> list[Any]:
    if type(value) is list:
        return list(value)
    return [] if value is None else [value]


def _kind(child: Child, value: Any) -> str | None:
    """The type of one value; None for what is no element of the kind the tables ask for."""
    if child.test is not None:
        return None if type(value) in (dict, list) else child.type
    if type(value) is not dict:
        return None
    if child.type == "Resource":
        return _resource(value.get("resourceType"))
    return child.node or child.type


def _resource(kind: Any) -> str | None:
    try:
        return kind if type(kind) is str and node(kind).is_resource else None
    except KeyError:
        return None
