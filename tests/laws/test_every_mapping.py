"""What every mapping's fullest example became is read back by an EHR: by its address, and by whom it is about."""

from __future__ import annotations

import pytest

from gateway.mapping.catalogue import folders
from tests.house import House
from tests.of_mappings import context_of, draft_of, good
from tests.world import PROJECT

MAPPINGS = sorted(folder.name for folder in folders(PROJECT / "mappings"))


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_an_ehr_reads_what_was_approved_and_finds_it_by_its_patient(house: House, mapping: str) -> None:
    full = {name: parts for name, parts in good(mapping).items() if "/full" in name or "/couple" in name}
    assert full
    for name, parts in full.items():
        is_couple = "/couple" in name
        draft = draft_of(house, mapping, context_of(house, name, several=is_couple), parts)
        assert draft is not None
        for reference in house.step(draft, "approval").json()["published"]:
            read = house.get(f"/fhir/{reference}", house.own_ehr)
            assert read.status_code == 200, reference
            kind, _, id = reference.partition("/")
            if kind == "Provenance":
                continue
            patients = [house.world.patient, *([house.cast.neighbour] if is_couple else [])]
            found = [
                each for one in patients for each in house.found(f"/fhir/{kind}?_id={id}&patient={one}", house.own_ehr)
            ]
            assert [each["id"] for each in found] == [id] * (len(patients) if kind == "Composition" else 1), reference
