"""What each resource type offers: its interactions and its search parameters, read from `definitions/search.json`.

Routes, CapabilityStatement, query parser and index all read this one table.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

COLUMNS = frozenset({"_id", "_lastUpdated"})
"""The parameters that are columns of every resource, and have no rows in an index."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A search parameter of one type. `targets` is None where a reference may go to any type; `system` is the code
    system that a plain code of this element takes from its binding; `is_contact`: its values are ContactPoints.

    The `components` of a composite are parameters of each element that its own expression finds.
    """

    code: str
    kind: str
    expression: str
    definition: str
    targets: frozenset[str] | None = None
    system: str | None = None
    is_contact: bool = False
    components: tuple[Parameter, ...] = ()


@dataclass(frozen=True, slots=True)
class TypeTable:
    name: str
    interactions: tuple[str, ...]
    parameters: Mapping[str, Parameter]

    @property
    def references(self) -> list[Parameter]:
        return [parameter for parameter in self.parameters.values() if parameter.kind == "reference"]


def _parameter(code: str, entry: dict[str, Any]) -> Parameter:
    return Parameter(
        code,
        entry["type"],
        entry["expression"],
        entry.get("definition", ""),
        frozenset(entry["target"]) if "target" in entry else None,
        entry.get("system"),
        entry.get("contact", False),
        tuple(_parameter(code, part) for part in entry.get("components", ())),
    )


def _type(name: str, entry: dict[str, Any]) -> TypeTable:
    parameters = {code: _parameter(code, found) for code, found in entry["search"].items()}
    return TypeTable(name, tuple(entry["interactions"]), parameters)


TYPES: Mapping[str, TypeTable] = {
    name: _type(name, entry)
    for name, entry in json.loads((files("gateway.fhir") / "definitions" / "search.json").read_text()).items()
}
