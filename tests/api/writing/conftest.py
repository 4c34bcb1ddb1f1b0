"""The real app before a real, encrypted database, with everybody who calls it; see tests/house.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.fhir import profiles
from tests.house import Cast, House, gather, opened


@pytest.fixture(scope="session")
def cast(tmp_path_factory: pytest.TempPathFactory) -> Cast:
    """Made once; every test works on a copy of its database."""
    return gather(tmp_path_factory.mktemp("cast"), profiles.load(tmp_path_factory.mktemp("no-packages")))


@pytest.fixture
def house(cast: Cast, tmp_path: Path) -> Iterator[House]:
    with opened(cast, tmp_path / "house") as house:
        yield house
