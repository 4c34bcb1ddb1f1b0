"""Whole histories come in by one transaction: all of it, or after whatever happened in the middle nothing."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import httpx
import pytest

from gateway.store.database import Busy
from tests.bundles import answers, kept
from tests.house import Cast, House
from tests.server import serving
from tests.synthetic import history_of
from tests.writers import FHIR_JSON, send

TABLES = ("resource", "ix_token", "ix_reference", "ix_string", "ix_date", "ix_uri", "audit")


@pytest.mark.spec("F-161")
@pytest.mark.spec("F-163")
def test_a_history_of_two_thousand_entries_is_loaded_as_one(house: House) -> None:
    load = history_of(1, 2000)
    response = send(house, "POST", "/fhir", load)
    made = answers(response)
    assert [one["resource"]["resourceType"] for one in made] == [
        one["resource"]["resourceType"] for one in load["entry"]
    ]
    assert {one["response"]["status"] for one in made} == {"201 Created"}
    assert "urn:uuid" not in json.dumps([one["resource"] for one in made if one["resource"]["resourceType"] != "Basic"])
    (patient,) = (one["resource"]["id"] for one in made if one["resource"]["resourceType"] == "Patient")
    times = house.rows("SELECT count(*), count(DISTINCT updated_at) FROM resource WHERE patient_id = ?", patient)
    assert times[0][0] > 1900 and times[0][1] == 1
    assert house.rows("SELECT count(*) FROM audit WHERE act = 'create' AND patient_id = ?", patient)[0][0] > 1900


@pytest.mark.spec("F-100")
def test_histories_share_what_is_created_only_if_it_is_absent(house: House) -> None:
    shared = ("Organization", "Practitioner")
    for seed in (1, 2):
        assert send(house, "POST", "/fhir", history_of(seed, 30)).status_code == 200
    for kind in shared:
        known = [one["resource"] for one in history_of(1, 30)["entry"] if one["resource"]["resourceType"] == kind]
        value = known[0]["identifier"][0]["value"]
        assert len(house.found(f"/fhir/{kind}?identifier={value}", house.own_ehr)) == len(known) == 1


@pytest.mark.spec("F-161")
@pytest.mark.parametrize(
    "trigger",
    [
        "BEFORE INSERT ON resource WHEN new.type = 'Provenance'",
        "BEFORE INSERT ON ix_reference WHEN new.type = 'Observation' AND new.target_type = 'Encounter'",
        "BEFORE INSERT ON audit WHEN new.target_type = 'Observation'",
    ],
)
def test_a_database_that_fails_in_the_middle_keeps_nothing(house: House, trigger: str) -> None:
    load, before = history_of(3, 60), kept(house)
    house.sabotage(trigger)
    assert send(house, "POST", "/fhir", load).status_code == 500
    house.mend()
    assert kept(house) == before
    assert house.rows("SELECT count(*) FROM audit WHERE act = 'create'") == [(0,)]
    assert send(house, "POST", "/fhir", load).status_code == 200


def await_writing(house: House, seconds: float = 0.1) -> None:
    """Return when another process has been writing for so long without a pause."""
    deadline, since = time.monotonic() + 120, None
    while time.monotonic() < deadline:
        try:
            with house.world.services.database.write(wait=False):
                since = None
        except Busy:
            since = since or time.monotonic()
            if time.monotonic() - since > seconds:
                return
        time.sleep(0.002)
    raise TimeoutError("nobody wrote for long")


@pytest.mark.spec("F-161")
def test_a_server_that_is_killed_in_the_middle_keeps_nothing(cast: Cast, tmp_path: Path) -> None:
    """The process dies while it applies the transaction, which takes many times as long as is waited here."""
    with serving(cast, tmp_path / "home") as [(server, house)]:
        before = {name: house.rows(f"SELECT count(*) FROM {name}") for name in TABLES}
        body, headers = json.dumps(history_of(4, 1500)), {"Content-Type": FHIR_JSON}
        lost: list[Exception] = []

        def load() -> None:
            try:
                house.ask("POST", "/fhir", house.writer, content=body, headers=headers)
            except httpx.TransportError as failure:
                lost.append(failure)

        sending = threading.Thread(target=load)
        sending.start()
        await_writing(house)
        server.kill()
        sending.join(60)
        assert lost, "the server had answered before it was killed"
        assert {name: house.rows(f"SELECT count(*) FROM {name}") for name in TABLES} == before
