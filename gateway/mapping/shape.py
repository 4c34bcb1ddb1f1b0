"""What an expression may reach: the input schema, walked as FHIRPath walks data (arrays are entered by themselves)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]
_ALTERNATIVES = ("allOf", "anyOf", "oneOf")
_BRANCHES = ("if", "then", "else", "items")


@dataclass(frozen=True, slots=True)
class Shape:
    """The subschemas a value may follow. `document` holds what their `$ref` point to."""

    document: Schema
    schemas: tuple[Schema, ...]
    known: bool = True

    def step(self, name: str) -> Shape | None:
        """The shape of a member, or None where the schema has no such member."""
        if not self.known:
            return self
        found = tuple(schema["properties"][name] for schema in self._objects() if name in schema.get("properties", {}))
        return Shape(self.document, found) if found else None

    def along(self, steps: Iterable[str | None]) -> Shape | None:
        """The shape at the end of several steps, None among them standing for the items of a list."""
        reached: Shape | None = self
        for step in steps:
            reached = reached.step(step) if step is not None and reached is not None else reached
        return reached

    def _objects(self) -> Iterator[Schema]:
        """Every subschema that says something of the value itself, or of its items."""
        waiting, seen = list(self.schemas), set[int]()
        while waiting:
            schema = waiting.pop()
            if not isinstance(schema, Mapping) or id(schema) in seen:
                continue
            seen.add(id(schema))
            yield schema
            waiting += [schema[key] for key in _BRANCHES if key in schema]
            waiting += [part for key in _ALTERNATIVES for part in schema.get(key, ())]
            waiting += [self._target(schema["$ref"])] if "$ref" in schema else []

    def _target(self, reference: str) -> Schema:
        target: Any = self.document
        for step in reference.removeprefix("#").split("/")[1:]:
            target = target.get(step.replace("~1", "/").replace("~0", "~"), {}) if isinstance(target, Mapping) else {}
        return target if isinstance(target, Mapping) else {}


ANY = Shape({}, (), known=False)


def of_schema(schema: Schema) -> Shape:
    return Shape(schema, (schema,))


def of_data(value: Any) -> Shape:
    """The shape of a constant that a template writes down itself."""
    schema = _described(value)
    return Shape(schema, (schema,))


def _described(value: Any) -> Schema:
    if isinstance(value, Mapping):
        return {"properties": {name: _described(item) for name, item in value.items()}}
    if isinstance(value, list):
        return {"items": {"anyOf": [_described(item) for item in value]}}
    return {}
