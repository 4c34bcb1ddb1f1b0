"""FHIRPath Patch on a resource: https://hl7.org/fhir/R4/fhirpatch.html"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.errors import Issue, TooLarge, Unprocessable
from gateway.fhir import parameters
from gateway.fhir.patch import operations
from gateway.fhir.patch.building import make, put
from gateway.fhir.patch.documents import copy
from gateway.fhir.patch.elements import Element, options, pairs, write
from gateway.fhir.patch.fault import Fault
from gateway.fhir.patch.locate import Finder
from gateway.fhir.patch.operations import Operation
from gateway.fhir.patch.protected import WORDS, is_protected, keeps_identity
from gateway.fhir.path.syntax import Member

MAX_OPERATIONS = 1_000


@dataclass(frozen=True, slots=True)
class FhirPathPatch:
    """A patch as read, ready to be applied."""

    operations: tuple[Operation, ...]

    def apply(self, resource: Mapping[str, Any]) -> dict[str, Any]:
        """The resource with all operations carried out; the one given stays as it is.

        Raises Unprocessable naming the operation that fails.
        """
        after: dict[str, Any] = copy(resource)
        finder = Finder(Element(str(resource["resourceType"]), after))
        for operation in self.operations:
            try:
                _CARRY_OUT[operation.kind](finder, operation)
            except Fault as fault:
                place = fault.place or operation.place
                raise Unprocessable(issues=[Issue(fault.words, place, "processing")]) from None
        if not keeps_identity(resource, after):
            raise Unprocessable(issues=[Issue(WORDS, None, "business-rule")])
        return after


def read(resource: Any) -> FhirPathPatch:
    """The patch in a parsed Parameters resource. Raises BadRequest or Unprocessable with every fault and its place."""
    given = parameters.read(resource)
    if len(given) > MAX_OPERATIONS:
        raise TooLarge(f"A patch has at most {MAX_OPERATIONS} operations.")
    return FhirPathPatch(operations.read(given))


def _add(finder: Finder, operation: Operation) -> None:
    element, name = _one(finder, operation), operation.text("name")
    _refuse_protected((*element.place, name))
    made = make(element.owner, name, operation.parts["value"])
    members = _writable(finder, element)
    finder.spend(len(pairs(members, made.key)))
    put(members, made, operation.place)


def _insert(finder: Finder, operation: Operation) -> None:
    element, name = _list(finder, operation)
    made = make(element.owner, name, operation.parts["value"])
    items, place = pairs(element.members, made.key), operation.number("index")
    finder.spend(len(items))
    if place > len(items):
        raise Fault("The index is past the end of the list.")
    items.insert(place, (made.value, made.beside))
    write(_writable(finder, element), made.key, items, many=True)


def _delete(finder: Finder, operation: Operation) -> None:
    found = finder.find(operation.path)
    if len(found) > 1:
        raise Fault("The path leads to several elements; one at a time can be deleted.")
    for element in found:
        _refuse_protected(element.place)
        _remove(finder, element)


def _replace(finder: Finder, operation: Operation) -> None:
    element = _one(finder, operation)
    if element.parent is None:
        raise Fault("A patch changes elements of a resource, not the whole of it.")
    _refuse_protected(element.place)
    made = make(element.parent.owner, element.name, operation.parts["value"])
    members = element.parent.members
    if made.key == element.key:
        _set(finder, element, (made.value, made.beside))
        return
    members.pop(element.key, None)
    members.pop(f"_{element.key}", None)
    put(members, made, operation.place)


def _move(finder: Finder, operation: Operation) -> None:
    element, name = _list(finder, operation)
    source, destination = operation.number("source"), operation.number("destination")
    key = options(element.owner, name)[0][0]
    items = pairs(element.members, key)
    finder.spend(len(items))
    if max(source, destination) >= len(items):
        raise Fault("The list has no such index.")
    items.insert(destination, items.pop(source))
    write(element.members, key, items, many=True)


_CARRY_OUT = {"add": _add, "insert": _insert, "delete": _delete, "replace": _replace, "move": _move}


def _one(finder: Finder, operation: Operation) -> Element:
    found = finder.find(operation.path)
    if len(found) != 1:
        how_many = "several elements" if found else "nothing"
        raise Fault(f"The path leads to {how_many}; it must lead to one element.")
    return found[0]


def _list(finder: Finder, operation: Operation) -> tuple[Element, str]:
    """The one element whose list the path names, and the name of the list."""
    path = operation.path
    assert isinstance(path, Member)
    owners = [finder.root] if path.source is None else finder.find(path.source)
    if len(owners) != 1:
        how_many = "several lists" if owners else "nothing"
        raise Fault(f"The path leads to {how_many}; it must lead to one list.")
    known = options(owners[0].owner, path.name)
    if not any(child.many for _, child in known):
        raise Fault("The path does not lead to a list.")
    _refuse_protected((*owners[0].place, path.name))
    return owners[0], path.name


def _refuse_protected(place: tuple[str, ...]) -> None:
    if is_protected(place):
        raise Fault(WORDS)


def _set(finder: Finder, element: Element, pair: tuple[Any, Any]) -> None:
    """Put the pair where the element is; a pair of nothing takes it away."""
    assert element.parent is not None
    members = element.parent.members
    items = pairs(members, element.key)
    finder.spend(len(items))
    items[element.index : element.index + 1] = [] if pair == (None, None) else [pair]
    many = type(members.get(element.key, members.get(f"_{element.key}"))) is list
    write(members, element.key, items, many=many)


def _remove(finder: Finder, element: Element) -> None:
    """Take it away, and whatever is left empty by that: in FHIR nothing is empty."""
    if element.parent is None:
        raise Fault("A patch changes elements of a resource, not the whole of it.")
    _set(finder, element, (None, None))
    parent = element.parent
    if parent.members:
        return
    if parent.is_primitive and parent.value is not None:
        _set(finder, parent, (parent.value, None))
    else:
        _remove(finder, parent)


def _writable(finder: Finder, element: Element) -> dict[str, Any]:
    """The object that holds its children; for a primitive that has none yet, a new one beside it."""
    if element.is_primitive and element.beside is None:
        beside: dict[str, Any] = {}
        _set(finder, element, (element.value, beside))
        return beside
    return element.members
