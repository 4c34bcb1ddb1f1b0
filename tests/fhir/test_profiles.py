"""Profiles: packages as published pass with all their examples, and planted faults are found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.fhir.check import check
from gateway.fhir.json import parse
from gateway.fhir.profiles import Profiles, load
from tests.fhir.examples import PACKAGES, examples_of, needs_packages
from tests.world import SHARED

Json = dict[str, Any]
SKELETONS = SHARED / "skeletons"

US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition"
# Real faults of published examples: bytes that were never put in or are no base64, and a unit R4's list does not have.
REAL_FAULTS = {
    "Binary.data",
    "DiagnosticReport.presentedForm[0].hash",
    "Observation-satO2-fiO2: Observation.component[0].value",
}


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A folder that holds one published package."""

    def link(name: str) -> Path:
        folder: Path = tmp_path_factory.mktemp("packages")
        (folder / name).symlink_to((PACKAGES / name).resolve())
        return folder

    return link


@pytest.fixture(scope="module")
def us_core(linked: Callable[[str], Path]) -> Profiles:
    return load(linked("hl7.fhir.us.core-6.1.0.tgz"))


@needs_packages
@pytest.mark.parametrize(
    ("package", "fewest"),
    [
        ("hl7.fhir.us.core-3.1.1.tgz", 84),
        ("hl7.fhir.us.core-6.1.0.tgz", 183),
        ("hl7.fhir.us.core-7.0.0.tgz", 214),
        ("hl7.fhir.us.core-8.0.0.tgz", 228),
        ("hl7.fhir.uv.ips-1.1.0.tgz", 40),
        ("hl7.fhir.us.davinci-pdex-2.0.0.tgz", 40),
        ("SUSHI-BUILT-hl7.fhir.uv.aitransparency-1.0.0-current.tgz", 28),
        ("SUSHI-BUILT-ihe.iti.balp-1.1.5-current.tgz", 58),
        ("SUSHI-BUILT-ihe.iti.pcf-1.1.1-current.tgz", 44),
        ("SUSHI-BUILT-hl7.fhir.uv.patient-corrections-1.0.0.tgz", 17),
    ],
)
def test_every_published_example_passes(package: str, fewest: int, linked: Callable[[str], Path]) -> None:
    profiles = load(linked(package))
    faults, count = [], 0
    for name, example in examples_of(package):
        count += 1
        issues = check(example, profiles=profiles, second_opinion=False)
        told = [(issue, {issue.expression, f"{Path(name).stem}: {issue.expression}"}) for issue in issues]
        faults += [(name, issue) for issue, places in told if not places & REAL_FAULTS]
    assert faults == []
    assert count >= fewest


def change(*path: str | int, to: Any = ...) -> Callable[[Json], None]:
    """A fault: the element at `path` set to `to`, or taken away."""

    def apply(resource: Json) -> None:
        place: Any = resource
        for step in path[:-1]:
            place = place[step]
        if to is ...:
            del place[path[-1]]
        else:
            place[path[-1]] = to

    return apply


