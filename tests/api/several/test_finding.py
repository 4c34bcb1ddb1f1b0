"""The one note of a couple is found by either, by every road of the FHIR API, for who may see it."""

from __future__ import annotations

import pytest

from tests.house import House
from tests.together import draft_of, together

ROADS = (
    "Composition?patient={}",
    "Composition?patient=Patient/{}&status=final",
    "Composition?subject=Patient/{}",
    "Composition?subject:Patient={}&_sort=-date",
    "Composition?patient.family=Stone,Rivers&_id={note}",
    "Patient/{}/Composition",
    "Composition?patient={}&_revinclude=Provenance:target",
    "Patient/{}/$everything",
    "Patient/{}/$everything?_type=Composition",
    "Composition/{note}/_history",
)


@pytest.fixture
def note(house: House) -> str:
    names = house.step(draft_of(together(house)), "approval").json()["published"]
    return str(next(name for name in names if name.startswith("Composition/")))


def both(house: House) -> tuple[str, str]:
    return house.world.patient, house.cast.neighbour


def finds(house: House, road: str, patient: str, note: str, token: str) -> bool:
    address = road.replace("{note}", note.removeprefix("Composition/")).format(patient)
    answer = house.get(f"/fhir/{address}", token)
    entries = answer.json().get("entry", []) if answer.status_code == 200 else []
    return note in [f"{each['resource']['resourceType']}/{each['resource']['id']}" for each in entries]


@pytest.mark.parametrize("road", ROADS)
def test_the_custodian_finds_it_by_each(house: House, note: str, road: str) -> None:
    assert [finds(house, road, patient, note, house.own_ehr) for patient in both(house)] == [True, True]


@pytest.mark.parametrize("road", ROADS)
def test_another_finds_it_when_each_of_them_permits_and_not_before(house: House, note: str, road: str) -> None:
    house.grant()
    assert not any(finds(house, road, patient, note, house.ehr) for patient in both(house))
    consent = house.grant(patient=house.cast.neighbour)
    assert [finds(house, road, patient, note, house.ehr) for patient in both(house)] == [True, True]
    house.revoke(consent)
    assert not any(finds(house, road, patient, note, house.ehr) for patient in both(house))


def test_each_finds_the_own_entry_and_by_it_the_note(house: House, note: str) -> None:
    for patient in both(house):
        [entry] = house.found(f"/fhir/DocumentReference?patient={patient}&category=clinical-note", house.own_ehr)
        assert entry["subject"]["reference"] == f"Patient/{patient}"
        value = entry["identifier"][0]["value"]
        [found] = house.found(f"/fhir/Composition?identifier={value}&patient={patient}", house.own_ehr)
        assert f"Composition/{found['id']}" == note
        revincluded = house.found(
            f"/fhir/DocumentReference?patient={patient}&_revinclude=Provenance:target", house.own_ehr
        )
        assert "Provenance" in {each["resourceType"] for each in revincluded}


def test_it_is_no_others(house: House, note: str) -> None:
    other = house.rows("SELECT id FROM resource WHERE type = 'Patient' AND id NOT IN (?, ?)", *both(house))
    assert not any(finds(house, road, id, note, house.own_ehr) for (id,) in other for road in ROADS[:3])


@pytest.mark.parametrize("place", [0, 1])
def test_the_lineage_is_found_from_the_record_of_each(house: House, note: str, place: int) -> None:
    patient = both(house)[place]
    [found] = house.found(f"/fhir/Composition?patient={patient}", house.own_ehr)
    lineage = house.get(f"/lineage/Composition/{found['id']}", house.auditor).json()
    assert f"Patient/{patient}" in lineage["patients"]
