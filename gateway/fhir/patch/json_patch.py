"""JSON Patch on a resource: https://www.rfc-editor.org/rfc/rfc6902, https://hl7.org/fhir/R4/http.html#patch"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.errors import BadRequest, Issue, TooLarge, Unprocessable
from gateway.fhir.patch import documents, pointers
from gateway.fhir.patch.documents import Misfit
from gateway.fhir.patch.pointers import Tokens
from gateway.fhir.patch.protected import WORDS, is_protected, keeps_identity

MAX_OPERATIONS = 1_000
MAX_WEIGHT = 16 * 1024 * 1024
"""How much one patch may put in, so that copies of copies end somewhere."""

_WITH_VALUE = ("add", "replace", "test")
_WITH_FROM = ("move", "copy")
_KINDS = ("remove", *_WITH_VALUE, *_WITH_FROM)


@dataclass(frozen=True, slots=True)
class Operation:
    """One step of a patch; `place` is where it stands in the patch."""

    kind: str
    path: Tokens
    place: str
    value: Any = None
    source: Tokens = ()


@dataclass(frozen=True, slots=True)
class JsonPatch:
    """A patch as read, ready to be applied."""

    operations: tuple[Operation, ...]

    def apply(self, resource: Mapping[str, Any]) -> dict[str, Any]:
        """The resource with all operations carried out; the one given stays as it is.

        Raises Unprocessable naming the operation that fails, TooLarge for copies without end.
        """
        work = _Work(resource)
        for operation in self.operations:
            try:
                work.carry_out(operation)
            except Misfit as misfit:
                raise Unprocessable(issues=[Issue(str(misfit), operation.place, "processing")]) from None
        after = work.result()
        if type(after) is not dict or not keeps_identity(resource, after):
            raise Unprocessable(issues=[Issue(WORDS, None, "business-rule")])
        return after


def read(document: Any) -> JsonPatch:
    """The patch in a parsed JSON document. Raises BadRequest with every operation that is none, and where.

    Raises Unprocessable for one that aims at what a patch must leave alone.
    """
    if type(document) is not list:
        raise BadRequest("A JSON Patch is an array of operations.")
    if len(document) > MAX_OPERATIONS:
        raise TooLarge(f"A patch has at most {MAX_OPERATIONS} operations.")
    faults: list[Issue] = []
    operations = tuple(_operation(given, f"[{number}]", faults) for number, given in enumerate(document))
    if faults:
        raise BadRequest(issues=faults)
    forbidden = [each.place for each in operations if _changes_protected(each)]
    if forbidden:
        raise Unprocessable(issues=[Issue(WORDS, f"{place}.path", "business-rule") for place in forbidden])
    return JsonPatch(operations)


def _operation(given: Any, place: str, faults: list[Issue]) -> Operation:
    members = given if type(given) is dict else {}
    kind, path = members.get("op"), pointers.read(members.get("path"))
    source = pointers.read(members.get("from")) if kind in _WITH_FROM else ()
    if kind not in _KINDS:
        faults.append(Issue(f"op must be one of {', '.join(_KINDS)}.", f"{place}.op", "value"))
    if path is None:
        faults.append(Issue("path must be a JSON Pointer.", f"{place}.path", "value"))
    if source is None:
        faults.append(Issue("from must be a JSON Pointer.", f"{place}.from", "value"))
    if kind in _WITH_VALUE and "value" not in members:
        faults.append(Issue("value is required.", f"{place}.value", "required"))
    return Operation(str(kind), path or (), place, members.get("value"), source or ())


def _changes_protected(operation: Operation) -> bool:
    changed = [] if operation.kind == "test" else [operation.path]
    changed += [operation.source] if operation.kind == "move" else []
    return any(map(is_protected, changed))


class _Work:
    """The document as it changes. It hangs under an empty name, so that the whole of it has a place like any other."""

    def __init__(self, resource: Mapping[str, Any]) -> None:
        self.holder: Any = {"": documents.copy(resource)}
        self.emptied: set[int] = set()
        self.containers: list[Any] = []
        self.weight = 0

    def result(self) -> Any:
        """The document, less what removals left empty."""
        left = self.holder.get("")
        return documents.pruned(left, self.emptied) if self.emptied else left

    def carry_out(self, operation: Operation) -> None:
        """Raises Misfit when the document is not as the operation supposes."""
        path = ("", *operation.path)
        if operation.kind == "test":
            if not documents.equal(documents.find(self.holder, path), operation.value):
                raise Misfit("The test failed: the value is another.")
        elif operation.kind == "remove":
            self._remove(path)
        elif operation.kind == "replace":
            documents.replace(self._container(path), path[-1], self._new(operation.value, path))
        else:
            self._add(operation, path)

    def _add(self, operation: Operation, path: Tokens) -> None:
        source = ("", *operation.source)
        if operation.kind == "add":
            value = operation.value
        elif operation.kind == "copy":
            value = documents.find(self.holder, source)
        elif path == source:
            documents.find(self.holder, source)
            return
        elif path[: len(source)] == source:
            raise Misfit("Nothing can be moved into itself.")
        else:
            value = self._remove(source)
        documents.add(self._container(path), path[-1], self._new(value, path))

    def _remove(self, path: Tokens) -> Any:
        container = self._container(path)
        taken = documents.remove(container, path[-1])
        self.emptied.add(id(container))
        self.containers.append(container)  # kept alive, so that no other gets its id
        return taken

    def _container(self, path: Tokens) -> Any:
        return documents.find(self.holder, path[:-1])

    def _new(self, value: Any, path: Tokens) -> Any:
        """A copy of its own: the same patch may be applied again. Raises TooLarge."""
        if len(path) + documents.depth(value) > documents.MAX_DEPTH:
            raise Misfit(f"The resource would be nested deeper than {documents.MAX_DEPTH} levels.")
        self.weight += documents.weight(value)
        if self.weight > MAX_WEIGHT:
            raise TooLarge("The patch puts in more than a resource may hold.")
        return documents.copy(value)
