"""The examples of a mapping: one folder per case, with the parts of the payload as files named `<part>.json`, `.csv` ….

`refused.json` beside them makes it a broken case: the issues (expression and code) the payload must be refused with.
`output.json` holds the resources a good case must give, `skipped.json` the issues of the rows it must leave out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.fhir import json

REFUSED, SKIPPED, OUTPUT = "refused.json", "skipped.json", "output.json"


@dataclass(frozen=True, slots=True)
class Example:
    """`refused` and `output` are None where the case does not say."""

    name: str
    parts: dict[str, bytes]
    refused: list[dict[str, str]] | None
    skipped: list[dict[str, str]]
    output: list[Any] | None


def examples_of(folder: Path) -> list[Example]:
    """Every case below a mapping's folder, by name. Raises JsonFault where what it expects is not JSON."""
    return [_read(place) for place in sorted((folder / "examples").glob("*")) if place.is_dir()]


def parts_of(files: Sequence[Path]) -> dict[str, bytes]:
    """Files as named parts of one payload, each named as its file."""
    return {file.stem: file.read_bytes() for file in files}


def _read(folder: Path) -> Example:
    files = [file for file in sorted(folder.iterdir()) if file.name not in (REFUSED, SKIPPED, OUTPUT)]
    refused, skipped, output = (_expected(folder / name) for name in (REFUSED, SKIPPED, OUTPUT))
    return Example(folder.name, parts_of(files), refused, skipped or [], output)


def _expected(file: Path) -> Any:
    return json.parse(file.read_bytes()) if file.exists() else None
