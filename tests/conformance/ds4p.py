"""What DS4P 1.0.0 defines of the extensions that labels carry: its package is not beside the project.

https://hl7.org/fhir/uv/security-label-ds4p/artifacts.html
"""

from __future__ import annotations

import copy
from typing import Any

URL = "http://hl7.org/fhir/uv/security-label-ds4p/StructureDefinition"
# The name of each, the type of its value, and where it may stand.
EXTENSIONS = (
    ("extension-inline-sec-label", "Coding", "Element"),
    ("extension-sec-label-basis", "Coding", "Resource.meta.security"),
    ("extension-display", "Annotation", "Resource.meta"),
)


def definitions(base: dict[str, Any]) -> list[dict[str, Any]]:
    """A StructureDefinition each; `base` is R4's of Extension."""
    return [_definition(base, *each) for each in EXTENSIONS]


def _definition(base: dict[str, Any], name: str, type: str, place: str) -> dict[str, Any]:
    made = copy.deepcopy(
        {key: value for key, value in base.items() if key not in ("text", "differential", "extension")}
    )
    elements = {each["path"]: each for each in made["snapshot"]["element"]}
    elements["Extension.extension"]["max"] = "0"
    elements["Extension.url"]["fixedUri"] = f"{URL}/{name}"
    elements["Extension.value[x]"] |= {"min": 1, "type": [{"code": type}]}
    differential = [elements["Extension"], elements["Extension.url"], elements["Extension.value[x]"]]
    return made | {
        "id": name,
        "url": f"{URL}/{name}",
        "name": name,
        "derivation": "constraint",
        "baseDefinition": base["url"],
        "context": [{"type": "element", "expression": place}],
        "differential": {"element": differential},
    }
