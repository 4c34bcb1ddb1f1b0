"""What was written, read by every road: nothing is seen by a detour, and the log names all whose content leaves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.usecases.services import Limits
from tests.house import Cast, House, opened
from tests.writers import FHIR_JSON, created, send


def unowned_binary(house: House) -> str:
    return str(created(house, {"resourceType": "Binary", "contentType": "text/plain", "data": "aGVsbG8="})["id"])


@pytest.mark.spec("X-026")
def test_a_binary_of_nobody_has_no_history(house: House) -> None:
    id = unowned_binary(house)
    assert house.get(f"/fhir/Binary/{id}/_history", house.writer).status_code == 404
    assert house.ask("DELETE", f"/fhir/Binary/{id}", house.writer).status_code in (204, 404)
    history = house.get(f"/fhir/Binary/{id}/_history", house.writer)
    assert "aGVsbG8=" not in history.text


@pytest.mark.spec("X-022", "X-026")
@pytest.mark.parametrize("include", ["List:item", "List:*", "*"])
def test_a_binary_of_nobody_is_not_included(house: House, include: str) -> None:
    entry = [{"item": {"reference": f"Binary/{unowned_binary(house)}"}}]
    subject = {"reference": f"Patient/{house.world.patient}"}
    listed = {"resourceType": "List", "status": "current", "mode": "working", "subject": subject, "entry": entry}
    found = house.found(f"/fhir/List?_id={created(house, listed)['id']}&_include={include}", house.writer)
    assert {each["resourceType"] for each in found} <= {"List", "Patient"}


@pytest.mark.spec("X-026")
def test_a_version_of_an_attached_binary_is_told_of_its_patient(house: House) -> None:
    id = unowned_binary(house)
    attachment = {"contentType": "text/plain", "url": f"Binary/{id}"}
    document = {
        "resourceType": "DocumentReference",
        "status": "current",
        "subject": {"reference": f"Patient/{house.world.patient}"},
        "content": [{"attachment": attachment}],
    }
    created(house, document)
    for address in (f"Binary/{id}/_history/1", f"Binary/{id}/_history"):
        assert house.get(f"/fhir/{address}", house.writer, accept=FHIR_JSON).status_code == 200
        assert told(house) == {house.world.patient}


def appointment(*patients: str) -> dict[str, Any]:
    named = [{"actor": {"reference": f"Patient/{each}"}, "status": "accepted"} for each in patients]
    times = {"start": "2026-01-01T10:00:00Z", "end": "2026-01-01T11:00:00Z"}
    return {"resourceType": "Appointment", "status": "booked", **times, "participant": named}


@pytest.mark.spec("F-059")
@pytest.mark.parametrize(
    "address",
    [
        "Appointment/{id}",
        "Appointment/{id}/_history/1",
        "Appointment/{id}/_history",
        "Appointment/{id}/$meta",
        "Appointment?_id={id}",
        "Patient/{patient}/Appointment",
        "Patient/{patient}/$everything?_type=Appointment",
    ],
)
def test_what_is_about_several_is_told_of_each(house: House, address: str) -> None:
    both = {house.world.patient, house.cast.neighbour}
    path = f"/fhir/{address.format(id=created(house, appointment(*both))['id'], patient=house.world.patient)}"
    assert house.get(path, house.own_ehr).status_code == 200
    assert told(house) == both


def told(house: House) -> set[str | None]:
    """Whom the last request is recorded of."""
    last = "SELECT request_id FROM audit ORDER BY pk DESC LIMIT 1"
    return {patient for (patient,) in house.rows(f"SELECT patient_id FROM audit WHERE request_id = ({last})")}


@pytest.mark.parametrize("kind", ["batch", "transaction"])
def test_a_leap_second_is_a_time_to_compare_with(house: House, kind: str) -> None:
    request = {"method": "GET", "url": f"Patient/{house.world.patient}", "ifModifiedSince": "2016-12-31T23:59:60Z"}
    answer = send(
        house, "POST", "/fhir", {"resourceType": "Bundle", "type": kind, "entry": [{"request": request}]}, house.writer
    )
    assert answer.json()["entry"][0]["response"]["status"] == "200 OK"


def test_the_reads_of_one_bundle_have_an_end(cast: Cast, tmp_path: Path) -> None:
    services = replace(cast.world.services, limits=Limits(write_bytes=10_000))
    with opened(replace(cast, world=replace(cast.world, services=services)), tmp_path / "house") as house:
        url = f"Patient?_id={house.world.patient}"
        entries = [{"request": {"method": "GET", "url": url}}] * 50
        batch, transaction = (
            send(house, "POST", "/fhir", {"resourceType": "Bundle", "type": kind, "entry": entries}, house.writer)
            for kind in ("batch", "transaction")
        )
        statuses = [each["response"]["status"][:3] for each in batch.json()["entry"]]
        assert set(statuses[:10]) == {"200"}
        assert statuses[-1] == "413"
        assert transaction.status_code == 413


@pytest.mark.spec("F-125")
@pytest.mark.parametrize("walk", ["Patient?_lastUpdated=ge2020&", "_history?", "Patient/_history?"])
def test_a_page_link_is_not_for_a_colleague(house: House, walk: str) -> None:
    page = house.get(f"/fhir/{walk}_count=1", house.clinician).json()
    following = next(link["url"] for link in page["link"] if link["relation"] == "next")
    assert house.get(following, house.clinician).status_code == 200
    assert house.get(following, house.auditor).status_code == 404
