"""Writes `compartments.json`: by which search parameters a resource of each type belongs to a patient.

    python -m gateway.fhir.definitions.build_compartments PATH/hl7.fhir.r4.core-4.0.1.tgz

Source: https://hl7.org/fhir/R4/compartmentdefinition-patient.html. The assembled package has a copy that adds Task,
which R4 keeps out of every patient's compartment; it is left out here again.
"""

from __future__ import annotations

import json
import sys
import tarfile
from pathlib import Path
from typing import Any

TARGET = Path(__file__).with_name("compartments.json")
NOT_IN_R4 = frozenset({"Task"})


def build(package: Path) -> dict[str, dict[str, list[str]]]:
    """Compartment → type → search parameters. Raises SystemExit when the package has no Patient compartment."""
    for definition in _definitions(package):
        if definition.get("code") == "Patient":
            members = {entry["code"]: entry["param"] for entry in definition["resource"] if entry.get("param")}
            return {"Patient": {name: members[name] for name in sorted(members.keys() - NOT_IN_R4)}}
    raise SystemExit("the package has no definition of the Patient compartment")


def _definitions(package: Path) -> list[dict[str, Any]]:
    with tarfile.open(package) as archive:
        return [
            json.load(handle)
            for member in archive
            if Path(member.name).name.startswith("CompartmentDefinition-") and (handle := archive.extractfile(member))
        ]


if __name__ == "__main__":
    TARGET.write_text(json.dumps(build(Path(sys.argv[1])), indent=1) + "\n")
