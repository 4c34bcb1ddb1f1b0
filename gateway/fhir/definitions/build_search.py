"""Writes `search.json`: what the types of `supported.json` can be searched by, from the definitions of FHIR R4.

    python -m gateway.fhir.definitions.build_search PATH/hl7.fhir.r4.core-4.0.1.tgz

For each type: its interactions, its search parameters (kind, FHIRPath expression, reference targets, the code system
that a plain code takes from its required binding, the components of a composite). Every parameter that R4 has for a
type is in, but for those that `supported.json` leaves out. Source: search-parameters, StructureDefinitions and
ValueSets of https://hl7.org/fhir/R4/ (CC0).
"""

from __future__ import annotations

import json
import re
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ANY_TARGET = 100  # a parameter that lists more target types than this takes every type
_PLAIN_PATH = re.compile(r"[A-Z]\w+(\.\w+)+\Z")
_FOREIGN_STEP = re.compile(r"\s*\|\s*")
_CONDITION = re.compile(r"\.where\([^)]*\)")
_RESOLVED = re.compile(r"resolve\(\) is (\w+)")
_KINDS = {"code": "token", "Coding": "token", "CodeableConcept": "token", "Reference": "reference"}
Json = dict[str, Any]


class Package:
    """The JSON files of one FHIR package, by file name."""

    def __init__(self, path: Path) -> None:
        with tarfile.open(path) as archive:
            self._files = {
                Path(member.name).name: json.load(handle)
                for member in archive
                if member.name.endswith(".json") and (handle := archive.extractfile(member))
            }
        self.valuesets = {v["url"]: v for v in self._files.values() if v.get("resourceType") == "ValueSet"}
        bundle = self._files["Bundle-search-parameters.json"]["entry"]
        self.parameters: list[Json] = [entry["resource"] for entry in bundle]
        self.by_url = {parameter["url"]: parameter for parameter in self.parameters}

    def of(self, base: str) -> dict[str, Json]:
        """The search parameters of a type, by code."""
        return {found["code"]: found for found in self.parameters if base in found.get("base", ())}

    def elements(self, kind: str) -> list[Json]:
        elements: list[Json] = self._files[f"StructureDefinition-{kind}.json"]["snapshot"]["element"]
        return elements


class Type:
    """One type being written: its elements, and what they say of an expression."""

    def __init__(self, package: Package, name: str) -> None:
        self._package, self._name = package, name
        self.elements = package.elements(name)

    def parameter(self, definition: Json, base: str, wider: Mapping[str, str]) -> Json:
        expression = wider.get(definition["code"]) or _restrict(definition["expression"], base)
        entry = {"type": definition["type"], "expression": expression, "definition": definition["url"]}
        if definition["type"] == "reference":
            named = _RESOLVED.search(expression)
            targets = [named[1]] if named else sorted(definition["target"])
            entry |= {"target": targets} if len(targets) < ANY_TARGET else {}
        if definition["type"] == "composite":
            entry["components"] = [self._component(expression, part) for part in definition["component"]]
        return entry | self._token(definition["type"], expression)

    def _component(self, expression: str, part: Json) -> Json:
        """Its kind is that of its element where that is plain: R4 has the two of `relationship` the wrong way round."""
        path = f"{expression}.{part['expression']}"
        types = self._types(path)
        kind = _KINDS.get(types[0]) if len(types) == 1 else None
        kind = kind or self._package.by_url[part["definition"]]["type"]
        inner = part["expression"].replace("DateTime", "dateTime")  # R4 names FHIRPath's type, meaning its own
        return {"type": kind, "expression": inner} | self._token(kind, path)

    def _token(self, kind: str, expression: str) -> Json:
        """What the values of a token do not say themselves."""
        if kind != "token":
            return {}
        if "ContactPoint" in self._types(_CONDITION.sub("", expression)):
            return {"contact": True}
        system = self._bound_system(expression)
        return {"system": system} if system else {}

    def _types(self, expression: str) -> list[str]:
        element = next((e for e in self.elements if e["path"] == expression), {})
        return [each["code"] for each in element.get("type", ())] if _PLAIN_PATH.match(expression) else []

    def _bound_system(self, expression: str) -> str | None:
        """The one code system behind an element of type `code` with a required binding."""
        if self._types(expression) != ["code"]:
            return None
        element = next(e for e in self.elements if e["path"] == expression)
        url = element.get("binding", {}).get("valueSet", "").partition("|")[0]
        compose = self._package.valuesets.get(url, {}).get("compose", {})
        systems = {part.get("system") for part in compose.get("include", ())}
        return systems.pop() if len(systems) == 1 else None


def build(package: Package, supported: Json) -> Json:
    """The table: per type, in the order of `supported`."""
    table = {}
    for name, interactions in supported["types"].items():
        kind = Type(package, name)
        found = supported["interactions"][interactions]
        table[name] = {
            "interactions": found,
            "search": _parameters(package, supported, kind, name) if "search-type" in found else {},
        }
    return table


def _parameters(package: Package, supported: Json, kind: Type, name: str) -> Json:
    wider, left_out = supported["wider"].get(name, {}), supported["left out"]
    parameters = {
        code: kind.parameter(definition, base, wider)
        for base in ("Resource", name)
        for code, definition in package.of(base).items()
        if code not in left_out.get(base, {})
    }
    return dict(sorted((parameters | supported["own"].get(name, {})).items()))


def _restrict(expression: str, kind: str) -> str:
    """Those branches of a union that start at `kind`."""
    branches = _FOREIGN_STEP.split(expression)
    return " | ".join(branch for branch in branches if re.match(rf"\(*{kind}\b", branch))


def written(table: Json) -> str:
    """The table as JSON, a line for each parameter."""
    types = []
    for name, entry in table.items():
        facts = [f'  "interactions": {_compact(entry["interactions"])}']
        lines = ",\n".join(f'   "{code}": {_compact(found)}' for code, found in entry["search"].items())
        facts.append(f'  "search": {{\n{lines}\n  }}' if lines else '  "search": {}')
        types.append(f' "{name}": {{\n' + ",\n".join(facts) + "\n }")
    return "{\n" + ",\n".join(types) + "\n}\n"


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def main(archive: str) -> None:
    supported = json.loads((HERE / "supported.json").read_text())
    (HERE / "search.json").write_text(written(build(Package(Path(archive)), supported)))


if __name__ == "__main__":
    main(sys.argv[1])
