"""A house whose pages are walked, and the patient's browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import count
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.browsing import browser
from tests.casting import cast, quiet
from tests.house import Cast, House, opened

__all__ = ["cast", "quiet"]


@pytest.fixture
def house(cast: Cast, tmp_path: Path) -> Iterator[House]:
    """A house whose day does not end while a test looks at it: each look at its clock is a millisecond later."""
    now, ticks = datetime.now(UTC), count()
    start = min(now, datetime.combine(now.date(), time.max, UTC) - timedelta(seconds=30))
    slow = replace(cast.world.services, clock=lambda: start + timedelta(milliseconds=next(ticks)))
    with opened(replace(cast, world=replace(cast.world, services=slow)), tmp_path / "house") as house:
        yield house


@pytest.fixture
def sam(house: House) -> Iterator[TestClient]:
    """The patient's browser, signed in."""
    yield browser(house, house.patient)
