"""A clinic that takes every type; its door checks the profiles where their packages are at hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.fhir import profiles
from tests.every_type import HERE
from tests.world import SHARED, World, settle

PACKAGES = ("hl7.fhir.us.core-6.1.0.tgz", "SUSHI-BUILT-hl7.fhir.uv.aitransparency-1.0.0-current.tgz")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    folder = tmp_path / "packages"
    folder.mkdir()
    for package in (SHARED / "packages" / name for name in PACKAGES):
        if package.is_file():
            (folder / package.name).symlink_to(package)
    world = settle(tmp_path, profiles.load(folder), HERE)
    yield world
    world.services.journal.stop()
    world.services.database.close()
