"""A profile's snapshot as a tree: what each element, and each slice of it, must look like.

Source: https://hl7.org/fhir/R4/profiling.html and https://hl7.org/fhir/R4/elementdefinition.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.fhir import tables
from gateway.fhir.invariants import Rule, compiled

Element = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TypeSpec:
    """One allowed type: profiles the value must conform to (one of them), profiles a reference must point to."""

    code: str
    profiles: tuple[str, ...]
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Discriminator:
    kind: str
    path: str


@dataclass(slots=True)
class Spec:
    """What a profile says of one element or slice. `groups` are its children by element name, each with its slices."""

    path: str
    name: str
    min: int
    max: int | None
    slice: str | None = None
    is_choice: bool = False
    types: tuple[TypeSpec, ...] = ()
    fixed: Any = None
    pattern: Any = None
    value_set: str | None = None
    rules: tuple[Rule, ...] = ()
    discriminators: tuple[Discriminator, ...] = ()
    is_closed: bool = False
    groups: dict[str, Group] = field(default_factory=dict)


@dataclass(slots=True)
class Group:
    """One element with the slices a profile cuts it into."""

    spec: Spec
    slices: list[Spec] = field(default_factory=list)


def tree(definition: Mapping[str, Any]) -> Spec | None:
    """The root of the profile's tree; None where the definition comes without a snapshot."""
    elements = definition.get("snapshot", {}).get("element", ())
    if not elements:
        return None
    root = _spec(elements[0])
    open_specs = [root]
    by_id: dict[str, Spec] = {str(elements[0].get("id")): root}
    references: list[tuple[Spec, str]] = []
    for element in elements[1:]:
        depth = element["path"].count(".")
        spec = _spec(element)
        del open_specs[depth:]
        _place(open_specs[-1], spec)
        open_specs.append(spec)
        by_id[str(element.get("id"))] = spec
        if "contentReference" in element:
            references.append((spec, element["contentReference"].rpartition("#")[2]))
    for spec, target in references:
        if target in by_id:
            spec.groups = by_id[target].groups
    return root


def _place(parent: Spec, spec: Spec) -> None:
    group = parent.groups.get(spec.name)
    if group is None:
        parent.groups[spec.name] = Group(spec)
    elif spec.slice is not None:
        group.slices.append(spec)


def _spec(element: Element) -> Spec:
    path: str = element["path"]
    name = path.rpartition(".")[2]
    slicing = element.get("slicing", {})
    binding = element.get("binding", {})
    return Spec(
        path=path,
        name=name.removesuffix("[x]"),
        min=element.get("min", 0),
        max=None if element.get("max", "*") == "*" else int(element["max"]),
        slice=element.get("sliceName"),
        is_choice=name.endswith("[x]"),
        types=tuple(_type(kind) for kind in element.get("type", ())),
        fixed=_expected(element, "fixed"),
        pattern=_expected(element, "pattern"),
        value_set=binding.get("valueSet") if binding.get("strength") == "required" else None,
        rules=tuple(_rules(element.get("constraint", ()))),
        discriminators=tuple(Discriminator(each["type"], each["path"]) for each in slicing.get("discriminator", ())),
        is_closed=slicing.get("rules") == "closed",
    )


def _type(kind: Element) -> TypeSpec:
    return TypeSpec(kind.get("code", ""), tuple(kind.get("profile", ())), tuple(kind.get("targetProfile", ())))


def _expected(element: Element, prefix: str) -> Any:
    return next(
        (value for key, value in element.items() if key.startswith(prefix) and key[len(prefix)].isupper()), None
    )


def _rules(constraints: Iterable[Element]) -> Iterable[Rule]:
    """The profile's own rules: those of R4 run with the walk."""
    for each in constraints:
        if not tables.has_rule(each["key"]):
            rule = compiled(each["key"], each.get("severity", ""), each.get("human", ""), each.get("expression", ""))
            if rule is not None:
                yield rule


def agrees(value: Any, pattern: Any) -> bool:
    """Whether `value` has all that `pattern` has (ElementDefinition.pattern[x])."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(agrees(value.get(key), each) for key, each in pattern.items())
    if isinstance(pattern, list):
        return isinstance(value, list) and all(any(agrees(item, each) for item in value) for each in pattern)
    return value == pattern and isinstance(value, bool) == isinstance(pattern, bool)
