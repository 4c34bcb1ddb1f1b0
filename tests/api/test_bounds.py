"""A body is read no further than a request of ours can be long, whoever sends it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from gateway.api.app import create
from gateway.api.bounds import MOST_BYTES
from gateway.fhir import profiles
from tests.world import World, settle

PLACES = ("/reviews/any/amendment", "/consents", "/fhir/Patient/_search", "/oauth/token", "/pages/sign-in")
PIECE = b" " * 65_536


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("bounds")
    world = settle(folder, profiles.load(folder))
    yield world
    world.services.journal.stop()
    world.services.database.close()


@pytest.fixture(scope="module")
def client(world: World) -> Iterator[TestClient]:
    with TestClient(create(world.services), raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize("place", PLACES)
def test_an_announced_length_beyond_the_bound_is_refused_at_once(client: TestClient, place: str) -> None:
    answer = client.post(place, content=b" " * (MOST_BYTES + 1), headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["issue"][0]["code"]) == (413, "too-long")
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize("place", ["/reviews/any/amendment", "/consents"])
def test_a_body_without_a_length_is_read_up_to_the_bound(client: TestClient, place: str) -> None:
    """Nobody is known yet where the body is read: not even a caller without a token may fill the memory."""
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while sent < 20 * MOST_BYTES:
            sent += len(PIECE)
            yield PIECE

    answer = client.post(place, content=endless(), headers={"content-type": "application/json"})
    assert answer.status_code == 413
    assert answer.json()["resourceType"] == "OperationOutcome"


def test_what_is_short_enough_goes_its_way(client: TestClient) -> None:
    answer = client.post("/consents", content=b"{}", headers={"content-type": "application/json"})
    assert answer.status_code == 401
