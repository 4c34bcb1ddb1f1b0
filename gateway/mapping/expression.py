"""One FHIRPath expression of a mapping, checked against what it may reach before it ever runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gateway.fhir.path import Path, PathError
from gateway.fhir.path import compile as compile_path
from gateway.fhir.path.parser import parse
from gateway.fhir.path.syntax import Binary, Call, Index, Literal, Member, Node, Sign, Special, TypeTest, Variable
from gateway.mapping.functions import ALLOWED, OWN, TAKES
from gateway.mapping.shape import ANY, Shape

# Functions whose result is (some of) what they were called on, and those whose arguments look at each item of it.
_SAME = frozenset(
    {"where", "single", "first", "last", "tail", "skip", "take", "distinct", "intersect", "exclude"} | {"orderBy"}
)
_PER_ITEM = frozenset({"where", "select", "all", "exists", "iif"})


class ExpressionFault(ValueError):
    """An expression a mapping may not use; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What is in reach at one place of a template: the context itself, and the variables."""

    root: Shape
    variables: Mapping[str, Shape] = field(default_factory=dict)

    def having(self, **variables: Shape) -> Scope:
        return replace(self, variables={**self.variables, **variables})


@dataclass(frozen=True, slots=True)
class Expression:
    """`shape` tells what its results may hold."""

    path: Path
    shape: Shape
    evaluate: Callable[[Any, Mapping[str, Any]], list[Any]]


def compile_expression(text: str, scope: Scope) -> Expression:
    """Raises ExpressionFault for anything that is no FHIRPath, no allowed function, or out of reach."""
    try:
        path = compile_path(text, functions=ALLOWED, extra=OWN)
        shape = _Reach(scope).of(parse(text), scope.root)
    except PathError as error:
        raise ExpressionFault(f"{error.reason} (at character {error.position + 1} of the expression)") from error
    return Expression(path, shape, path.evaluate)


class _Reach:
    """Follows every step of an expression through the shapes; `focus` is what `$this` is."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def of(self, node: Node, focus: Shape) -> Shape:
        match node:
            case Literal():
                return ANY
            case Variable(name):
                return self.variable(name)
            case Special(name):
                return focus if name == "$this" else ANY
            case Member(source, name):
                return self.member(self.of(source, focus) if source else focus, name)
            case Call(source, name, arguments):
                return self.call(name, self.of(source, focus) if source else focus, arguments, focus)
            case Index(source, index):
                self.of(index, focus)
                return self.of(source, focus)
            case Binary(operator, left, right):
                sides = self.of(left, focus), self.of(right, focus)
                return _either(*sides) if operator == "|" else ANY
            case Sign(_, operand):
                return self.of(operand, focus)
            case TypeTest(operator, operand, _):
                found = self.of(operand, focus)
                return found if operator == "as" else ANY
        raise AssertionError(type(node))

    def variable(self, name: str) -> Shape:
        if name not in self.scope.variables:
            raise ExpressionFault(f"no variable %{name} is known here")
        return self.scope.variables[name]

    def member(self, source: Shape, name: str) -> Shape:
        found = source.step(name)
        if found is None:
            raise ExpressionFault(f"the input schema has no '{name}' at this step")
        return found

    def call(self, name: str, source: Shape, arguments: tuple[Node, ...], focus: Shape) -> Shape:
        shapes = [self.of(argument, source if name in _PER_ITEM else focus) for argument in arguments]
        if name in OWN and len(arguments) not in TAKES.get(name, range(1)):
            raise ExpressionFault(f"{name}() takes {'other' if name in TAKES else 'no'} arguments")
        if name in _SAME:
            return source
        if name == "select" and shapes:
            return shapes[0]
        if name in ("union", "combine") and shapes:
            return _either(source, shapes[0])
        return _either(*shapes[1:]) if name == "iif" and len(shapes) > 1 else ANY


def _either(*shapes: Shape) -> Shape:
    if not all(shape.known and shape.document is shapes[0].document for shape in shapes):
        return ANY
    return Shape(shapes[0].document, tuple(schema for shape in shapes for schema in shape.schemas))
