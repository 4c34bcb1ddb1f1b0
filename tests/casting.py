"""The fixtures of tests that ask the whole gateway: the cast, made once, and a house for each test (tests/house.py)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from gateway.fhir import profiles
from tests.house import Cast, House, gather, opened


@pytest.fixture(scope="session", autouse=True)
def quiet() -> Iterator[None]:
    """Failures are made on purpose here: telling each with its locals takes longer than the tests. What is logged is
    looked at in real servers, by the law on logs.
    """

    def drop(*_: Any) -> Any:
        raise structlog.DropEvent

    structlog.configure(processors=[drop])
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def cast(tmp_path_factory: pytest.TempPathFactory) -> Cast:
    """Made once; every test works on a copy of its database."""
    return gather(tmp_path_factory.mktemp("cast"), profiles.load(tmp_path_factory.mktemp("no-packages")))


@pytest.fixture
def house(cast: Cast, tmp_path: Path) -> Iterator[House]:
    with opened(cast, tmp_path / "house") as house:
        yield house
