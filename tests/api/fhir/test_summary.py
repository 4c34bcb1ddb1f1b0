"""`$summary`: the International Patient Summary of what the caller may see, made when it is asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.fhir.check import check
from gateway.fhir.json import parse
from gateway.fhir.labels import AIAST, label
from gateway.fhir.profiles import load
from tests.api.fhir.conftest import BASE, World, patient, provenance
from tests.api.fhir.test_everything import load as fill
from tests.world import SHARED

PACKAGES = SHARED / "packages"
IPS = "SUSHI-BUILT-hl7.fhir.uv.ips-2.0.1.tgz"
REQUIRED = {"11450-4", "48765-2", "10160-0"}
SUMMARY = "/Patient/cleo/$summary"
CLEO = {"reference": "Patient/cleo"}


@pytest.fixture
def world(world: World) -> World:
    world.publish(patient("cleo", "Rivers", birthDate="1990-01-02"), "cleo")
    return world


def condition(id: str, text: str = "Panic disorder", status: str = "active", **more: Any) -> dict[str, Any]:
    clinical = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": status}]}
    code = {"coding": [{"system": "http://snomed.info/sct", "code": "371631005"}], "text": text}
    return {"resourceType": "Condition", "id": id, "clinicalStatus": clinical, "code": code, "subject": CLEO} | more


def sections(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    composition = document["entry"][0]["resource"]
    return {section["code"]["coding"][0]["code"]: section for section in composition["section"]}


def entries(section: dict[str, Any]) -> list[str]:
    return [entry["reference"].removeprefix(f"{BASE}/") for entry in section.get("entry", ())]


def test_a_summary_is_a_document_with_the_required_sections(world: World) -> None:
    document = world.get(SUMMARY).json()
    assert (document["resourceType"], document["type"]) == ("Bundle", "document")
    composition = document["entry"][0]["resource"]
    assert composition["type"]["coding"][0]["code"] == "60591-5"
    assert composition["subject"] == {"reference": f"{BASE}/Patient/cleo"}
    assert set(sections(document)) == REQUIRED
    for section in sections(document).values():
        assert section["emptyReason"]["coding"][0]["code"] == "unavailable"
        assert section["text"]["div"]


def test_the_author_is_software(world: World) -> None:
    document = world.get(SUMMARY).json()
    [author] = document["entry"][0]["resource"]["author"]
    device = next(entry["resource"] for entry in document["entry"] if entry["fullUrl"] == author["reference"])
    assert device["resourceType"] == "Device"


def test_each_resource_stands_in_the_section_of_its_kind(world: World) -> None:
    world.publish(condition("now"), "cleo")
    world.publish(condition("then", status="resolved"), "cleo")
    wrong = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-ver-status", "code": "refuted"}]}
    world.publish(condition("never", verificationStatus=wrong), "cleo")
    flag = {"resourceType": "Flag", "id": "risk", "status": "active", "code": {"text": "Self-harm"}, "subject": CLEO}
    world.publish(flag, "cleo")
    made = sections(world.get(SUMMARY).json())
    assert entries(made["11450-4"]) == ["Condition/now"]
    assert entries(made["11348-0"]) == ["Condition/then"]
    assert entries(made["104605-1"]) == ["Flag/risk"]
    assert "Self-harm" in made["104605-1"]["text"]["div"]


def test_a_document_holds_all_that_it_refers_to(world: World) -> None:
    world.publish(condition("now", asserter={"reference": "Practitioner/dr"}), "cleo")
    world.publish(provenance("of-now", "Condition/now/_history/1"), "cleo")
    document = world.get(SUMMARY).json()
    held = [entry["fullUrl"] for entry in document["entry"]]
    assert len(held) == len(set(held))
    for name in ("Patient/cleo", "Condition/now", "Practitioner/dr", "Provenance/of-now", "Organization/clinic"):
        assert f"{BASE}/{name}" in held


def test_values_are_words_and_never_markup(world: World) -> None:
    world.publish(condition("sly", '<script>alert(1)</script> & "quoted" <b>'), "cleo")
    text = sections(world.get(SUMMARY).json())["11450-4"]["text"]["div"]
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp;" in text
    assert "<script" not in text
    assert check(parse(world.get(SUMMARY).content)) == []


def test_the_summary_is_as_restricted_as_what_it_holds_and_tells_that_a_machine_wrote(world: World) -> None:
    def labels() -> set[str]:
        return {coding["code"] for coding in world.get(SUMMARY).json()["meta"]["security"]}

    assert labels() == {"R"}
    world.publish(label(condition("now"), AIAST), "cleo", confidentiality="V")
    assert labels() == {"V", "AIAST"}


@pytest.mark.spec("X-022", "X-023")
def test_what_is_hidden_does_not_show(world: World) -> None:
    world.permit("cleo", "ehr")
    world.publish(condition("open"), "cleo")
    ehr = world.token("ehr")

    def told() -> str:
        document = world.get(SUMMARY, ehr).json()
        composition = document["entry"][0]["resource"]
        return json.dumps([composition["section"], sorted(entry["fullUrl"][:40] for entry in document["entry"][2:])])

    before = told()
    world.publish(condition("grave", "Hidden disorder"), "cleo", confidentiality="V")
    assert told() == before
    assert "Hidden disorder" in world.get(SUMMARY).text


def test_an_identifier_stands_for_the_id_where_it_is_one_patients(world: World) -> None:
    found = world.get("/Patient/$summary?identifier=urn:mrn|mrn-cleo")
    assert f"{BASE}/Patient/cleo" in found.text
    assert world.get("/Patient/$summary?identifier=urn:mrn|nobody").status_code == 404
    assert world.get("/Patient/$summary").status_code == 400
    hidden = world.get("/Patient/$summary?identifier=urn:mrn|mrn-cleo", world.token("ehr"))
    assert hidden.status_code == 404


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("profile=http://hl7.org/fhir/uv/ips/StructureDefinition/Composition-uv-ips", 200),
        ("profile=urn:other", 400),
        ("colour=red", 400),
        ("_summary=true", 400),
        ("_pretty=true", 200),
    ],
)
def test_what_can_be_asked_for(world: World, query: str, status: int) -> None:
    assert world.get(f"{SUMMARY}?{query}").status_code == status


def test_who_is_hidden_absent_or_beyond_the_scopes_has_none(world: World) -> None:
    assert world.get(SUMMARY, world.token("ehr")).status_code == 404
    assert world.get("/Patient/nobody/$summary").status_code == 404
    assert world.get(SUMMARY, world.token(scopes=frozenset({"system/Condition.rs"}))).status_code == 403
    world.publish(condition("now"), "cleo")
    only_patient = world.token(scopes=frozenset({"system/Patient.rs"}))
    assert entries(sections(world.get(SUMMARY, only_patient).json())["11450-4"]) == []


def test_what_leaves_is_recorded(world: World) -> None:
    world.publish(condition("now"), "cleo")
    world.get(SUMMARY)
    row = world.audited()[-1]
    assert (row["act"], row["patient_id"]) == ("operation", "cleo")
    assert b"Condition/now/_history/1" in bytes(row["detail"])


@pytest.mark.parametrize("count", [0, 130])
def test_a_summary_passes_the_check_of_the_guides_profiles(world: World, tmp_path: Path, count: int) -> None:
    """A whole history and an empty one."""
    if not (PACKAGES / IPS).exists():
        pytest.skip("needs the IPS package in ../shared/packages")
    (tmp_path / IPS).symlink_to(PACKAGES / IPS)
    profiles = load(tmp_path)
    world.publish(patient("ann", "Müller", birthDate="1990-01-02", gender="other"), "ann", method="PUT")
    if count:
        fill(world, count)
    document = parse(world.get("/Patient/ann/$summary").content)
    assert len(document["entry"]) > (10 if count else 3)
    assert document["meta"]["profile"][0] in profiles.urls
    assert check(document, profiles=profiles) == []
    broken = parse(world.get("/Patient/ann/$summary").content)
    del broken["entry"][0]["resource"]["section"][0]
    assert check(broken, profiles=profiles) != []
