"""FHIR packages in a folder: .tgz archives as published, or unpacked ones.

Format: https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
Every definition is checked for its shape at once; its body is decoded when somebody asks for it.
"""

from __future__ import annotations

import re
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import msgspec

MAX_FILE = 64 * 1024 * 1024
MAX_PACKAGE = 1024 * 1024 * 1024
KINDS = frozenset({"StructureDefinition", "ValueSet", "CodeSystem"})
_DECODER = msgspec.json.Decoder(float_hook=Decimal)


class PackageFault(ValueError):
    """A file in the packages folder is no FHIR package; the message names the file."""


class _Constraint(msgspec.Struct):
    key: str
    expression: str = ""


class _Kind(msgspec.Struct):
    code: str = ""
    profile: list[str] = []
    targetProfile: list[str] = []


class _Element(msgspec.Struct):
    path: str
    min: int = 0
    max: Annotated[str, msgspec.Meta(pattern=r"^(\*|[0-9]{1,9})$")] = "*"
    type: list[_Kind] = []
    constraint: list[_Constraint] = []
    binding: dict[str, Any] = {}
    slicing: dict[str, Any] = {}


class _Snapshot(msgspec.Struct):
    element: list[_Element]


class _Head(msgspec.Struct):
    """What the check relies on; anything else may be as it likes."""

    resourceType: str = ""
    url: str = ""
    version: str = ""
    snapshot: _Snapshot | None = None


class _Manifest(msgspec.Struct):
    name: str
    version: str = ""


@dataclass(frozen=True)
class Definition:
    """One conformance resource of a package; `body` is decoded on first use. Raises PackageFault when it is broken."""

    kind: str
    url: str
    version: str
    package: str
    text: bytes

    @cached_property
    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = _DECODER.decode(self.text)
        return body


@dataclass(frozen=True)
class Package:
    """A package's name, version, and its structure definitions, value sets and code systems."""

    name: str
    version: str
    definitions: tuple[Definition, ...]

    @property
    def order(self) -> tuple[tuple[int, ...], bool, str]:
        """By precedence of semantic versions: a release stands above its own ballot."""
        numbers, _, stage = self.version.partition("-")
        return tuple(int(number) for number in re.findall(r"\d+", numbers)), not stage, stage


def packages_in(folder: Path) -> list[Package]:
    """Every package of `folder`, the newest version of each name first. Raises PackageFault for a bad one."""
    found = [package for place in sorted(folder.iterdir()) if (package := _package(place)) is not None]
    return sorted(found, key=lambda package: package.order, reverse=True)


def _package(place: Path) -> Package | None:
    if place.suffix == ".tgz":
        return _read(place, _of_archive(place))
    inner = place / "package" if (place / "package" / "package.json").is_file() else place
    return _read(place, _of_folder(inner)) if (inner / "package.json").is_file() else None


def _read(place: Path, files: Iterator[tuple[str, bytes]]) -> Package:
    manifest: _Manifest | None = None
    heads: list[tuple[_Head, bytes]] = []
    try:
        for name, text in files:
            if name == "package.json":
                manifest = msgspec.json.decode(text, type=_Manifest)
            elif not name.startswith("."):
                heads.append((msgspec.json.decode(text, type=_Head), text))
    except (OSError, EOFError, zlib.error, tarfile.TarError, msgspec.MsgspecError, ValueError) as fault:
        raise PackageFault(f"{place.name} is not a FHIR package: {fault}") from fault
    if manifest is None:
        raise PackageFault(f"{place.name} is not a FHIR package: it has no package.json")
    key = f"{manifest.name}#{manifest.version}"
    return Package(
        manifest.name,
        manifest.version,
        tuple(
            Definition(head.resourceType, head.url, head.version, key, text)
            for head, text in heads
            if head.resourceType in KINDS and head.url
        ),
    )


def _of_archive(place: Path) -> Iterator[tuple[str, bytes]]:
    total = 0
    with tarfile.open(place, "r:gz") as archive:
        for member in archive:
            total += member.size
            if total > MAX_PACKAGE or member.size > MAX_FILE:
                raise PackageFault("it is too large")
            path = PurePosixPath(member.name)
            stream = archive.extractfile(member) if _is_definition(path) else None
            if stream is not None:
                yield path.name, stream.read()


def _is_definition(path: PurePosixPath) -> bool:
    """Examples, schemas and the like stand in folders of their own."""
    return path.suffix == ".json" and len(path.parts) == 2 and path.parts[0] == "package"


def _of_folder(place: Path) -> Iterator[tuple[str, bytes]]:
    for file in sorted(place.glob("*.json")):
        if file.stat().st_size > MAX_FILE:
            raise PackageFault(f"{file.name} is too large")
        yield file.name, file.read_bytes()
