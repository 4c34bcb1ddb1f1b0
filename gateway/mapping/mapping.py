"""A loaded mapping: what turns one producer's payload into FHIR drafts, statements and a transcript."""

from __future__ import annotations

from collections.abc import Mapping as Members
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gateway.errors import Issue
from gateway.mapping.coverage import Ignored, coverage
from gateway.mapping.faults import MappingRefusal
from gateway.mapping.model import Input, Mapped, Statement
from gateway.mapping.places import Place, spell
from gateway.mapping.schema import InputSchema
from gateway.mapping.segments import segments
from gateway.mapping.strings import Closure
from gateway.mapping.values import ABSENT, Marked


@dataclass(frozen=True, slots=True)
class Mapping:
    """Immutable and safe to share between threads. `digest` is the SHA-256 of the files it was loaded from."""

    name: str
    version: str
    title: str
    fhir: str
    digest: str
    inputs: tuple[Input, ...]
    requires_any: bool
    schema: InputSchema
    ignored: tuple[Ignored, ...]
    template: Closure
    transcript: Closure | None

    def apply(self, inputs: Members[str, Any], session: Members[str, Any]) -> Mapped:
        """Resources, statements and transcript of one payload. Raises MappingRefusal with every fault of its shape."""
        self.check(inputs)
        return self._filled(inputs, session)

    def trace(self, inputs: Members[str, Any], session: Members[str, Any]) -> Mapped:
        """As `apply`, and what became of every value; far slower, for analysts."""
        mapped = self.apply(inputs, session)
        found = coverage(inputs, lambda others: self._comparable(others, session), self.ignored)
        return Mapped(mapped.resources, mapped.statements, mapped.transcript, found)

    def check(self, inputs: Members[str, Any]) -> None:
        """Raises MappingRefusal."""
        if issues := [*self._part_faults(inputs), *self.schema.faults(inputs)]:
            raise MappingRefusal(issues)

    def _part_faults(self, inputs: Members[str, Any]) -> list[Issue]:
        names = {part.name for part in self.inputs}
        missing = [part.name for part in self.inputs if part.required and part.name not in inputs]
        issues = [Issue(f"The part {name} is missing.", expression=name, code="required") for name in missing]
        if inputs.keys() - names:
            issues.append(Issue(f"Only these parts are known: {', '.join(sorted(names))}.", code="not-supported"))
        if self.requires_any and not inputs.keys() & names:
            issues.append(Issue(f"At least one of these parts is needed: {', '.join(sorted(names))}.", code="required"))
        return issues

    def _filled(self, inputs: Members[str, Any], session: Members[str, Any]) -> Mapped:
        root = dict(inputs)
        variables = {"context": root, "session": dict(session)}
        made, statements = _items(self.template(root, variables)), list[Statement]()
        resources = [_unmarked(item, number, (), statements) for number, item in enumerate(made)]
        spoken = _items(self.transcript(root, variables)) if self.transcript else []
        return Mapped(resources, statements, segments(spoken))

    def _comparable(self, inputs: Members[str, Any], session: Members[str, Any]) -> Any:
        mapped = self._filled(inputs, session)
        statements = [(entry.resource, entry.path, entry.segments) for entry in mapped.statements]
        spoken = [(entry.id, entry.text, entry.speaker, entry.start, entry.end) for entry in mapped.transcript]
        return mapped.resources, statements, spoken


def _items(value: Any) -> Sequence[Any]:
    return [] if value is ABSENT else value  # a template is a list, and so is what it gives


def _unmarked(value: Any, resource: int, place: Place, statements: list[Statement]) -> Any:
    """The value as plain objects, with its marks entered as statements under their final paths."""
    if isinstance(value, dict):
        if isinstance(value, Marked):
            statements.append(Statement(resource, spell(place), value.segments))
        return {key: _unmarked(item, resource, (*place, key), statements) for key, item in value.items()}
    if isinstance(value, list):
        return [_unmarked(item, resource, (*place, index), statements) for index, item in enumerate(value)]
    return value
