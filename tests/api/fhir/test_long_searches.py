"""A search that would keep the database at work for too long is given up: the caller is told, and nobody else waits."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, cast

import httpx
import pytest

from gateway.store import budget
from gateway.usecases import read, search
from gateway.usecases.services import Limits
from tests.api.fhir.conftest import BASE, World

PATIENT = {"resourceType": "Patient", "id": "ann", "name": [{"family": "Ann"}]}


@pytest.fixture
def hurried(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """No work at all is allowed, and the clock is looked at all the time."""
    monkeypatch.setattr(budget, "_STEPS", 1)
    app = cast(Any, world.client.app)
    world.publish(PATIENT)
    services = app.state.services
    app.state.services = replace(services, limits=Limits(search_seconds=0))
    yield world
    app.state.services = services


@pytest.mark.parametrize(
    "path",
    ["/Patient?name=ann", "/Patient?_id=ann", "/Patient?_sort=name", "?_type=Patient", "/Patient?_summary=count"],
)
def test_it_is_refused_as_too_costly_and_recorded(hurried: World, path: str) -> None:
    answer = hurried.get(path)
    assert answer.status_code == 400
    assert [issue["code"] for issue in answer.json()["issue"]] == ["too-costly"]
    assert hurried.audited()[-1]["act"] == "search"
    assert hurried.get("/Patient/ann").status_code == 200


def test_the_next_search_has_time_of_its_own(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.publish(PATIENT)
    app = cast(Any, world.client.app)
    services = app.state.services
    monkeypatch.setattr(budget, "_STEPS", 1)
    app.state.services = replace(services, limits=Limits(search_seconds=0))
    assert world.get("/Patient?name=ann").status_code == 400
    app.state.services = services
    assert world.found("/Patient?name=ann") == ["Patient/ann"]


def test_a_wide_search_is_made_beside_the_loop(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain reads are answered on the loop, so they go on meanwhile."""
    world.publish(PATIENT)
    searched_in, read_in = set[int](), set[int]()
    monkeypatch.setattr(search, "search", _noting(searched_in, search.search))
    monkeypatch.setattr(read, "read", _noting(read_in, read.read))

    async def both() -> None:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(cast(Any, world.client.app)), base_url=BASE
        ) as client:
            for path in ("/Patient?gender=female", "/Patient?_sort=name", "/Patient/ann"):
                answer = await client.get(BASE + path, headers={"authorization": f"Bearer {token}"})
                assert answer.status_code == 200

    token = world.token()
    with ThreadPoolExecutor() as pool:
        pool.submit(asyncio.run, both()).result()
    assert searched_in and read_in
    assert not searched_in & read_in


def _noting(threads: set[int], usecase: Callable[..., Any]) -> Callable[..., Any]:
    def noted(*args: Any, **options: Any) -> Any:
        threads.add(threading.get_ident())
        return usecase(*args, **options)

    return noted
