"""The R4 facts of `definitions/r4.json.gz`, compiled on first use into what the walker steps through: one Node per
type or nested element, one Child per JSON key (so `value[x]` becomes `valueQuantity`, `valueString` …)."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from gateway.fhir.primitives import PRIMITIVES, Test

Codes = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Child:
    """One JSON key of a node. `name` is the FHIR element name, which for a choice type is not the key."""

    name: str
    type: str
    many: bool
    most: int | None
    test: Test | None
    node: str | None
    codes: Codes | None
    targets: frozenset[str] | None
    rules: tuple[str, ...]
    choice: bool


@dataclass(frozen=True, slots=True)
class Node:
    """The children of one type or nested element, by JSON key; `required` names each element with its keys."""

    path: str
    children: Mapping[str, Child]
    required: tuple[tuple[str, tuple[str, ...]], ...]
    rules: tuple[str, ...]
    is_resource: bool


class _Fact(msgspec.Struct):
    types: list[str]
    min: int = 0
    max: str = "1"
    codes: str | None = None
    rules: tuple[str, ...] = ()


class _Node(msgspec.Struct):
    children: dict[str, _Fact]
    rules: tuple[str, ...] = ()


class _Type(msgspec.Struct):
    kind: str
    abstract: bool
    base: str | None


class _Tables(msgspec.Struct):
    types: dict[str, _Type]
    nodes: dict[str, _Node]
    rules: dict[str, tuple[str, str, str]]
    codes: dict[str, dict[str, list[str]]]


@cache
def _tables() -> _Tables:
    packed = (files("gateway.fhir.definitions") / "r4.json.gz").read_bytes()
    return msgspec.json.decode(gzip.decompress(packed), type=_Tables)


@cache
def resource_types() -> frozenset[str]:
    """The names of all R4 resource types that can be sent or stored."""
    return frozenset(name for name, each in _tables().types.items() if each.kind == "resource" and not each.abstract)


def is_complex(type_name: str) -> bool:
    """Whether `type_name` is a data type with children."""
    return type_name in _tables().types


@cache
def is_a(type_name: str, ancestor: str) -> bool:
    """Whether `type_name` is `ancestor` or derives from it, as Age does from Quantity."""
    known = _tables().types.get(type_name)
    return type_name == ancestor or (known is not None and known.base is not None and is_a(known.base, ancestor))


@cache
def rule(name: str) -> tuple[str, str, str]:
    """Severity, words and FHIRPath expression of an R4 rule."""
    return _tables().rules[name]


@cache
def codes(value_set: str) -> Codes | None:
    """The codes of a value set by system; None where R4 alone cannot list them."""
    listed = _tables().codes.get(value_set)
    return None if listed is None else {system: frozenset(each) for system, each in listed.items()}


@cache
def node(path: str) -> Node:
    """The node of a type (`Patient`) or a nested element (`Patient.contact`). Raises KeyError for no R4 path."""
    facts = _tables().nodes[path]
    children: dict[str, Child] = {}
    required: list[tuple[str, tuple[str, ...]]] = []
    for name, fact in facts.children.items():
        keys = _children(path, name, fact)
        children |= keys
        if fact.min:
            required.append((name.removesuffix("[x]"), tuple(keys)))
    kind = _tables().types.get(path)
    return Node(path, children, tuple(required), facts.rules, kind is not None and kind.kind == "resource")


def _children(path: str, name: str, fact: _Fact) -> dict[str, Child]:
    if not name.endswith("[x]"):
        return {name: _child(path, name, name, fact, fact.types[0])}
    stem = name.removesuffix("[x]")
    kinds = {kind: kind.split("(")[0] for kind in fact.types}
    return {f"{stem}{kind[0].upper()}{kind[1:]}": _child(path, stem, name, fact, each) for each, kind in kinds.items()}


def _child(path: str, name: str, element: str, fact: _Fact, kind: str) -> Child:
    type_name, _, targets = kind.rstrip(")").partition("(")
    place: str | None = type_name
    if type_name == "@":
        type_name, place = "BackboneElement", f"{path}.{name}"
    elif type_name.startswith("#"):
        type_name, place = "BackboneElement", type_name[1:]
    elif type_name in PRIMITIVES:
        place = None
    return Child(
        name=name,
        type=type_name,
        many=fact.max not in {"0", "1"},
        most=None if fact.max == "*" else int(fact.max),
        test=PRIMITIVES.get(type_name),
        node=place,
        codes=codes(fact.codes) if fact.codes else None,
        targets=frozenset(targets.split("|")) if targets and targets != "Resource" else None,
        rules=fact.rules,
        choice=element.endswith("[x]"),
    )


def describe(value: Any) -> str:
    """The JSON kind of a value, in words that carry nothing of it."""
    kinds = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return kinds.get(type(value), "a number")


def has_rule(key: str) -> bool:
    """Whether R4 itself has a rule of this key."""
    return key in _tables().rules or key in {"ele-1", "ext-1", "inv-1"}
