"""The elements of a resource: by their data type, found along the R4 tables; or all of them, whatever they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gateway.fhir.tables import node

_HOLDERS = (dict, list)


def objects_of(value: Any) -> list[dict[str, Any]]:
    """Every JSON object in `value`, itself first, depth first: for questions that need neither path nor type."""
    found: list[dict[str, Any]] = []
    _gather(value, found)
    return found


def _gather(value: Any, found: list[dict[str, Any]]) -> None:
    if not isinstance(value, list):
        found.append(value)
        value = value.values()
    for item in value:
        if isinstance(item, _HOLDERS):
            _gather(item, found)


def elements_of(resource: Mapping[str, Any], type: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each element of a complex data type with its path, contained resources and extensions included. For a resource
    that has passed the door check."""
    yield from _members(resource["resourceType"], resource, resource["resourceType"], type)


def _members(kind: str, value: Mapping[str, Any], path: str, wanted: str) -> Iterator[tuple[str, dict[str, Any]]]:
    children = node(kind).children
    for key, item in value.items():
        child = children.get(key) or children.get(key[1:])
        if child is None:
            continue
        for number, each in enumerate(item if isinstance(item, list) else [item]):
            if not isinstance(each, dict):
                continue
            place = f"{path}.{child.name}[{number}]" if isinstance(item, list) else f"{path}.{child.name}"
            if child.type == wanted and not key.startswith("_"):
                yield place, each
            inner = each["resourceType"] if child.type == "Resource" else "Element" if child.test else child.node
            if inner:
                yield from _members(inner, each, place, wanted)
