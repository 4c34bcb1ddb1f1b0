"""Writes `summary.json` and `modifiers.json`: which elements R4 counts to the summary, and which change the meaning of
what they stand in, at every depth.

    python -m gateway.fhir.definitions.build_summary PATH/hl7.fhir.r4.core-4.0.1.tgz

Per type or nested element, as in `r4.json.gz`: the names of its children with `isSummary`, or with `isModifier`. A type
without one is left out. Source: the StructureDefinitions of https://hl7.org/fhir/R4/ (CC0).
"""

from __future__ import annotations

import json
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
TARGETS = {"isSummary": FOLDER / "summary.json", "isModifier": FOLDER / "modifiers.json"}


def build(package: Path, flag: str) -> dict[str, list[str]]:
    """Path → names of elements; a choice stands under its stem (`value` for `value[x]`)."""
    found: dict[str, list[str]] = {}
    for definition in _definitions(package):
        for element in definition["snapshot"]["element"]:
            path, _, name = element["path"].rpartition(".")
            if path and element.get(flag):
                found.setdefault(path, []).append(name.removesuffix("[x]"))
    return dict(sorted(found.items()))


def _definitions(package: Path) -> Iterator[dict[str, Any]]:
    with tarfile.open(package) as archive:
        for member in archive:
            if not Path(member.name).name.startswith("StructureDefinition-"):
                continue
            handle = archive.extractfile(member)
            definition = json.load(handle) if handle else {}
            if definition.get("derivation") != "constraint" and definition.get("kind") in ("resource", "complex-type"):
                yield definition


def written(table: dict[str, list[str]]) -> str:
    """A line for each path."""
    lines = (f" {json.dumps(path)}: {json.dumps(names, separators=(',', ':'))}" for path, names in table.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    for flag, target in TARGETS.items():
        target.write_text(written(build(Path(sys.argv[1]), flag)))
