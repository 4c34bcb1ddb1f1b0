"""The examples of a mapping: one folder per case, with the parts of the payload as `<part>.json`.

`refused.json` beside them makes it a broken case: the issues (expression and code) the payload must be refused with.
`output.json` holds the resources a good case must give.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.fhir import json

REFUSED, OUTPUT = "refused", "output"


@dataclass(frozen=True, slots=True)
class Example:
    """`refused` and `output` are None where the case does not say."""

    name: str
    inputs: dict[str, Any]
    refused: list[dict[str, str]] | None
    output: list[Any] | None


def examples_of(folder: Path) -> list[Example]:
    """Every case below a mapping's folder, by name. Raises JsonFault for a file that is not JSON."""
    return [_read(place) for place in sorted((folder / "examples").glob("*")) if place.is_dir()]


def read_parts(files: Sequence[Path]) -> dict[str, Any]:
    """Files as named parts of one payload, each named as its file. Raises JsonFault."""
    return {file.stem: json.parse(file.read_bytes()) for file in files}


def _read(folder: Path) -> Example:
    parts = read_parts(sorted(folder.glob("*.json")))
    refused, output = parts.pop(REFUSED, None), parts.pop(OUTPUT, None)
    return Example(folder.name, parts, refused, output)
