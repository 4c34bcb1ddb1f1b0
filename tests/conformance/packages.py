"""Definitions out of the folder of published packages beside the project."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.conformance import ds4p
from tests.world import SHARED

PACKAGES, TERMINOLOGY = SHARED / "packages", SHARED / "terminology"
US_CORE = "hl7.fhir.us.core"
R4 = PACKAGES / "ASSEMBLED-hl7.fhir.r4.core-4.0.1.tgz"
GUIDES = tuple(
    PACKAGES / name
    for name in (
        "hl7.fhir.uv.extensions.r4-5.3.0.tgz",
        f"{US_CORE}-6.1.0.tgz",
        "SUSHI-BUILT-hl7.fhir.uv.ips-2.0.1.tgz",
        "SUSHI-BUILT-hl7.fhir.uv.aitransparency-1.0.0-current.tgz",
        "SUSHI-BUILT-hl7.fhir.uv.patient-corrections-1.0.0.tgz",
        "SUSHI-BUILT-ihe.iti.balp-1.1.5-current.tgz",
        "SUSHI-BUILT-ihe.iti.pcf-1.1.1-current.tgz",
    )
)
LATER_CODES = (
    ("v3-ObservationValue", "security-integrity"),
    ("v3-ActCode", "obligation-refrain-mark"),
)
_STRANGERS = "https://medplum.com/"
WITHOUT = "" if R4.exists() else f"the published FHIR packages are not at {PACKAGES}"


def with_us_core(edition: str) -> tuple[Path, ...]:
    """The guides with another edition of US Core in the place of 6.1.0."""
    return tuple(PACKAGES / f"{US_CORE}-{edition}.tgz" if each.name.startswith(US_CORE) else each for each in GUIDES)


def structures() -> list[dict[str, Any]]:
    """Every StructureDefinition of the guides."""
    return [one for guide in GUIDES for one in _members(guide, "package/StructureDefinition-")]


def mended() -> list[dict[str, Any]]:
    """Definitions to be taken beside those in the packages, or instead of them."""
    [extension] = _members(R4, "package/StructureDefinition-Extension.json")
    systems = [_with_later_codes(system, extract) for system, extract in LATER_CODES]
    return [
        *systems,
        *ds4p.definitions(extension),
        *(_without_strangers(one) for one in structures() if _STRANGERS in json.dumps(one)),
    ]


def _without_strangers(structure: dict[str, Any]) -> dict[str, Any]:
    """Without the types of resources that R4 does not have: the guide was built upon another server's definitions."""
    for element in (*structure["snapshot"]["element"], *structure["differential"]["element"]):
        for type in element.get("type", ()):
            if "targetProfile" in type:
                type["targetProfile"] = [url for url in type["targetProfile"] if not url.startswith(_STRANGERS)]
    return structure


def _with_later_codes(system: str, extract: str) -> dict[str, Any]:
    """A code system of R4 with the codes it got since, the labels of AI content and of drafts among them: R4 froze it
    in 2018, and the package with today's terminology is not beside the project."""
    [frozen] = _members(R4, f"package/CodeSystem-{system}.json")
    told = json.loads((TERMINOLOGY / f"{system}.{extract}.json").read_bytes())
    known = set(_codes(frozen["concept"]))
    later = [{"code": one["code"], "display": one["display"]} for one in told["concepts"]]
    concepts = frozen["concept"] + [one for one in later if one["code"] not in known]
    return {name: value for name, value in frozen.items() if name != "text"} | {"concept": concepts}


def _codes(concepts: list[dict[str, Any]]) -> Iterator[str]:
    for concept in concepts:
        yield concept["code"]
        yield from _codes(concept.get("concept", []))


def _members(package: Path, prefix: str) -> Iterator[dict[str, Any]]:
    with tarfile.open(package) as archive:
        for member in archive:
            if member.name.startswith(prefix):
                yield json.loads(archive.extractfile(member).read())  # type: ignore[union-attr]
