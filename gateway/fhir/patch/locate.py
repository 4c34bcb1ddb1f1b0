"""The elements that the path of a patch leads to: plain steps here, conditions by the FHIRPath engine.

https://hl7.org/fhir/R4/fhirpatch.html: a path must lead to elements of the resource itself, so only steps that pick
elements may stand in it; any expression may stand in a `where`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gateway.fhir import path as fhirpath
from gateway.fhir.invariants import element_type
from gateway.fhir.patch.elements import Element, children, options
from gateway.fhir.patch.fault import Fault
from gateway.fhir.path.compiler import Compiler
from gateway.fhir.path.environment import Environment
from gateway.fhir.path.parser import children as nodes_below
from gateway.fhir.path.syntax import Call, Index, Literal, Member, Node, Special, TypeTest
from gateway.fhir.path.types import declare
from gateway.fhir.path.values import Primitive, truth
from gateway.fhir.tables import is_a

MAX_STEPS = 1_000_000
"""How much the paths of one patch may do: about a second."""

_PICKS: dict[str, Callable[[list[Element]], list[Element]]] = {
    "first": lambda found: found[:1],
    "last": lambda found: found[-1:],
    "tail": lambda found: found[1:],
}


@dataclass(slots=True)
class Finder:
    """Finds elements of one resource. `steps` is how much work is left, for all its paths together."""

    root: Element
    steps: int = MAX_STEPS

    def spend(self, steps: int) -> None:
        """Count work done. Raises Fault when all is used up."""
        self.steps -= steps
        if self.steps < 0:
            raise Fault("The paths of this patch take too many steps on this resource.")

    def find(self, node: Node) -> list[Element]:
        """The elements that a step leads to, with all the steps before it. Raises Fault."""
        found = self._step(node)
        self.spend(1 + len(found))
        return found

    def _step(self, node: Node) -> list[Element]:
        if isinstance(node, Member):
            return self._member(node)
        if isinstance(node, Index):
            place = _literal(node.index, int)
            return self.find(node.source)[place : place + 1]
        if isinstance(node, TypeTest) and node.operator == "as":
            return _of_type(self.find(node.operand), node.type)
        if isinstance(node, Call) and node.source is not None:
            return self._call(node, self.find(node.source))
        raise Fault("The path may hold plain steps and where() only.")

    def _member(self, node: Member) -> list[Element]:
        if node.source is None and node.name == self.root.type:
            return [self.root]
        found = []
        for parent in [self.root] if node.source is None else self.find(node.source):
            if not options(parent.owner, node.name):
                raise Fault("The path names an element that is not there in R4.")
            found += list(children(parent, node.name))
        return found

    def _call(self, node: Call, found: list[Element]) -> list[Element]:
        name, count = node.name, len(node.arguments)
        if name in _PICKS and count == 0:
            return _PICKS[name](found)
        if name == "single" and count == 0:
            return _only(found)
        if name in ("skip", "take") and count == 1:
            place = _literal(node.arguments[0], int)
            return found[place:] if name == "skip" else found[:place]
        if name in ("ofType", "as") and count == 1:
            return _of_type(found, _literal(node.arguments[0], str))
        if name == "extension" and count == 1:
            url = _literal(node.arguments[0], str)
            extensions = [each for parent in found for each in children(parent, "extension")]
            return [each for each in extensions if each.value.get("url") == url]
        if name == "where" and count == 1:
            return self._where(found, node.arguments[0])
        raise Fault("The path may hold plain steps and where() only.")

    def _where(self, found: list[Element], condition: Node) -> list[Element]:
        if any(isinstance(each, Special) and each.name != "$this" for each in _below(condition)):
            raise Fault("A condition in the path may use $this only.")
        try:
            run = Compiler(condition, fhirpath.STANDARD, {}, element_type).compile(condition)
            return [each for each in found if self._holds(run, each)]
        except (fhirpath.PathError, fhirpath.EvaluationError):
            raise Fault("A condition in the path cannot be decided here.") from None

    def _holds(self, run: Callable[[Environment], list[Any]], element: Element) -> bool:
        root = self.root.value
        variables = {"resource": root, "rootResource": root, "context": root}
        env = Environment([], [], variables, None, self.steps)
        value = Primitive(element.value, element.type, element.beside) if element.is_primitive else element.value
        env.this = env.context = [declare(value, element.type, env)]
        held = truth(run(env))
        self.spend(self.steps - env.steps)
        return held is True


def _only(found: list[Element]) -> list[Element]:
    if len(found) > 1:
        raise Fault("The path asks for a single element, and there are several.")
    return found


def _of_type(found: list[Element], name: str) -> list[Element]:
    wanted = name.rpartition(".")[2]
    return [each for each in found if is_a(each.type, wanted)]


def _literal(node: Node, kind: type[Any]) -> Any:
    if not isinstance(node, Literal) or len(node.values) != 1 or type(node.values[0]) is not kind:
        raise Fault("The path takes literal indexes, types and addresses only.")
    return node.values[0]


def _below(node: Node) -> list[Node]:
    found, waiting = [], [node]
    while waiting:
        each = waiting.pop()
        found.append(each)
        waiting += nodes_below(each)
    return found
