"""Writes `search.json`: what the types of `supported.json` can be searched by, from the definitions of FHIR R4.

    python -m gateway.fhir.definitions.build_search PATH/hl7.fhir.r4.core-4.0.1.tgz

For each type: its interactions, its search parameters (kind, FHIRPath expression, reference targets, and the code
system that a plain code takes from its required binding), and which top-level elements are mandatory or in the summary.
Source: search-parameters, StructureDefinitions and ValueSets of https://hl7.org/fhir/R4/ (CC0).
"""

from __future__ import annotations

import json
import re
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ANY_TARGET = 100  # a parameter that lists more target types than this takes every type
_PLAIN_PATH = re.compile(r"[A-Z]\w+(\.\w+)+\Z")
_FOREIGN_STEP = re.compile(r"\s*\|\s*")


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

    def parameters(self) -> list[dict[str, Any]]:
        return [entry["resource"] for entry in self._files["Bundle-search-parameters.json"]["entry"]]

    def elements(self, kind: str) -> list[dict[str, Any]]:
        elements: list[dict[str, Any]] = self._files[f"StructureDefinition-{kind}.json"]["snapshot"]["element"]
        return elements


def build(package: Package, supported: dict[str, dict[str, list[str]]]) -> dict[str, Any]:
    """The table: per type, in the order of `supported`."""
    common = supported["Resource"]["search"]
    table = {}
    for kind, wanted in supported.items():
        if kind == "Resource":
            continue
        elements = package.elements(kind)
        parameters = {code: _parameter(package, elements, kind, code) for code in [*wanted["search"], *common]}
        table[kind] = {
            "interactions": wanted["interactions"],
            "mandatory": _top_level(elements, lambda element: element.get("min", 0) > 0),
            "summary": _top_level(elements, lambda element: bool(element.get("isSummary"))),
            "search": dict(sorted(parameters.items())),
        }
    return table


def _parameter(package: Package, elements: list[dict[str, Any]], kind: str, code: str) -> dict[str, Any]:
    base = "Resource" if code.startswith("_") else kind
    found = [p for p in package.parameters() if p.get("code") == code and base in p.get("base", ())]
    if len(found) != 1:
        raise SystemExit(f"{kind}: {len(found)} definitions of the search parameter '{code}'")
    definition = found[0]
    expression = _restrict(definition["expression"], base)
    entry = {"type": definition["type"], "expression": expression, "definition": definition["url"]}
    if definition["type"] == "reference":
        targets = ["Patient"] if "resolve() is Patient" in expression else sorted(definition["target"])
        entry |= {"target": targets} if len(targets) < ANY_TARGET else {}
    if definition["type"] == "token" and (system := _bound_system(package, elements, expression)):
        entry["system"] = system
    return entry


def _restrict(expression: str, kind: str) -> str:
    """Those branches of a union that start at `kind`."""
    branches = _FOREIGN_STEP.split(expression)
    return " | ".join(branch for branch in branches if branch.lstrip("(").startswith(f"{kind}."))


def _bound_system(package: Package, elements: list[dict[str, Any]], expression: str) -> str | None:
    """The one code system behind an element of type `code` with a required binding."""
    if not _PLAIN_PATH.match(expression):
        return None
    element = next((e for e in elements if e["path"] == expression), None)
    if not element or [t["code"] for t in element.get("type", ())] != ["code"] or "binding" not in element:
        return None
    valueset = package.valuesets.get(element["binding"].get("valueSet", "").partition("|")[0], {})
    systems = {part.get("system") for part in valueset.get("compose", {}).get("include", ())}
    return systems.pop() if len(systems) == 1 else None


def _top_level(elements: list[dict[str, Any]], wanted: Callable[[dict[str, Any]], bool]) -> list[str]:
    return [e["path"].split(".")[1] for e in elements if e["path"].count(".") == 1 and wanted(e)]


def main(archive: str) -> None:
    supported = json.loads((HERE / "supported.json").read_text())
    table = build(Package(Path(archive)), supported)
    (HERE / "search.json").write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
