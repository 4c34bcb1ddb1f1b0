"""FHIRPath for R4, compiled to closures over plain JSON. http://hl7.org/fhirpath/N1/

`compile` reads an expression once; the Path it gives is run on as much data as you like. Deterministic and quiet: no
clock unless allowed, nothing printed, no data in any error.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from gateway.fhir.path.compiler import EVERY, INVARIANTS, STANDARD, Compiler, Extra
from gateway.fhir.path.environment import Environment, Evaluate, Resolve
from gateway.fhir.path.errors import EvaluationError, PathError
from gateway.fhir.path.parser import children, parse
from gateway.fhir.path.roots import roots
from gateway.fhir.path.syntax import Call, Node, Variable
from gateway.fhir.path.types import Model, declare
from gateway.fhir.path.values import exported

__all__ = ["EVERY", "INVARIANTS", "STANDARD", "EvaluationError", "Model", "Path", "PathError", "compile"]

MAX_STEPS = 1_000_000
"""How much one evaluation may do: about a second."""


class Path:
    """A compiled expression. `roots`: the chains of members of the context it reads, as far as statically known;
    `variables`: the names after `%`; `functions`: the names of the functions called."""

    def __init__(self, text: str, root: Node, run: Evaluate) -> None:
        nodes = list(_nodes(root))
        self.text = text
        self.roots = roots(root)
        self.variables = frozenset(node.name for node in nodes if isinstance(node, Variable))
        self.functions = frozenset(node.name for node in nodes if isinstance(node, Call))
        self._run = run

    def __repr__(self) -> str:
        return f"Path({self.text!r})"

    def evaluate(
        self,
        context: Any,
        variables: Mapping[str, Any] | None = None,
        *,
        resolve: Resolve | None = None,
        type: str | None = None,
        max_steps: int = MAX_STEPS,
    ) -> list[Any]:
        """What the expression finds in the context (one element, or a list of them), as plain values.

        `variables` are given by name, `%resource` and `%context` default to the context; `resolve` fetches what a
        reference names; `type` is the FHIR type of the context where it is known. Raises EvaluationError.
        """
        this = context if isinstance(context, list) else [] if context is None else [context]
        env = Environment(this, this, variables or {}, resolve, max_steps)
        if type is not None:
            env.this = env.context = [declare(item, type, env) for item in this]
        return exported(self._run(env))


def compile(
    expression: str,
    *,
    functions: Collection[str] | None = None,
    extra: Mapping[str, Extra] | None = None,
    model: Model | None = None,
) -> Path:
    """Read an expression; raises PathError when it is not one we run.

    `functions` lists the functions it may call (default STANDARD); `extra` are functions of the caller's own, called
    with the collection before the dot and one list per argument; `model` tells the types of elements, without it only
    choice elements declare theirs.
    """
    root = parse(expression)
    compiler = Compiler(root, STANDARD if functions is None else frozenset(functions), extra or {}, model)
    return Path(expression, root, compiler.compile(root))


def _nodes(root: Node) -> Iterator[Node]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += children(node)
