"""Parts of a resource that are more restricted than the rest of it, as inline labels say, and that rest.

https://hl7.org/fhir/uv/security-label-ds4p/inline_security_labels.html. `meta.security` speaks of the rest. What is cut
leaves a mark only where R4 demands the element. An element that changes the meaning of what it stands in is not cut,
for the rest would say something else: then there is no rest.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import zip_longest
from typing import Any

from gateway.fhir.check import check
from gateway.fhir.elements import objects_of
from gateway.fhir.labels import (
    CONFIDENTIALITY_SYSTEM,
    INLINE_LABEL,
    OBSERVATION_VALUE_SYSTEM,
    PROCESSINLINELABEL,
    highest,
    inline_of,
    security_of,
    spoken,
)
from gateway.fhir.tables import Child, node

ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_REASONS = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
_MASKED = {"extension": [{"url": ABSENT, "valueCode": "masked"}]}
_WITHHELD = {"status": "empty", "div": '<div xmlns="http://www.w3.org/1999/xhtml">Withheld.</div>'}
_VALUED = ("Observation", "Observation.component")  # they have an element that says why there is no value
_INLINE = (PROCESSINLINELABEL["system"], PROCESSINLINELABEL["code"])


class _Uncuttable(Exception):
    """Without the labelled part nothing sensible would be left."""


def rest_of(resource: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The resource without the parts that are labelled for more protection than itself: the same object where there are
    none, None where they cannot be taken out. For a resource that has passed the door check."""
    if not _protects(inline_of(resource), resource):
        return resource
    try:
        rest = _Cut(resource).rest()
    except _Uncuttable:
        return None
    is_whole = _protects(inline_of(rest), resource) or bool(check(rest, second_opinion=False))
    return None if is_whole else rest


def _protects(labels: Iterator[tuple[str, str]], resource: Mapping[str, Any]) -> bool:
    """Whether one of the labels asks for more than the resource as a whole; who asserted a part asks for nothing."""
    said = security_of(resource)
    level = highest(code for system, code in said if system == CONFIDENTIALITY_SYSTEM)
    return any(
        highest([level, code]) != level if system == CONFIDENTIALITY_SYSTEM else (system, code) not in said
        for system, code in labels
        if system != OBSERVATION_VALUE_SYSTEM
    )


