"""A loaded mapping: what turns one producer's payload into FHIR drafts, statements and a transcript."""

from __future__ import annotations

from collections.abc import Mapping as Members
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from gateway.errors import Issue
from gateway.mapping.checks import Check
from gateway.mapping.coverage import Ignored, coverage
from gateway.mapping.expression import Expression
from gateway.mapping.faults import MappingRefusal
from gateway.mapping.marks import LocalReference, Marked, names_of, resolved
from gateway.mapping.model import Head, Input, Mapped, Statement
from gateway.mapping.places import Place, spell
from gateway.mapping.reading import DEPTH, Received, by_line, read_parts, row_of
from gateway.mapping.rows import Rows
from gateway.mapping.schema import MOST_ISSUES, InputSchema
from gateway.mapping.segments import segments
from gateway.mapping.strings import Closure, evaluated
from gateway.mapping.values import ABSENT


@dataclass(frozen=True, slots=True)
class Mapping:
    """Immutable and safe to share between threads. `digest` is the SHA-256 of the files it was loaded from;
    `skips_rows` tells whether rows that cannot be read are left out, or the whole payload is refused for them;
    `replaces` whether a later payload of the same session takes the place of what came of the earlier one; `patients`
    finds whom a payload says it is about, where it says so."""

    name: str
    version: str
    title: str
    fhir: str
    digest: str
    inputs: tuple[Input, ...]
    requires_any: bool
    skips_rows: bool
    replaces: bool
    patients: Expression | None
    schema: InputSchema
    ignored: tuple[Ignored, ...]
    checks: tuple[Check, ...]
    template: Closure
    transcript: Closure | None

    def read(self, parts: Members[str, bytes], max_depth: int = DEPTH) -> Received:
        """The parts as plain values, each as its media type says, without the rows the mapping may leave out.

        Raises MappingRefusal for parts that are not what they should be, and for rows where none may be left out, none
        remains or very many are bad.
        """
        inputs, rows = read_parts(self.inputs, parts, max_depth)
        faults = [fault for part in rows.values() for fault in part.faults]
        is_hopeless = any(part.is_hopeless for part in rows.values())
        for find in (self.schema.faults, self._check_faults) if rows and not is_hopeless else ():
            found = [(issue, row_of(issue, rows)) for issue in find(inputs)]
            faults += [by_line(issue, rows) for issue, row in found if row]
            if rest := [issue for issue, row in found if not row]:
                raise MappingRefusal([*faults, *rest][:MOST_ISSUES])
            _leave_out(rows, {row for _, row in found if row})
        if faults and not (
            self.skips_rows and len(faults) < MOST_ISSUES and all(part.values for part in rows.values())
        ):
            raise MappingRefusal(faults[:MOST_ISSUES])
        return Received(inputs, faults)

    def apply(self, inputs: Members[str, Any], session: Members[str, Any]) -> Mapped:
        """Resources, statements and transcript of one payload. Raises MappingRefusal with every fault of its shape."""
        self.check(inputs)
        return self._filled(inputs, session)

    def trace(self, inputs: Members[str, Any], session: Members[str, Any]) -> Mapped:
        """As `apply`, and what became of every value; far slower, for analysts."""
        mapped = self.apply(inputs, session)
        found = coverage(inputs, lambda others: self._comparable(others, session), self.ignored)
        return replace(mapped, coverage=found)

    def number_of_patients(self, inputs: Members[str, Any]) -> int | None:
        """How many the payload says it is about; None where its format does not say."""
        root = dict(inputs)
        return len(evaluated(self.patients, root, {"context": root}, "patients")) if self.patients else None

    def check(self, inputs: Members[str, Any]) -> None:
        """Raises MappingRefusal."""
        if issues := [*self._part_faults(inputs), *self.schema.faults(inputs)]:
            raise MappingRefusal(issues)
        if issues := self._check_faults(inputs):
            raise MappingRefusal(issues)

    def _check_faults(self, inputs: Members[str, Any]) -> list[Issue]:
        return list(islice((issue for check in self.checks for issue in check.faults(inputs)), MOST_ISSUES))

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
        made = _items(self.template(root, variables))
        plain = _Unmarked(names_of(made))
        resources = [plain.of(item, number, ()) for number, item in enumerate(made)]
        spoken = _items(self.transcript(root, variables)) if self.transcript else []
        return Mapped(resources, [_head(item) for item in made], plain.statements, segments(spoken), inputs=root)

    def _comparable(self, inputs: Members[str, Any], session: Members[str, Any]) -> Any:
        mapped = self._filled(inputs, session)
        heads = [(head.name, head.by, head.of) for head in mapped.heads]
        statements = [(entry.resource, entry.path, entry.segments, entry.by) for entry in mapped.statements]
        spoken = [(entry.id, entry.text, entry.speaker, entry.start, entry.end) for entry in mapped.transcript]
        return mapped.resources, heads, statements, spoken


def _leave_out(rows: Members[str, Rows], bad: set[tuple[str, int]]) -> None:
    for name, number in sorted(bad, reverse=True):
        del rows[name].values[number], rows[name].lines[number]


def _items(value: Any) -> Sequence[Any]:
    return [] if value is ABSENT else value  # a template is a list, and so is what it gives


def _head(value: Any) -> Head:
    if not isinstance(value, Marked):
        return Head()
    mark = value.mark
    return Head(mark.name, mark.by or "machine", mark.of, mark.source)


class _Unmarked:
    """Values as plain objects, with their marks entered as statements under their final paths."""

    def __init__(self, names: frozenset[str]) -> None:
        self.names, self.statements = names, list[Statement]()

    def of(self, value: Any, resource: int, place: Place) -> Any:
        if isinstance(value, dict):
            if isinstance(value, Marked) and value.mark.segments is not None:
                mark, by = value.mark, value.mark.by or "machine"
                self.statements.append(Statement(resource, spell(place), mark.segments or (), by))
            return {key: self.of(item, resource, (*place, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self.of(item, resource, (*place, index)) for index, item in enumerate(value)]
        return resolved(value, self.names) if isinstance(value, LocalReference) else value
