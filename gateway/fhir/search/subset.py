"""Parts of a resource: `_elements` and `_summary`. https://hl7.org/fhir/R4/search.html#summary

`_elements` names elements of the top level, which stay or go as a whole. `_summary=true` keeps, at every depth, what R4
counts to the summary. What is mandatory stays, and so does what changes the meaning of the rest.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from gateway.fhir.json import dump, parse
from gateway.fhir.labels import SUBSETTED
from gateway.fhir.search.controls import Controls
from gateway.fhir.tables import Child, node

_ALWAYS = frozenset({"resourceType", "id", "meta", "implicitRules", "modifierExtension"})
_SUBSETTED = dict(SUBSETTED)


def subset(text: bytes, controls: Controls) -> bytes:
    """The text as it is, or what the controls leave of it, tagged as a subset so that nobody stores it as the whole."""
    if controls.summary in (None, "false", "count") and not controls.elements:
        return text
    resource = parse(text)
    kept = _kept(resource, controls)
    meta = dict(kept.get("meta", {}))
    if _SUBSETTED not in meta.get("tag", ()):
        meta["tag"] = [*meta.get("tag", ()), _SUBSETTED]
    kept["meta"] = meta
    return dump(kept)


def _kept(resource: Mapping[str, Any], controls: Controls) -> dict[str, Any]:
    kind = resource["resourceType"]
    if controls.summary == "true":
        return _summarised(resource)
    if controls.summary == "data":
        return {name: value for name, value in resource.items() if name not in ("text", "_text")}
    wanted = {"text"} if controls.summary == "text" else set(controls.elements)
    return _chosen(resource, kind, wanted)


def _summarised(resource: Mapping[str, Any]) -> dict[str, Any]:
    always = {name: value for name, value in resource.items() if name in _ALWAYS}
    return always | _summary(resource, resource["resourceType"])


def _chosen(resource: Mapping[str, Any], kind: str, wanted: set[str]) -> dict[str, Any]:
    """Top-level elements, whole; a choice is wanted by its stem (`value`) or by its key (`valueString`)."""
    children, mandatory = node(kind).children, _mandatory(kind)
    kept = {}
    for key, value in resource.items():
        plain = key.removeprefix("_")
        name = children[plain].name if plain in children else plain
        if plain in _ALWAYS or name in mandatory or wanted & {plain, name, f"{name}[x]"}:
            kept[key] = value
    return kept


def _summary(value: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Of an element, the children that are in the summary or mandatory, cut likewise."""
    found, children, mandatory = node(place), _summaries().get(place, frozenset()), _mandatory(place)
    kept = {}
    for key, held in value.items():
        child = found.children.get(key.removeprefix("_"))
        if child is None or child.name not in children | mandatory:
            continue
        cut = held if key.startswith("_") else _cut(held, child)
        if cut or held is cut or child.name in mandatory:
            kept[key] = cut or held
    return kept


def _cut(held: Any, child: Child) -> Any:
    if isinstance(held, list):
        return [cut for each in held if (cut := _cut(each, child)) not in ({}, [])]
    if not isinstance(held, dict):
        return held
    if child.type == "Resource":
        return _summarised(held)
    return _summary(held, child.node) if child.node else held


@cache
def _mandatory(place: str) -> frozenset[str]:
    return frozenset(name for name, _ in node(place).required)


@cache
def _summaries() -> Mapping[str, frozenset[str]]:
    table = json.loads((files("gateway.fhir") / "definitions" / "summary.json").read_text())
    return {place: frozenset(names) for place, names in table.items()}
