"""The mappings a gateway runs with, by name: loaded once at start-up, all of them or none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from gateway.mapping import mapping
from gateway.mapping.faults import MappingFault
from gateway.mapping.loading import MAPPING, load_mapping


class Catalogue(Mapping[str, mapping.Mapping]):
    """Read-only; a name that is not there raises KeyError."""

    def __init__(self, mappings: Mapping[str, mapping.Mapping]) -> None:
        self._mappings = dict(mappings)

    def __getitem__(self, name: str) -> mapping.Mapping:
        return self._mappings[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._mappings)

    def __len__(self) -> int:
        return len(self._mappings)


def folders(folder: Path) -> list[Path]:
    """The folders below (or this one itself) that hold a mapping."""
    if (folder / MAPPING).is_file():
        return [folder]
    return sorted(found.parent for found in folder.glob(f"*/{MAPPING}"))


def load(folder: Path) -> Catalogue:
    """Every mapping below a folder. Raises MappingFault, also when there is none."""
    found = folders(folder)
    if not found:
        raise MappingFault(folder.name, 0, "", "no mapping is here")
    return Catalogue({place.name: load_mapping(place) for place in found})
