"""The clinic of tests/world.py, with the profiles where their packages are at hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.fhir import profiles
from gateway.fhir.profiles import Profiles
from tests.world import SHARED, World, settle

PACKAGES = (
    "hl7.fhir.us.core-6.1.0.tgz",
    "SUSHI-BUILT-hl7.fhir.uv.aitransparency-1.0.0-current.tgz",
)


@pytest.fixture(scope="session")
def no_profiles(tmp_path_factory: pytest.TempPathFactory) -> Profiles:
    return profiles.load(tmp_path_factory.mktemp("none"))


@pytest.fixture(scope="session")
def known_profiles(tmp_path_factory: pytest.TempPathFactory) -> Profiles:
    """US Core 6.1.0 and AI Transparency; skips where the packages are absent."""
    folder = tmp_path_factory.mktemp("packages")
    for name in PACKAGES:
        package = SHARED / "packages" / name
        if not package.is_file():
            pytest.skip(f"the package {name} is not in ../shared/packages")
        (folder / name).symlink_to(package)
    return profiles.load(folder)


@pytest.fixture
def world(tmp_path: Path, no_profiles: Profiles) -> Iterator[World]:
    world = settle(tmp_path, no_profiles)
    yield world
    world.services.journal.stop()
    world.services.database.close()


@pytest.fixture
def strict_world(tmp_path: Path, known_profiles: Profiles) -> Iterator[World]:
    """A clinic whose door checks the profiles as well."""
    world = settle(tmp_path, known_profiles)
    yield world
    world.services.journal.stop()
    world.services.database.close()