def coded(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


PERSON, PRESSURE, NOTE = "Patient-example", "Observation-blood-pressure", "DocumentReference-episode-summary"
WRONG_TEXT = {"url": "text", "valueCode": "x"}
WRONG_BIRTHSEX = {"url": f"{US_CORE}/us-core-birthsex", "valueString": "F"}
BY_CLINICIAN = {"type": {"text": "author"}, "who": {"reference": "Practitioner/1"}}
# Example, fault, and the place and issue code it must be told with.
PLANTED: list[tuple[str, Callable[[Json], object], str, str]] = [
    (PERSON, change("name"), "Patient.name", "required"),
    (PERSON, change("name", 0, to={"use": "old"}), "Patient.name[0]", "invariant"),
    (PERSON, change("identifier", 0, "value"), "Patient.identifier[0].value", "required"),
    (PERSON, change("extension", 0, "extension", 5), "Patient.extension[0].extension", "required"),
    (
        PERSON,
        change("extension", 0, "extension", 5, to=WRONG_TEXT),
        "Patient.extension[0].extension[5].value",
        "structure",
    ),
    (PERSON, change("extension", 3, to=WRONG_BIRTHSEX), "Patient.extension[3].value", "structure"),
    (PERSON, lambda p: p["extension"].append(p["extension"][3]), "Patient.extension", "structure"),
    (PERSON, change("meta", "profile", to=[f"{US_CORE}/us-core-organization"]), "Patient", "structure"),
    (PRESSURE, change("component", 1), "Observation.component", "required"),
    (
        PRESSURE,
        change("component", 0, "valueQuantity", "code", to="kPa"),
        "Observation.component[0].value.code",
        "value",
    ),
    (PRESSURE, change("component", 0, "valueQuantity"), "Observation.component[0]", "invariant"),
    (PRESSURE, change("category"), "Observation.category", "required"),
    (PRESSURE, change("category", 0, "coding", 0, "code", to="survey"), "Observation.category", "required"),
    (PRESSURE, change("code", "coding", 0, "code", to="1-8"), "Observation.code", "value"),
    (PRESSURE, change("effectiveDateTime"), "Observation.effective", "required"),
    (PRESSURE, change("effectiveDateTime", to="1999"), "Observation.effective", "invariant"),
    (PRESSURE, change("subject", to={"reference": "Group/1"}), "Observation.subject", "value"),
    ("Observation-some-day-smoker", change("status", to="preliminary"), "Observation.status", "code-invalid"),
    ("Observation-temperature", change("valueQuantity", "code", to="K"), "Observation.value.code", "code-invalid"),
    ("Observation-serum-glucose", change("valueQuantity"), "Observation", "invariant"),
    (NOTE, change("content", 0, "attachment", "url"), "DocumentReference.content[0].attachment", "invariant"),
    (NOTE, change("type"), "DocumentReference.type", "required"),
    ("CarePlan-colonoscopy", change("category", 0, "coding", 0, "code", to="other"), "CarePlan.category", "required"),
    ("CarePlan-colonoscopy", change("text", "status", to="empty"), "CarePlan.text.status", "code-invalid"),
    ("Condition-health-concern-example", change("category", to=[{"text": "y"}]), "Condition.category", "required"),
    ("Provenance-example-targeted-provenance", change("agent", 0, to=BY_CLINICIAN), "Provenance.agent[0]", "invariant"),
]


@needs_packages
@pytest.mark.parametrize(("example", "plant", "place", "code"), PLANTED)
def test_a_planted_fault_is_found(
    us_core: Profiles, example: str, plant: Callable[[Json], None], place: str, code: str
) -> None:
    found = next(each for name, each in examples_of("hl7.fhir.us.core-6.1.0.tgz") if name.endswith(f"/{example}.json"))
    plant(found)
    issues = check(found, profiles=us_core)
    assert (place, code) in {(issue.expression, issue.code) for issue in issues}, issues
    assert not any(issue.expression == place for issue in check(found)), "R4 alone refuses it already"


@needs_packages
@pytest.mark.skipif(not SKELETONS.is_dir(), reason="../shared/skeletons is absent")
def test_what_the_gateway_is_to_write_conforms_to_all_profiles_it_claims(tmp_path: Path) -> None:
    for package in PACKAGES.glob("*.tgz"):
        if "r4.core" not in package.name and "ballot" not in package.name:
            (tmp_path / package.name).symlink_to(package.resolve())
    profiles = load(tmp_path)
    skeletons = {path.name: parse(path.read_bytes()) for path in SKELETONS.glob("*.json")}
    assert {name: told for name, each in skeletons.items() if (told := check(each, profiles=profiles))} == {}
    claimed = [url for each in skeletons.values() for url in each.get("meta", {}).get("profile", ())]
    assert len(claimed) > 20
    assert all(profiles.find(url) for url in claimed)


AI = "http://hl7.org/fhir/uv/aitransparency"
AI_FAULTS = [
    ("Device-ai-model", change("type", "text", to="AI"), "Device.type", "value"),
    ("Device-ai-model", change("type"), "Device.type", "required"),
    ("Provenance-1-ai-draft", change("reason", to=[coded("http://x.org", "y")]), "Provenance.reason", "required"),
    ("Provenance-1-ai-draft", lambda p: p["agent"][0].pop("role"), "Provenance.agent", "required"),
]


@needs_packages
@pytest.mark.skipif(not SKELETONS.is_dir(), reason="../shared/skeletons is absent")
@pytest.mark.parametrize(("skeleton", "plant", "place", "code"), AI_FAULTS)
def test_a_fault_against_ai_transparency_is_found(
    linked: Callable[[str], Path], skeleton: str, plant: Callable[[Json], None], place: str, code: str
) -> None:
    profiles = load(linked("SUSHI-BUILT-hl7.fhir.uv.aitransparency-1.0.0-current.tgz"))
    resource = parse((SKELETONS / f"{skeleton}.json").read_bytes())
    plant(resource)
    assert (place, code) in {(issue.expression, issue.code) for issue in check(resource, profiles=profiles)}
