"""What each resource type offers: its interactions and its search parameters, read from `definitions/search.json`.

Routes, CapabilityStatement, query parser and index all read this one table.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class Parameter:
    """A search parameter of one type. `targets` is None where a reference may go to any type; `system` is the code
    system that a plain code of this element takes from its binding."""

    code: str
    kind: str
    expression: str
    definition: str
    targets: frozenset[str] | None = None
    system: str | None = None


@dataclass(frozen=True, slots=True)
class TypeTable:
    name: str
    interactions: tuple[str, ...]
    mandatory: tuple[str, ...]
    summary: tuple[str, ...]
    parameters: Mapping[str, Parameter]

    @property
    def references(self) -> list[Parameter]:
        return [parameter for parameter in self.parameters.values() if parameter.kind == "reference"]


def _type(name: str, entry: dict[str, Any]) -> TypeTable:
    parameters = {
        code: Parameter(
            code,
            found["type"],
            found["expression"],
            found["definition"],
            frozenset(found["target"]) if "target" in found else None,
            found.get("system"),
        )
        for code, found in entry["search"].items()
    }
    return TypeTable(name, tuple(entry["interactions"]), tuple(entry["mandatory"]), tuple(entry["summary"]), parameters)


TYPES: Mapping[str, TypeTable] = {
    name: _type(name, entry)
    for name, entry in json.loads((files("gateway.fhir") / "definitions" / "search.json").read_text()).items()
}
