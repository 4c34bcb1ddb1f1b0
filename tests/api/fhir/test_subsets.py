"""`_summary` and `_elements`: what is left, at every depth, and that it says it is not the whole."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.fhir.definitions.build_summary import build
from gateway.fhir.search.subset import _summaries
from tests.api.fhir.conftest import World, patient
from tests.world import R4_PACKAGE


@pytest.fixture
def detailed(world: World) -> World:
    picture = {"contentType": "image/png", "data": "aGVsbG8=", "title": "x"}
    contact = [{"name": {"family": "Kin"}}]
    language = [{"language": {"text": "Deutsch"}, "preferred": True}]
    kin = [
        {"other": {"reference": "Patient/ann"}, "type": "seealso", "extension": [{"url": "urn:x", "valueCode": "y"}]}
    ]
    more = {"photo": [picture], "contact": contact, "communication": language, "link": kin, "birthDate": "1990-01-02"}
    world.publish(patient("eve", "Ever", modifierExtension=[{"url": "urn:m", "valueCode": "z"}], **more), "eve")
    observed = {
        "resourceType": "Observation",
        "id": "pair",
        "status": "final",
        "code": {"text": "pair", "extension": [{"url": "urn:x", "valueCode": "y"}]},
        "subject": {"reference": "Patient/eve"},
        "component": [{"code": {"text": "left"}, "valueInteger": 1, "interpretation": [{"text": "high"}]}],
        "note": [{"text": "long"}],
    }
    world.publish(observed, "eve")
    return world


def read(world: World, path: str) -> dict[str, Any]:
    found: dict[str, Any] = world.get(path).json()
    assert "SUBSETTED" in {tag["code"] for tag in found["meta"]["tag"]}
    del found["meta"]
    return found


@pytest.mark.spec("F-144", "F-060")
def test_a_summary_keeps_what_r4_marks_at_every_depth(detailed: World) -> None:
    assert read(detailed, "/Patient/eve?_summary=true") == {
        "resourceType": "Patient",
        "id": "eve",
        "identifier": [{"system": "urn:mrn", "value": "mrn-eve"}],
        "name": [{"family": "Ever", "given": ["José", "Maria"]}],
        "birthDate": "1990-01-02",
        "link": [{"other": {"reference": "Patient/ann"}, "type": "seealso"}],
        "modifierExtension": [{"url": "urn:m", "valueCode": "z"}],
    }
    assert read(detailed, "/Observation/pair?_summary=true") == {
        "resourceType": "Observation",
        "id": "pair",
        "status": "final",
        "code": {"text": "pair"},
        "subject": {"reference": "Patient/eve"},
        "component": [{"code": {"text": "left"}, "valueInteger": 1}],
    }


@pytest.mark.spec("F-145", "F-060")
def test_elements_stay_whole_beside_what_is_mandatory(detailed: World) -> None:
    assert set(read(detailed, "/Patient/eve?_elements=contact")) == {
        "resourceType",
        "id",
        "contact",
        "modifierExtension",
    }
    part = read(detailed, "/Observation/pair?_elements=component,value")
    assert set(part) == {"resourceType", "id", "status", "code", "component"}
    assert part["component"][0]["interpretation"] == [{"text": "high"}]


@pytest.mark.spec("F-144")
def test_text_keeps_the_narrative_and_data_everything_else(detailed: World) -> None:
    assert set(read(detailed, "/Observation/pair?_summary=text")) == {"resourceType", "id", "status", "code"}
    assert read(detailed, "/Observation/pair?_summary=data")["note"] == [{"text": "long"}]


@pytest.mark.spec("F-144", "F-145")
def test_what_is_included_is_cut_likewise(detailed: World) -> None:
    bundle = detailed.get("/Observation?_id=pair&_include=Observation:subject&_summary=true").json()
    assert ["photo" in entry["resource"] for entry in bundle["entry"]] == [False, False]
    assert "contact" not in bundle["entry"][1]["resource"]


def test_the_table_is_what_the_definitions_make() -> None:
    if not R4_PACKAGE.exists():
        pytest.skip("the R4 definitions package is not in ../shared/packages")
    assert {place: frozenset(names) for place, names in build(R4_PACKAGE, "isSummary").items()} == dict(_summaries())
