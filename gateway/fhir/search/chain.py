"""Conditions on other resources: chains, `_has` and `_list`. https://hl7.org/fhir/R4/search.html#chaining

Every hop goes from a resource to others of one type along a literal reference, forward or backward. How far and how
wide that goes is bounded, for each hop is a join.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from gateway.fhir.references import ID
from gateway.fhir.search.criteria import Criterion, Unknown, criterion, names_target
from gateway.fhir.search.table import TYPES, Parameter, TypeTable
from gateway.fhir.search.values import split

MAX_HOPS = 4
MAX_HAS = 3
MAX_WAYS = 32  # how many branches the untyped references of one chain may open, multiplied
_HAS = "_has:"


class TooCostly(ValueError):
    """A condition that would reach too far or too wide."""


@dataclass(frozen=True, slots=True)
class Branch:
    """At the far end of a hop: a resource of this type that meets the condition."""

    type: str
    condition: Condition


@dataclass(frozen=True, slots=True)
class Link:
    """One hop by `parameter`, which belongs to the near end, or under `reverse` to the far end: some resource there
    must meet one of the branches."""

    parameter: Parameter
    reverse: bool
    branches: tuple[Branch, ...]

    def reached(self) -> Iterator[str]:
        """Every type that the condition asks about."""
        for branch in self.branches:
            yield branch.type
            if isinstance(branch.condition, Link):
                yield from branch.condition.reached()


Condition = Criterion | Link


def is_link(name: str) -> bool:
    return name == "_list" or name.startswith(_HAS) or "." in name


def link(table: TypeTable, name: str, text: str, base: str) -> Link:
    """A chain (`subject:Patient.name=…`), `_has:Observation:patient:code=…`, or `_list=…`, which is short for
    `_has:List:item:_id=…`. Raises Unknown, TooCostly, ValueError."""
    if table.name == "AuditEvent":
        raise Unknown("The log is searched by its own parameters only.")
    if name == "_list":
        return _list(text)
    if name.count(_HAS) > MAX_HAS:
        raise TooCostly(f"_has is nested at most {MAX_HAS} deep.")
    return _link(table, name, _Rest(text, base))


class _Rest(NamedTuple):
    """What all hops of a link share, and how far and wide it has gone."""

    text: str
    base: str
    hops: int = 1
    ways: int = 1

    def further(self, ways: int = 1) -> _Rest:
        """One hop on. Raises TooCostly."""
        if self.hops == MAX_HOPS + 1:
            raise TooCostly(f"A chain has at most {MAX_HOPS} hops.")
        if self.ways * ways > MAX_WAYS:
            raise TooCostly("The chain leads to too many types; name the type after each reference.")
        return self._replace(hops=self.hops + 1, ways=self.ways * ways)


def _link(table: TypeTable, name: str, rest: _Rest) -> Link:
    return _has(name, rest) if name.startswith(_HAS) else _chain(table, name, rest)


def _branch(type: str, name: str, rest: _Rest) -> Branch:
    table = _far(type)
    if is_link(name):
        return Branch(type, _link(table, name, rest))
    return Branch(type, criterion(table, name, rest.text, rest.base))


def _has(name: str, rest: _Rest) -> Link:
    _, source, code, further = (*name.split(":", 3), "", "", "")[:4]
    if not further:
        raise ValueError("_has is written _has:Type:reference:parameter.")
    return Link(_reference(_far(source), code), True, (_branch(source, further, rest.further()),))


def _chain(table: TypeTable, name: str, rest: _Rest) -> Link:
    head, _, further = name.partition(".")
    code, _, type = head.partition(":")
    parameter = _reference(table, code)
    if type:
        if not names_target(parameter, type):
            raise Unknown("The reference does not go to that type.")
        return Link(parameter, False, (_branch(type, further, rest.further()),))
    if parameter.targets is None:
        raise Unknown("The reference goes to any type; name one, as in reference:Type.parameter.")
    return Link(parameter, False, tuple(_branches(sorted(parameter.targets & TYPES.keys()), further, rest)))


def _branches(types: list[str], name: str, rest: _Rest) -> list[Branch]:
    """Those types that know the rest. Raises what one of them raised when none does, and TooCostly."""
    found: list[Branch] = []
    fault: ValueError = Unknown("The parameter is not supported for any type of the reference.")
    rest = rest.further(len(types))
    for type in types:
        try:
            found.append(_branch(type, name, rest))
        except TooCostly:
            raise
        except Unknown:
            continue
        except ValueError as raised:
            fault = raised
    if not found:
        raise fault
    return found


def _list(text: str) -> Link:
    ids = [part.removeprefix("List/") for part in split(text, ",")]
    if not all(ID.match(id) for id in ids):
        raise ValueError("_list takes ids of Lists.")
    item = _reference(_far("List"), "item")
    return Link(item, True, (Branch("List", criterion(_far("List"), "_id", ",".join(ids), "")),))


def _far(type: str) -> TypeTable:
    table = TYPES.get(type)
    if table is None or "search-type" not in table.interactions or type == "AuditEvent":
        raise Unknown("The type cannot be searched by way of another.")
    return table


def _reference(table: TypeTable, code: str) -> Parameter:
    parameter = table.parameters.get(code)
    if parameter is None or parameter.kind != "reference":
        raise Unknown("The type has no such reference parameter.")
    return parameter
