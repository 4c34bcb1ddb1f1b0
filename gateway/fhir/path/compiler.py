"""From tree to closures: each node becomes one function of the environment."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from gateway.fhir.path.conversions import CONVERSIONS
from gateway.fhir.path.environment import Environment, Evaluate, Step
from gateway.fhir.path.errors import EvaluationError, PathError
from gateway.fhir.path.gathering import GATHERING, Function, tree
from gateway.fhir.path.iteration import ITERATING
from gateway.fhir.path.mathematics import CLOCK, MATHEMATICS
from gateway.fhir.path.members import member
from gateway.fhir.path.operators import binary, boolean
from gateway.fhir.path.parser import TYPE_FUNCTIONS, children
from gateway.fhir.path.quantities import Quantity
from gateway.fhir.path.syntax import Binary, Call, Index, Literal, Member, Node, Sign, Special, TypeTest, Variable
from gateway.fhir.path.texts import TEXTS, matching
from gateway.fhir.path.types import Model, is_type
from gateway.fhir.path.values import UCUM, exported, is_number, single

Extra = Callable[..., list[Any]]

_PLAIN = {**GATHERING, **TEXTS, **CONVERSIONS, **MATHEMATICS}
_MATCHING = {"matches": 1, "matchesFull": 1, "replaceMatches": 2}
STANDARD = frozenset({*_PLAIN, *ITERATING, *TYPE_FUNCTIONS, "children", "descendants", "trace"})
"""Every function that is safe and deterministic with any expression and any data: the default."""
INVARIANTS = STANDARD | _MATCHING.keys()
"""STANDARD and regular expressions, for expressions whose author is trusted, such as HL7's invariants."""
EVERY = INVARIANTS | CLOCK.keys()
"""All there are."""


class Compiler:
    """Compiles one expression. `typed`: it asks for types, so steps have to keep track of them."""

    def __init__(self, root: Node, functions: Collection[str], extra: Mapping[str, Extra], model: Model | None) -> None:
        self.functions = functions
        self.extra = extra
        self.model = model
        self.typed = _asks_for_types(root)
        self.plain = {**_PLAIN, **tree(model, typed=self.typed), **CLOCK}

    def compile(self, node: Node) -> Evaluate:
        """The closure of a node; raises PathError for an unknown function or a wrong number of arguments."""
        if isinstance(node, Literal):
            values = list(node.values)
            return lambda env: values
        if isinstance(node, Variable):
            return _variable(node)
        if isinstance(node, Special):
            return _SPECIALS[node.name]
        if isinstance(node, Member):
            return self._member(node)
        if isinstance(node, Call):
            return self._after(node.source, self._call(node))
        if isinstance(node, Index):
            return self._index(node)
        if isinstance(node, Sign):
            return self._sign(node)
        if isinstance(node, Binary):
            return binary(node.operator, self.compile(node.left), self.compile(node.right))
        operand = self.compile(node.operand)
        step = _type_step(node.operator, node.type)
        return lambda env: step(operand(env), env)

    def _after(self, source: Node | None, step: Step) -> Evaluate:
        if source is None:
            return lambda env: step(env.this, env)
        before = self.compile(source)
        return lambda env: step(before(env), env)

    def _member(self, node: Member) -> Evaluate:
        step = member(node.name, typed=self.typed, model=self.model)
        if node.source is None and node.name[0].isupper():
            return _root(node.name, step)
        return self._after(node.source, step)

    def _index(self, node: Index) -> Evaluate:
        source, index = self.compile(node.source), self.compile(node.index)

        def run(env: Environment) -> list[Any]:
            place = single(index(env))
            if place is not None and place.__class__ is not int:
                raise EvaluationError("an index must be a whole number")
            return source(env)[place : place + 1] if place is not None and place >= 0 else []

        return run

    def _sign(self, node: Sign) -> Evaluate:
        operand, factor = self.compile(node.operand), -1 if node.sign == "-" else 1

        def run(env: Environment) -> list[Any]:
            value = single(operand(env))
            if value is None or factor == 1:
                return [] if value is None else [value]
            if isinstance(value, Quantity):
                return [Quantity(-value.value, value.unit)]
            if not is_number(value):
                raise EvaluationError("a sign needs a number")
            return [-value]

        return run

    def _call(self, node: Call) -> Step:
        name, arguments = node.name, node.arguments
        if name in self.extra:
            return self._extra(self.extra[name], [self.compile(argument) for argument in arguments])
        if name not in self.functions or name not in EVERY:
            raise PathError(f"the function {name}() is not available here", node.position)
        if name in TYPE_FUNCTIONS:
            return _type_step(name, str(_literal(node, 0)))
        if name == "trace":
            _arity(node, 1, 2)
            return lambda focus, env: focus
        if name in _MATCHING:
            return _matching(node)
        if name in ITERATING:
            make, fewest, most = ITERATING[name]
            _arity(node, fewest, most)
            return make(*[self.compile(argument) for argument in arguments])
        function, fewest, most = self.plain[name]
        _arity(node, fewest, most)
        return _plain(function, [self.compile(argument) for argument in arguments])

    def _extra(self, function: Extra, arguments: list[Evaluate]) -> Step:
        def step(focus: list[Any], env: Environment) -> list[Any]:
            env.spend(1 + len(focus))
            return function(exported(focus), *[exported(argument(env)) for argument in arguments])

        return step


