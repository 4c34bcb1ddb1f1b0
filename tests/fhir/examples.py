"""The examples of published packages, where these lie beside the project."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from typing import Any

import pytest

from gateway.fhir.json import parse
from tests.world import SHARED

PACKAGES = SHARED / "packages"
needs_packages = pytest.mark.skipif(not PACKAGES.is_dir(), reason="../shared/packages is absent")


def examples_of(package: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each example as it was published, with its name in the archive."""
    with tarfile.open(PACKAGES / package) as archive:
        for member in archive:
            stream = archive.extractfile(member)
            if member.name.startswith("package/example/") and "/." not in member.name and stream is not None:
                yield member.name, parse(stream.read())
