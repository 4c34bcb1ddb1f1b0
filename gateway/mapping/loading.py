"""From a mapping's folder to a Mapping: `mapping.yaml` and `input.schema.json`, refused unless all of it is sound."""

from __future__ import annotations

import re
from collections.abc import Mapping as Members
from hashlib import sha256
from pathlib import Path
from typing import Any

from gateway.fhir import json
from gateway.mapping.checks import checks_of
from gateway.mapping.coverage import Ignored
from gateway.mapping.expression import Expression, ExpressionFault, Scope, compile_expression
from gateway.mapping.faults import MappingFault
from gateway.mapping.mapping import Mapping
from gateway.mapping.model import Input
from gateway.mapping.pieces import compile_pieces
from gateway.mapping.places import Place, steps_of
from gateway.mapping.reading import JSON, MEDIA
from gateway.mapping.schema import InputSchema, SchemaFault
from gateway.mapping.segments import TEXTS, TIMES
from gateway.mapping.shape import ANY, Shape, of_schema
from gateway.mapping.source import Source, read
from gateway.mapping.strings import Closure
from gateway.mapping.template import compile_template

MAPPING, SCHEMA = "mapping.yaml", "input.schema.json"
FHIR_RELEASE = "4.0.1"

# What every mapping may ask of the session it is applied to, as %session.
SESSION: Shape = of_schema({"properties": {"id": {}, "start": {}, "end": {}, "language": {}}})

_KEYS = {
    "name",
    "version",
    "title",
    "fhir",
    "inputs",
    "requires",
    "template",
    "transcript",
    "ignored",
    "checks",
    "rows",
    "again",
    "patients",
}
_NEEDED = ("name", "version", "title", "fhir", "inputs", "template")
_VERSION = re.compile(r"\d+\.\d+\.\d+")


def load_mapping(folder: Path) -> Mapping:
    """Raises MappingFault for the first thing that is wrong."""
    source = read(folder / MAPPING)
    data = _checked(source, folder.name)
    schema, schema_bytes = _schema(folder)
    inputs = _inputs(source, schema)
    scope = Scope(schema.shape, {"context": schema.shape, "session": SESSION})
    template, pieces = compile_pieces(source, folder, scope)
    return Mapping(
        name=data["name"],
        version=data["version"],
        title=data["title"],
        fhir=data["fhir"],
        digest=sha256(b"\0".join([(folder / MAPPING).read_bytes(), schema_bytes, *pieces])).hexdigest(),
        inputs=inputs,
        requires_any=data.get("requires") == "any",
        skips_rows=data.get("rows") == "skip",
        replaces=data.get("again") == "replaces",
        patients=_patients(source, scope),
        schema=schema,
        ignored=tuple(_ignored(source, schema.shape)),
        checks=checks_of(source, schema.shape),
        template=template,
        transcript=_transcript(source, scope),
    )


def _checked(source: Source, folder: str) -> dict[str, Any]:
    data = source.data
    if not isinstance(data, dict):
        raise source.fault((), "the file must be an object")
    for key in data:
        if key not in _KEYS:
            raise source.fault((key,), "this key is not known")
    for key in _NEEDED:
        if not data.get(key):
            raise source.fault((key,), "this key is missing")
    for key in ("name", "version", "title", "fhir"):
        if not isinstance(data[key], str):
            raise source.fault((key,), "this must be text; put a number in quotes")
    if data["name"] != folder:
        raise source.fault(("name",), "the name must be that of the folder")
    if not _VERSION.fullmatch(data["version"]):
        raise source.fault(("version",), "the version must look like 1.0.0")
    if data["fhir"] != FHIR_RELEASE:
        raise source.fault(("fhir",), f"the FHIR release must be {FHIR_RELEASE}")
    if data.get("requires", "any") != "any":
        raise source.fault(("requires",), "requires can only be: any")
    if data.get("rows", "strict") not in ("strict", "skip"):
        raise source.fault(("rows",), "rows can only be: strict or skip")
    if data.get("again", "adds") not in ("adds", "replaces"):
        raise source.fault(("again",), "again can only be: adds or replaces")
    for key in ("template", "transcript"):
        if not isinstance(data.get(key, []), list):
            raise source.fault((key,), "a template must be a list")
    return data


def _schema(folder: Path) -> tuple[InputSchema, bytes]:
    file = f"{folder.name}/{SCHEMA}"
    try:
        content = (folder / SCHEMA).read_bytes()
        return InputSchema(json.parse(content)), content
    except (OSError, json.JsonFault, SchemaFault) as error:
        reason = "the file cannot be read" if isinstance(error, OSError) else str(error)
        raise MappingFault(file, 0, "", reason) from error


def _inputs(source: Source, schema: InputSchema) -> tuple[Input, ...]:
    block, found = source.data["inputs"], []
    if not isinstance(block, dict):
        raise source.fault(("inputs",), "inputs must be an object of named parts")
    for name, part in block.items():
        place: Place = ("inputs", name)
        if schema.shape.step(name) is None:
            raise source.fault(place, "the input schema has no such part")
        if not isinstance(part, dict) or part.keys() - {"title", "media", "required"} or not part.get("title"):
            raise source.fault(place, "a part has a title, a media type, and whether it is required")
        media = part.get("media", JSON)
        if media not in MEDIA:
            raise source.fault((*place, "media"), f"the media type is one of: {', '.join(MEDIA)}")
        found.append(Input(name, str(part["title"]), media, part.get("required") is True))
    return tuple(found)


def _patients(source: Source, scope: Scope) -> Expression | None:
    text = source.data.get("patients")
    try:
        return None if text is None else compile_expression(str(text), scope)
    except ExpressionFault as fault:
        raise source.fault(("patients",), str(fault)) from fault


def _transcript(source: Source, scope: Scope) -> Closure | None:
    template = source.data.get("transcript")
    if template is None:
        return None
    _check_segment_keys(source, template, ("transcript",))
    return compile_template(source, ("transcript",), template, scope, makes_resources=False)


def _check_segment_keys(source: Source, node: Any, place: Place) -> None:
    """A misspelt key of a segment would lose its value without a word."""
    if isinstance(node, list):
        for index, item in enumerate(node):
            _check_segment_keys(source, item, (*place, index))
    elif isinstance(node, Members):
        for key, item in node.items():
            if "{" in key:
                _check_segment_keys(source, item, (*place, key)) if "assign" not in key else None
            elif key not in (*TEXTS, *TIMES):
                raise source.fault((*place, key), f"a segment has only {', '.join((*TEXTS, *TIMES))}")


def _ignored(source: Source, shape: Shape) -> list[Ignored]:
    found = []
    for index, entry in enumerate(source.data.get("ignored") or []):
        place: Place = ("ignored", index)
        if not isinstance(entry, dict) or entry.keys() != {"path", "reason"} or not all(entry.values()):
            raise source.fault(place, "an ignored entry has a path and a reason")
        steps = steps_of(str(entry["path"]))
        reached = shape.along(steps) if steps else None
        if reached is None or reached is ANY:
            raise source.fault((*place, "path"), "the input schema has no such path")
        found.append(Ignored(tuple(steps), str(entry["reason"])))
    return found
