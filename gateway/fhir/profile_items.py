"""The values of one element in a resource, each with what the check needs to know of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.fhir.primitives import PRIMITIVES
from gateway.fhir.tables import is_complex


@dataclass(frozen=True, slots=True)
class Item:
    """One value. `type` is known where the key or the value tells it; `sibling` is the `_name` of a primitive."""

    value: Any
    sibling: Mapping[str, Any] | None
    type: str | None
    path: str

    @property
    def members(self) -> Mapping[str, Any]:
        """The children: its own for an object, those of the sibling for a primitive."""
        return self.value if isinstance(self.value, dict) else self.sibling or {}


def items_of(container: Mapping[str, Any], name: str, path: str, *, is_choice: bool = False) -> list[Item]:
    """All values of the element `name` in `container`, a primitive that has extensions only included."""
    if not is_choice:
        value, sibling = container.get(name), container.get(f"_{name}")
        if value is None and sibling is None:
            return []
        return list(_items(value, sibling, None, f"{path}.{name}"))
    place = f"{path}.{name}"
    found: list[Item] = []
    for key in dict.fromkeys(key.removeprefix("_") for key in container if isinstance(key, str)):
        kind = _type_of(key, name)
        if kind:
            found += _items(container.get(key), container.get(f"_{key}"), kind, place)
    return found


def _items(value: Any, sibling: Any, kind: str | None, path: str) -> Iterator[Item]:
    if isinstance(value, list) or isinstance(sibling, list):
        values = value if isinstance(value, list) else []
        siblings = sibling if isinstance(sibling, list) else []
        for index in range(max(len(values), len(siblings))):
            yield from _items(_at(values, index), _at(siblings, index), kind, f"{path}[{index}]")
    elif value is not None or sibling is not None:
        stated = value.get("resourceType") if isinstance(value, dict) else None
        yield Item(value, sibling if isinstance(sibling, dict) else None, stated or kind, path)


def _at(items: list[Any], index: int) -> Any:
    item = items[index] if index < len(items) else None
    return None if isinstance(item, list) else item


def _type_of(key: str, stem: str) -> str | None:
    """The type a choice element's key names: `valueCodeableConcept`, `valueString`."""
    suffix = key[len(stem) :] if key.startswith(stem) else ""
    if is_complex(suffix):
        return suffix
    primitive = suffix[:1].lower() + suffix[1:]
    return primitive if suffix[:1].isupper() and primitive in PRIMITIVES else None
