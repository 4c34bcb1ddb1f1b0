"""The demo sees what it promises: every step of the road, walked before the real app."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from gateway.api.app import create
from gateway.demo import road
from gateway.demo.cast import gather
from gateway.fhir import profiles
from gateway.store.migrate import upgrade
from tests.world import BASE, KEY, PROJECT, SHARED, services_at

EXAMPLE = PROJECT / "mappings" / "aws-healthscribe" / "examples" / "full"
SESSIONS = SHARED / "samples" / "sessions"


def walk(folder: Path, parts: dict[str, Path]) -> list[str]:
    """What every step saw, and who stays to look around after the last. Raises NotAsExpected where one saw something
    else."""
    upgrade(f"sqlite:///{folder / 'gateway.db'}", KEY)
    (folder / "none").mkdir()
    services = services_at(folder, profiles.load(folder / "none"))
    with TestClient(create(services), base_url=BASE) as http:
        walked = road.Road(http, gather(services), parts)
        return [step(walked) for step in (*(step for _, step in road.STEPS), road.consent, road.pull)]


def test_the_whole_road_on_the_example(tmp_path: Path) -> None:
    seen = walk(tmp_path, {name: EXAMPLE / f"{name}.json" for name in ("summary", "transcript")})
    assert len(seen) == len(road.STEPS) + 2 == 17


@pytest.mark.skipif(not SESSIONS.is_dir(), reason=f"no recorded sessions in {SESSIONS.name}")
def test_the_whole_road_on_a_recorded_session(tmp_path: Path) -> None:
    session = min(SESSIONS.glob("annomi-*"))
    seen = walk(tmp_path, {name: session / f"{name}.json" for name in ("summary", "transcript")})
    assert len(seen) == len(road.STEPS) + 2


def test_a_step_that_sees_something_else_ends_the_walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(road.Road, "found", lambda *_: [{"id": "leaked"}])
    with pytest.raises(road.NotAsExpected, match="before anybody approved"):
        walk(tmp_path, {name: EXAMPLE / f"{name}.json" for name in ("summary", "transcript")})
