"""The Composition of a session: an outline as the mapping made it, filled with the statements of a revision.

The outline is the machine's: its sections and order. Each statement stands at an element of its own, whose id is its
address for Provenance; sections get ids too, so that a clinician can say where a new statement belongs.
https://hl7.org/fhir/R4/composition.html
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.rules.entries import Mark
from gateway.rules.evidence import Origin, Statement
from gateway.rules.labelling import is_mixed, label_part
from gateway.rules.narrative import text_of, written

_STEP = re.compile(r"section\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Outline:
    """The Composition as it came, with element ids; its statements in document order; whose words the whole is."""

    composition: dict[str, Any]
    statements: tuple[Statement, ...]
    origin: Origin = Origin.MACHINE

    @property
    def sections(self) -> dict[str, str]:
        """The title of every section that can hold statements, by element id, in document order."""
        leaves = {statement.id for statement in self.statements}
        own = {"": str(self.composition.get("title", ""))} if any(not s.section for s in self.statements) else {}
        titles = {node.get("id", ""): str(node.get("title", "")) for _, node in walk(self.composition)}
        return own | {id: title for id, title in titles.items() if id and id not in leaves}


def outline(composition: Mapping[str, Any], marks: Iterable[Mark], origin: Origin = Origin.MACHINE) -> Outline:
    """Give every section an element id: `s…` where a mark says a statement stands, else `c…`."""
    made = copy.deepcopy(dict(composition))
    marked = {id(_at(made, mark.path)): mark for mark in marks}
    statements: list[Statement] = []
    _number(made, "", marked, statements, iter(range(1, 100_000)))
    return Outline(made, tuple(statements), origin)


def _at(composition: dict[str, Any], path: str) -> dict[str, Any]:
    node = composition
    for step in path.split("."):
        match = _STEP.fullmatch(step)
        if match is None:
            raise ValueError(f"a statement stands at a section, not at {path}")
        node = node["section"][int(match[1])]
    return node


def _number(
    node: dict[str, Any],
    place: str,
    marked: Mapping[int, Mark],
    found: list[Statement],
    numbers: Iterator[int],
) -> None:
    for child in node.get("section", ()):
        if mark := marked.get(id(child)):
            _name(child, f"s{len(found) + 1}")
            text = text_of(child.get("text", {}).get("div", ""))
            evidence = tuple(dict.fromkeys(mark.segments))
            found.append(Statement(child["id"], place, text, mark.origin, evidence))
        else:
            _name(child, f"c{next(numbers)}")
            _number(child, child["id"], marked, found, numbers)


def _name(node: dict[str, Any], id: str) -> None:
    """Put the element id first, where FHIR has it."""
    members = dict(node)
    node.clear()
    node.update({"id": id} | members)


def walk(composition: Mapping[str, Any], depth: int = 1) -> Iterator[tuple[int, dict[str, Any]]]:
    """Every section, depth first, with its depth."""
    for node in composition.get("section", ()):
        yield depth, node
        yield from walk(node, depth + 1)


def fill(outline: Outline, statements: Sequence[Statement]) -> dict[str, Any]:
    """The outline's Composition with these statements in the place of the machine's; sections left empty go."""
    slots = {node.get("id"): node for _, node in walk(outline.composition)}
    machine = frozenset(statement.id for statement in outline.statements)
    mixed = is_mixed(outline.origin, (statement.origin for statement in statements))
    waiting: dict[str, list[dict[str, Any]]] = {}
    for statement in statements:
        node = _node(slots.get(statement.id), statement)
        waiting.setdefault(statement.section, []).append(label_part(node, statement.origin) if mixed else node)
    return _filled(outline.composition, "", waiting, machine)


def _node(machine: Mapping[str, Any] | None, statement: Statement) -> dict[str, Any]:
    if machine is not None and statement.by is None:
        return copy.deepcopy(dict(machine))
    return dict(machine or {"id": statement.id}) | {"text": written(statement.text)}


def _filled(
    node: Mapping[str, Any], place: str, waiting: Mapping[str, list[dict[str, Any]]], machine: frozenset[str]
) -> dict[str, Any]:
    queue = list(waiting.get(place, ()))
    children: list[dict[str, Any]] = []
    for child in node.get("section", ()):
        if child["id"] in machine:
            children.extend(queue[:1])
            del queue[:1]
            continue
        filled = _filled(child, child["id"], waiting, machine)
        if any(part in filled for part in ("text", "entry", "section", "emptyReason")):
            children.append(filled)
    rest = {key: copy.deepcopy(value) for key, value in node.items() if key != "section"}
    if queue and "emptyReason" in rest:  # no longer empty: the words that said so go with the reason
        rest = {key: value for key, value in rest.items() if key not in ("emptyReason", "text")}
    return rest | ({"section": children + queue} if children or queue else {})
