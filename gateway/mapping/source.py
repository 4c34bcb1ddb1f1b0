"""Reading a mapping file: YAML as plain data, with the line of every key, and nothing clever.

Refused: anchors and aliases, tags, duplicate keys, keys that are no text. Only `true`, `false`, `null` and plain
numbers are anything else than text, so that `on`, `no` or a date stay what the analyst wrote.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from gateway.mapping.faults import MappingFault
from gateway.mapping.places import Place, spell

_WORDS = {"": None, "null": None, "~": None, "true": True, "false": False}
_TAGS = {"map", "seq", "str", "int", "float", "bool", "null", "timestamp"}  # what YAML 1.1 resolves by itself
_INTEGER = re.compile(r"-?(0|[1-9]\d*)")
_DECIMAL = re.compile(r"-?(0|[1-9]\d*)\.\d+")


@dataclass(frozen=True, slots=True)
class Source:
    """A file's data and where each key of it stands."""

    file: str
    data: Any
    lines: dict[Place, int]

    def fault(self, place: Place, reason: str) -> MappingFault:
        """A fault at `place`, or the nearest key around it whose line is known."""
        near = place
        while near not in self.lines and near:
            near = near[:-1]
        return MappingFault(self.file, self.lines.get(near, 0), spell(place), reason)


def read(path: Path) -> Source:
    """Raises MappingFault when the file is not readable as plain YAML."""
    file = f"{path.parent.name}/{path.name}"
    try:
        node = yaml.compose(path.read_text("utf-8"), Loader=yaml.SafeLoader)
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or "not readable as UTF-8 text"
        raise MappingFault(file, mark.line + 1 if mark else 0, "", f"not YAML: {reason}") from error
    reader = _Reader(file)
    data = reader.value(node, ()) if node is not None else None
    return Source(file, data, reader.lines)


class _Reader:
    def __init__(self, file: str) -> None:
        self.file, self.lines = file, dict[Place, int]()
        self.seen: set[int] = set()

    def value(self, node: yaml.Node, place: Place) -> Any:
        self.lines.setdefault(place, node.start_mark.line + 1)
        if id(node) in self.seen:
            raise self.fault(node, place, "anchors and aliases are not used in mappings")
        self.seen.add(id(node))
        if node.tag.removeprefix("tag:yaml.org,2002:") not in _TAGS:
            raise self.fault(node, place, "tags are not used in mappings")
        if isinstance(node, yaml.MappingNode):
            return self.object(node, place)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*place, index)) for index, item in enumerate(node.value)]
        return self.scalar(node, place)

    def object(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value
            if not isinstance(key, str):
                raise self.fault(key_node, place, "a key must be text")
            if key in result:
                raise self.fault(key_node, (*place, key), "the key is there twice")
            self.lines[*place, key] = key_node.start_mark.line + 1
            result[key] = self.value(value_node, (*place, key))
        return result

    def scalar(self, node: yaml.Node, place: Place) -> Any:
        text: str = node.value
        if getattr(node, "style", None) is not None:
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            return int(text)
        return Decimal(text) if _DECIMAL.fullmatch(text) else text

    def fault(self, node: yaml.Node, place: Place, reason: str) -> MappingFault:
        return MappingFault(self.file, node.start_mark.line + 1, spell(place), reason)