class _Cut:
    """One resource, of which parts go."""

    def __init__(self, resource: Mapping[str, Any]) -> None:
        self._resource = resource
        self._gone = frozenset(f"#{each['id']}" for each in resource.get("contained", ()) if self._is_labelled(each))
        if self._is_labelled(resource):
            raise _Uncuttable

    def rest(self) -> dict[str, Any]:
        rest, _ = self._members(self._resource["resourceType"], self._resource)
        _drop_unreferred(rest)
        if not any(inline_of(rest)):
            _unsay(rest)
        return rest

    def _is_labelled(self, value: Any) -> bool:
        """Whether the value itself, as a whole, is labelled so."""
        if not isinstance(value, dict):
            return False
        own = ({"extension": [each]} for each in value.get("extension", ()) if each.get("url") == INLINE_LABEL)
        return any(_protects(inline_of(each), self._resource) for each in own)

    def _goes(self, child: Child, item: Any, sibling: Any) -> bool:
        if child.type == "Reference" and isinstance(item, dict) and item.get("reference") in self._gone:
            return True
        return self._is_labelled(item) or self._is_labelled(sibling)

    def _members(self, place: str, value: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
        """What is left of an element, and whether that is less."""
        children, kept, is_less = node(place).children, dict[str, Any](), False
        for key in dict.fromkeys(name.removeprefix("_") for name in value):
            child = children.get(key)
            if child is None:  # resourceType
                kept[key] = value[key]
                continue
            left, is_cut, is_inner = self._element(child, value.get(key), value.get(f"_{key}"))
            if is_cut and child.name in _modifiers(place):
                raise _Uncuttable
            if is_cut and not any(left):
                left = _stand_in(place, child, kept)
            kept |= {name: held for name, held in zip((key, f"_{key}"), left, strict=True) if held is not None}
            is_less = is_less or is_cut or is_inner
        return (_without_narrative(place, kept) if is_less else kept), is_less

    def _element(self, child: Child, value: Any, sibling: Any) -> tuple[tuple[Any, Any], bool, bool]:
        """What is left under the key and its `_` twin; whether something of it was cut, or something inside it."""
        pairs = list(zip_longest(value or (), sibling or ())) if child.many else [(value, sibling)]
        left, is_inner = [], False
        for one, other in pairs:
            held, is_less = (None, None), True
            if not self._goes(child, one, other):
                (first, is_first), (second, is_second) = self._inside(child, one), self._inside(child, other)
                held, is_less = (first, second), is_first or is_second
            left += [held] if held != (None, None) else []
            is_inner = is_inner or is_less
        is_cut = len(left) < len(pairs)
        if not child.many:
            return (left[0] if left else (None, None)), is_cut, is_inner
        return (_column([one for one, _ in left]), _column([other for _, other in left])), is_cut, is_inner

    def _inside(self, child: Child, value: Any) -> tuple[Any, bool]:
        """What is left of one of them, which is nothing where all of it goes, and whether that is less."""
        if not isinstance(value, dict):
            return value, False
        inner = value["resourceType"] if child.type == "Resource" else "Element" if child.test else child.node
        left, is_less = self._members(inner, value) if inner else (value, False)
        nothing = {"id", "url"} if inner == "Extension" else {"id"}  # all that says something is gone
        return (left if left.keys() - nothing or not is_less else None), is_less


def _column(items: Sequence[Any]) -> list[Any] | None:
    return list(items) if any(item is not None for item in items) else None


def _stand_in(place: str, child: Child, kept: dict[str, Any]) -> tuple[Any, Any]:
    """What stands where nothing is left of an element: a mark that it is masked, where it may not be missing."""
    if place in _VALUED and child.name == "value":
        kept["dataAbsentReason"] = {"coding": [{"system": _REASONS, "code": "masked"}]}
    if child.type == "Narrative" and not node(place).is_resource:
        return _WITHHELD, None  # a section may have nothing but words
    if child.name not in dict(node(place).required):
        return None, None
    if child.type == "Resource":
        raise _Uncuttable
    mark = [_MASKED] if child.many else _MASKED
    return (None, mark) if child.test else (mark, None)


def _without_narrative(place: str, kept: dict[str, Any]) -> dict[str, Any]:
    """Words about the whole would tell of what is not there any more."""
    words = [name for name, child in node(place).children.items() if child.type == "Narrative" and name in kept]
    is_resource = node(place).is_resource
    return {
        name: _WITHHELD if name in words else value
        for name, value in kept.items()
        if not (name in words and is_resource)
    }


def _drop_unreferred(rest: dict[str, Any]) -> None:
    """What is contained goes with the last reference to it."""
    held = rest.get("contained", [])
    while held:
        named = {
            each["reference"]
            for each in objects_of({**rest, "contained": held})
            if str(each.get("reference"))[:1] == "#"
        }
        kept = [one for one in held if f"#{one['id']}" in named or _refers_out(one)]
        if len(kept) == len(held):
            break
        held = kept
    rest.pop("contained", None)
    if held:
        rest["contained"] = held


def _refers_out(contained: Mapping[str, Any]) -> bool:
    """Whether it speaks of the resource that contains it, which is reason enough to be there."""
    return any(each.get("reference") == "#" for each in objects_of(contained))


def _unsay(rest: dict[str, Any]) -> None:
    """There is nothing inline to process any more."""
    said = rest.get("meta", {}).get("security", ())
    kept = [each for each in said if spoken(each) != _INLINE]
    if len(kept) < len(said):
        meta = {**rest["meta"], "security": kept}
        rest["meta"] = {name: value for name, value in meta.items() if value != []}
        if not rest["meta"]:
            del rest["meta"]


@cache
def _modifiers(place: str) -> frozenset[str]:
    return frozenset(_table().get(place, ()))


@cache
def _table() -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = json.loads((files("gateway.fhir") / "definitions" / "modifiers.json").read_text())
    return found
