"""Writers at the same time, in threads and in processes: exactly one wins, and nobody sees a failure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import httpx
import pytest

from tests.house import Cast, House
from tests.server import serving
from tests.writers import created, note, observation, post, put, send

MANY = 8


def at_once(acts: Sequence[Callable[[], httpx.Response]]) -> Counter[int]:
    """The statuses of acts that begin together."""
    barrier = Barrier(len(acts))

    def begin(act: Callable[[], httpx.Response]) -> int:
        barrier.wait(30)
        return act().status_code

    with ThreadPoolExecutor(len(acts)) as threads:
        return Counter(threads.map(begin, acts))


def identified(house: House) -> dict[str, Any]:
    return note(house.world.patient, identifier=[{"system": "urn:note", "value": "1"}])


@pytest.mark.spec("F-102")
def test_parallel_conditional_creates_keep_one(house: House) -> None:
    sent = identified(house)
    acts = [lambda: post(house, sent, If_None_Exist="identifier=urn:note|1")] * MANY
    assert at_once(acts) == {201: 1, 200: MANY - 1}
    assert house.rows("SELECT count(*) FROM resource WHERE type = 'DocumentReference'") == [(1,)]


@pytest.mark.spec("F-102", "F-103")
def test_parallel_conditional_updates_keep_one(house: House) -> None:
    sent = identified(house)
    address = "/fhir/DocumentReference?identifier=urn:note|1"
    assert at_once([lambda: send(house, "PUT", address, sent)] * MANY) == {201: 1, 200: MANY - 1}
    assert house.rows("SELECT id, version FROM resource WHERE type = 'DocumentReference'")[0][1] == 1
    assert len(house.rows("SELECT 1 FROM resource WHERE type = 'DocumentReference'")) == 1


@pytest.mark.spec("F-077")
def test_of_racing_updates_one_wins(house: House) -> None:
    made = created(house, observation(house.world.patient))
    acts = [lambda n=n: put(house, made | {"issued": f"2026-09-0{n + 1}T10:00:00Z"}) for n in range(MANY)]
    assert at_once(acts) == {200: 1, 412: MANY - 1}
    versions = house.rows("SELECT version, is_current FROM resource WHERE type = 'Observation' ORDER BY version")
    assert versions == [(1, 0), (2, 1)]


def test_racing_deletions_and_updates_leave_one_line_of_versions(house: House) -> None:
    made = created(house, observation(house.world.patient))
    deletions = [lambda: house.ask("DELETE", f"/fhir/Observation/{made['id']}", house.writer)] * 4
    updates = [lambda: put(house, made | {"status": "amended"}, If_Match='W/"1"')] * 4
    found = at_once([*deletions, *updates])
    assert set(found) <= {200, 204, 412}
    versions = house.rows("SELECT version, is_current FROM resource WHERE type = 'Observation' ORDER BY version")
    assert [version for version, _ in versions] == list(range(1, len(versions) + 1))
    assert [is_current for _, is_current in versions] == [0] * (len(versions) - 1) + [1]


@pytest.mark.spec("F-077", "F-102")
def test_two_processes_keep_one_as_well(cast: Cast, tmp_path: Path) -> None:
    with serving(cast, tmp_path / "home", processes=2) as served:
        houses = [house for _, house in served] * (MANY // 2)
        sent = identified(houses[0])
        acts = [lambda each=each: post(each, sent, If_None_Exist="identifier=urn:note|1") for each in houses]
        assert at_once(acts) == {201: 1, 200: MANY - 1}
        made = houses[0].found("/fhir/DocumentReference?identifier=urn:note|1", houses[0].writer)
        assert len(made) == 1
        race = [
            lambda n=n, each=each: put(each, made[0] | {"description": f"version of {n}"})
            for n, each in enumerate(houses)
        ]
        assert at_once(race) == {200: 1, 412: MANY - 1}
        history = houses[1].get(f"/fhir/DocumentReference/{made[0]['id']}/_history", houses[1].writer).json()
        assert [json.loads(entry["response"]["etag"][2:]) for entry in history["entry"]] == ["2", "1"]
