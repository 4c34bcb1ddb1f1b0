"""What a reader of AI Transparency on FHIR asks, of content that came in, was approved and went out.

https://hl7.org/fhir/uv/aitransparency, "guidance": by target, reason, agent, entity and label.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from gateway.fhir import profiles
from gateway.fhir.search.value_sets import PROVENANCE
from tests.house import House, gather, opened

AIAST = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue|AIAST"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("cast")
    with opened(gather(folder, profiles.load(folder / "none")), tmp_path_factory.mktemp("house")) as house:
        yield house


@pytest.fixture(scope="module")
def published(house: House) -> dict[str, str]:
    """The ids of what an approval published."""
    return house.approve(house.draft())


@pytest.fixture(scope="module")
def machines(house: House, published: dict[str, str]) -> list[dict[str, Any]]:
    """The machine's Provenance of the document."""
    found = house.found(f"/fhir/Provenance?target=DocumentReference/{published['DocumentReference']}", house.own_ehr)
    return [each for each in found if "AIAST" in str(each.get("reason"))]


def ids(resources: list[dict[str, Any]]) -> set[str]:
    return {each["id"] for each in resources}


@pytest.mark.spec("F-142")
def test_the_provenance_of_a_document_is_found_by_its_target(machines: list[dict[str, Any]]) -> None:
    assert machines


@pytest.mark.parametrize(
    "query",
    [
        "target={target}&reason:in={set}",
        "reason:in={set}",
        "reason={aiast}",
        "agent=Device/{device}",
        "_security={aiast}",
    ],
)
def test_the_machines_provenance_is_found_by(
    house: House, published: dict[str, str], machines: list[dict[str, Any]], query: str
) -> None:
    target = f"DocumentReference/{published['DocumentReference']}"
    [device] = house.found("/fhir/Device", house.own_ehr)
    asked = query.format(target=target, set=PROVENANCE, aiast=AIAST, device=device["id"])
    found = ids(house.found(f"/fhir/Provenance?{asked}", house.own_ehr))
    if query.startswith("_security"):  # Provenance is not what the machine wrote: the document is
        assert target.partition("/")[2] in ids(house.found(f"/fhir/DocumentReference?{asked}", house.own_ehr))
    else:
        assert ids(machines) <= found


def test_the_machines_provenance_is_found_by_the_model_card(house: House, machines: list[dict[str, Any]]) -> None:
    [provenance, *_] = machines
    named = {entity["what"]["reference"] for entity in provenance["entity"] if "reference" in entity["what"]}
    assert named
    for reference in named:
        found = house.found(f"/fhir/Provenance?entity={reference.partition('/_history')[0]}", house.own_ehr)
        assert provenance["id"] in ids(found)


def test_another_value_set_is_refused(house: House) -> None:
    assert house.get("/fhir/Provenance?reason:in=http://example.org/set", house.own_ehr).status_code == 400


@pytest.mark.spec("F-149")
def test_everything_brings_the_machines_provenance_and_its_device_along(
    house: House, published: dict[str, str], machines: list[dict[str, Any]]
) -> None:
    found = house.found(f"/fhir/Patient/{house.world.patient}/$everything", house.own_ehr)
    assert ids(machines) <= ids(found)
    assert {published["DocumentReference"], published["Composition"]} <= ids(found)
    assert any(each["resourceType"] == "Device" for each in found)


def test_nobody_finds_it_without_a_consent(house: House, machines: list[dict[str, Any]]) -> None:
    assert house.found(f"/fhir/Provenance?reason:in={PROVENANCE}", house.ehr) == []
