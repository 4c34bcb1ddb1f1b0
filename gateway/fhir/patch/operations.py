"""The operations of a FHIRPath Patch, as its Parameters tell them. https://hl7.org/fhir/R4/fhirpatch.html"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gateway.errors import BadRequest, Issue
from gateway.fhir.parameters import Parameter
from gateway.fhir.path import PathError
from gateway.fhir.path.parser import parse
from gateway.fhir.path.syntax import Member, Node

KINDS: Mapping[str, tuple[str, ...]] = {
    "add": ("path", "name", "value"),
    "insert": ("path", "value", "index"),
    "delete": ("path",),
    "replace": ("path", "value"),
    "move": ("path", "source", "destination"),
}
"""The parts that each kind of operation has beside its type: these, and no others."""

_TEXTS = ("code", "string")
_WHOLE = ("integer", "unsignedInt", "positiveInt")


@dataclass(frozen=True, slots=True)
class Operation:
    """One step of a patch; `place` is where it stands in the Parameters."""

    kind: str
    place: str
    path: Node
    parts: Mapping[str, Parameter]

    def text(self, name: str) -> str:
        return str(self.parts[name].value)

    def number(self, name: str) -> int:
        return int(self.parts[name].value)


def read(parameters: Iterable[Parameter]) -> tuple[Operation, ...]:
    """All operations. Raises BadRequest with every fault and its place."""
    faults: list[Issue] = []
    operations = [_operation(parameter, faults) for parameter in parameters]
    if faults:
        raise BadRequest(issues=faults)
    return tuple(each for each in operations if each is not None)


def _operation(parameter: Parameter, faults: list[Issue]) -> Operation | None:
    before = len(faults)
    parts = {part.name: part for part in parameter.part}
    kind = parts["type"].value if "type" in parts else None
    if parameter.name != "operation" or type(kind) is not str or kind not in KINDS:
        words = f"An operation is expected, of the type {', '.join(KINDS)}."
        faults.append(Issue(words, parameter.place, "value"))
        return None
    expected = ("type", *KINDS[kind])
    if len(parts) != len(parameter.part) or parts.keys() != set(expected):
        words = f"An operation of the type {kind} has exactly the parts {', '.join(expected)}."
        faults.append(Issue(words, parameter.place, "required"))
        return None
    faults += [Issue(fault, part.place, "value") for part in parts.values() if (fault := _fault_of(part))]
    path = _path(parts["path"], faults) if len(faults) == before else None
    if path is not None and kind in ("insert", "move") and not isinstance(path, Member):
        faults.append(Issue("The path must end in the name of a list.", parts["path"].place, "value"))
    return None if path is None else Operation(kind, parameter.place, path, parts)


def _fault_of(part: Parameter) -> str | None:
    if part.name in ("type", "path", "name"):
        return None if part.type in _TEXTS and type(part.value) is str else "A string is expected."
    if part.name in ("index", "source", "destination"):
        is_place = part.type in _WHOLE and type(part.value) is int and part.value >= 0
        return None if is_place else "A whole number of 0 or more is expected."
    return None


def _path(part: Parameter, faults: list[Issue]) -> Node | None:
    try:
        return parse(part.value)
    except PathError as fault:
        faults.append(Issue(f"This is not FHIRPath (at character {fault.position}).", part.place, "value"))
    return None
