"""The codes of a value set, where they can be listed from the definitions at hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

# By code system (an empty string where a required `code` names none).
Codes = dict[str, set[str]]
# A value set or code system by its url.
Find = Callable[[str], Mapping[str, Any] | None]


class CannotList(ValueError):
    """The value set needs a filter, a system or a value set that is not at hand, or is not complete."""


def codes_of(url: str, find: Find, *, within: frozenset[str] = frozenset()) -> Codes:
    """All codes of the value set `url` by system. Raises CannotList. `within` guards against value sets in a circle."""
    canonical = url.split("|")[0]
    value_set = find(canonical)
    if value_set is None or canonical in within or value_set.get("resourceType") != "ValueSet":
        raise CannotList(canonical)
    compose = value_set.get("compose")
    if not compose:
        return _expanded(value_set)
    codes: Codes = {}
    for include in compose.get("include", ()):
        for system, listed in _included(include, find, within | {canonical}).items():
            codes.setdefault(system, set()).update(listed)
    for exclude in compose.get("exclude", ()):
        for system, listed in _included(exclude, find, within | {canonical}).items():
            codes.get(system, set()).difference_update(listed)
    return codes


def _expanded(value_set: Mapping[str, Any]) -> Codes:
    expansion = value_set.get("expansion", {})
    if "contains" not in expansion or expansion.get("total", 0) > len(expansion["contains"]):
        raise CannotList(value_set.get("url", ""))
    codes: Codes = {}
    for concept in _nested(expansion["contains"], "contains"):
        if "code" in concept:
            codes.setdefault(concept.get("system", ""), set()).add(concept["code"])
    return codes


def _included(include: Mapping[str, Any], find: Find, within: frozenset[str]) -> Codes:
    parts = [codes_of(url, find, within=within) for url in include.get("valueSet", ())]
    if "system" in include:
        parts.append({include["system"]: _of_system(include, find)})
    if not parts:
        raise CannotList("an include without a system")
    shared = parts[0]
    for part in parts[1:]:  # what stands together in one include must hold together
        shared = {system: codes & part[system] for system, codes in shared.items() if system in part}
    return shared


def _of_system(include: Mapping[str, Any], find: Find) -> set[str]:
    if include.get("filter"):
        raise CannotList("a filter")
    if "concept" in include:
        return {concept["code"] for concept in include["concept"]}
    system = find(include["system"]) or {}
    if system.get("resourceType") != "CodeSystem" or system.get("content") != "complete":
        raise CannotList(include["system"])
    return {concept["code"] for concept in _nested(system.get("concept", ()), "concept")}


def _nested(concepts: Iterable[Mapping[str, Any]], name: str) -> Iterable[Mapping[str, Any]]:
    for concept in concepts:
        yield concept
        yield from _nested(concept.get(name, ()), name)