def _plain(function: Function, arguments: list[Evaluate]) -> Step:
    if not arguments:
        return function
    if len(arguments) == 1:
        only = arguments[0]
        return lambda focus, env: function(focus, env, only(env))
    return lambda focus, env: function(focus, env, *[argument(env) for argument in arguments])


def _asks_for_types(root: Node) -> bool:
    waiting: list[Node] = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, TypeTest) or (isinstance(node, Call) and node.name in TYPE_FUNCTIONS):
            return True
        waiting += children(node)
    return False


def _arity(node: Call, fewest: int, most: int) -> None:
    if not fewest <= len(node.arguments) <= most:
        raise PathError(f"wrong number of arguments for {node.name}()", node.position)


def _literal(node: Call, place: int) -> Any:
    argument = node.arguments[place]
    if not isinstance(argument, Literal) or len(argument.values) != 1:
        raise PathError(f"{node.name}() takes a literal here", node.position)
    return argument.values[0]


def _matching(node: Call) -> Step:
    """Patterns are literals: data never becomes a regular expression."""
    _arity(node, _MATCHING[node.name], _MATCHING[node.name])
    texts = [_literal(node, place) for place in range(len(node.arguments))]
    if not all(isinstance(text, str) for text in texts):
        raise PathError(f"{node.name}() takes texts", node.position)
    try:
        return matching(node.name, *texts)
    except ValueError:
        raise PathError("this is not a regular expression", node.position) from None


def _type_step(operator: str, name: str) -> Step:
    if operator == "is":

        def test(focus: list[Any], env: Environment) -> list[Any]:
            single(focus)
            return boolean(is_type(focus[0], name, env)) if focus else []

        return test
    return lambda focus, env: [item for item in focus if is_type(item, name, env)]


def _root(name: str, step: Step) -> Evaluate:
    """A first step with a capital names the type of what it starts from, or a member (of data that is not FHIR)."""

    def run(env: Environment) -> list[Any]:
        this = env.this
        if len(this) == 1 and this[0].__class__ is dict and this[0].get("resourceType") == name:
            return this
        found = []
        for item in this:
            is_element = item.__class__ is dict and name not in item
            found += [item] if is_element and _is_called(item, name, env) else step([item], env)
        return found

    return run


def _is_called(item: dict[str, Any], name: str, env: Environment) -> bool:
    return ("resourceType" in item or id(item) in env.types) and is_type(item, name, env)


def _variable(node: Variable) -> Evaluate:
    name = node.name
    constant = _CONSTANTS.get(name)
    for prefix, base in (("vs-", "ValueSet/"), ("ext-", "StructureDefinition/")):
        if name.startswith(prefix):
            constant = f"http://hl7.org/fhir/{base}{name.removeprefix(prefix)}"
    if constant is not None:
        values = [constant]
        return lambda env: values
    return lambda env: env.variable(name)


_CONSTANTS = {"ucum": UCUM, "sct": "http://snomed.info/sct", "loinc": "http://loinc.org"}
_SPECIALS: dict[str, Evaluate] = {
    "$this": lambda env: env.this,
    "$index": lambda env: [] if env.index is None else [env.index],
    "$total": lambda env: env.total,
}
