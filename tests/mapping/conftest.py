"""Mappings written for one test: a template, and the schema of a small notebook as the producer's format."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest

from gateway.mapping.loading import load_mapping
from gateway.mapping.mapping import Mapping

SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "note": {
            "type": "object",
            "required": ["title"],
            "properties": {
                "title": {"type": "string", "minLength": 1, "maxLength": 40},
                "mood": {"type": "integer", "minimum": 0, "maximum": 10},
                "weight": {"type": "number"},
                "private": {"type": "boolean"},
                "kind": {"enum": ["diary", "letter"]},
                "tags": {"type": "array", "items": {"type": "string"}},
                "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}},
                "extra": {"type": "object", "properties": {"more": {"type": "array"}}},
            },
        },
        "talk": {"type": "array", "items": {"$ref": "#/$defs/line"}},
    },
    "$defs": {
        "line": {
            "type": "object",
            "properties": {
                "id": {"type": "string"},
                "text": {"type": "string"},
                "secret": {"type": "boolean"},
                "from": {"type": "array", "items": {"type": "string"}},
            },
        }
    },
}

HEAD = """\
name: notebook
version: "1.0.0"
title: A notebook
fhir: "4.0.1"
inputs:
  note: {title: The note}
  talk: {title: What was said}
requires: any
"""

Writer = Callable[..., Path]
Loader = Callable[..., Mapping]


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    """Writes a mapping's folder: `write(template, rest="ignored: …", head=…, schema=…)`."""

    def _write(template: str, rest: str = "", head: str = HEAD, schema: dict[str, Any] = SCHEMA) -> Path:
        folder = tmp_path / "notebook"
        folder.mkdir(exist_ok=True)
        body = f"{head}template:\n{indent(dedent(template).strip(), '  ')}\n{dedent(rest)}"
        (folder / "mapping.yaml").write_text(body, "utf-8")
        (folder / "input.schema.json").write_text(json.dumps(schema), "utf-8")
        return folder

    return _write


@pytest.fixture
def load(write: Writer) -> Loader:
    return lambda *args, **kwargs: load_mapping(write(*args, **kwargs))
