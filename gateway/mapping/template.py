"""Templates compiled to closures, once, at start-up. Values of a payload are only ever put in: nothing rereads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from gateway.mapping.directives import Directive, DirectiveFault, of_keys
from gateway.mapping.expression import Expression, ExpressionFault, Scope, compile_expression
from gateway.mapping.law import breach
from gateway.mapping.marking import LOOPED, marking, name_of, segments_of, writer_of
from gateway.mapping.marks import LOCAL, WRITERS, Mark, Marked, local_reference, unfit
from gateway.mapping.places import Place, spell
from gateway.mapping.shape import ANY, Shape, of_data
from gateway.mapping.source import Source
from gateway.mapping.strings import Closure, Variables, compile_text, evaluated, is_template, sole_expression
from gateway.mapping.values import ABSENT, flat, kept


def compile_template(source: Source, place: Place, node: Any, scope: Scope, *, makes_resources: bool) -> Closure:
    """Raises MappingFault, with the line of the nearest key. `makes_resources` puts the law on what is written."""
    return _Compiler(source, makes_resources).node(node, place, scope)


_MARKS = frozenset({"evidence", "name", "by", "of"})
_OF_ENTRIES = frozenset({"name", "of"})


class _Compiler:
    def __init__(self, source: Source, makes_resources: bool) -> None:
        self.source, self.makes_resources = source, makes_resources
        self.may_mark = makes_resources

    def refuse(self, place: Place, reason: object) -> NoReturn:
        raise self.source.fault(place, str(reason))

    def node(self, node: Any, place: Place, scope: Scope) -> Closure:
        if isinstance(node, dict):
            return self.object(node, place, scope)
        if isinstance(node, list):
            items = [self.node(item, (*place, index), scope) for index, item in enumerate(node)]
            return lambda root, variables: flat(item(root, variables) for item in items)
        if isinstance(node, str):
            try:
                return compile_text(node, scope, spell(place))
            except ExpressionFault as fault:
                self.refuse(place, fault)
        return lambda root, variables: node

    def expression(self, text: str, place: Place, scope: Scope) -> Expression:
        try:
            return compile_expression(text, scope)
        except ExpressionFault as fault:
            self.refuse(place, fault)

    def object(self, node: dict[str, Any], place: Place, scope: Scope) -> Closure:
        try:
            directives = of_keys(list(node))
        except DirectiveFault as fault:
            self.refuse(place, fault)
        assigned, scope = self.assign(node, directives.get("assign"), place, scope)
        content = self.content(node, directives, place, scope)
        if directives.keys() & _MARKS:
            content = self.marked(node, directives, content, place, scope)
        return _assigning(assigned, content) if assigned else content

    def content(self, node: dict[str, Any], directives: Mapping[str, Directive], place: Place, scope: Scope) -> Closure:
        if loop := directives.get("for"):
            return self.loop(node[loop.key], loop, (*place, loop.key), scope)
        if context := directives.get("context"):
            return self.context(node[context.key], context, (*place, context.key), scope)
        members = self.members(node, {directive.key for directive in directives.values()}, place, scope)
        if merge := directives.get("merge"):
            value = node[merge.key]
            parts = value if isinstance(value, list) else [value]
            nodes = [self.node(part, (*place, merge.key), scope) for part in parts]
            return _merging(members, nodes, spell(place))
        if condition := directives.get("if"):
            return self.choice(node, condition, directives.get("else"), members, place, scope)
        return members

    def members(self, node: dict[str, Any], skipped: set[str], place: Place, scope: Scope) -> Closure:
        compiled: list[tuple[str, Closure]] = []
        for key, value in node.items():
            if key in skipped:
                continue
            if self.makes_resources and (reason := breach(key, value)):
                self.refuse((*place, key), reason)
            compiled.append((key, self.member(key, value, (*place, key), scope)))
        return lambda root, variables: kept((key, value(root, variables)) for key, value in compiled)

    def member(self, key: str, value: Any, place: Place, scope: Scope) -> Closure:
        closure = self.node(value, place, scope)
        if key != "reference" or not isinstance(value, str) or not (is_template(value) or value.startswith(LOCAL)):
            return closure
        written = spell(place)
        return lambda root, variables: local_reference(closure(root, variables), written)

    def loop(self, body: Any, loop: Directive, place: Place, scope: Scope) -> Closure:
        index, item, _ = loop.words
        expression = self.expression(loop.expression, place, scope)
        names = {str(item): expression.shape} | ({index: ANY} if index else {})
        return _looping(expression, str(item), index, self.node(body, place, scope.having(**names)), spell(place))

    def context(self, body: Any, context: Directive, place: Place, scope: Scope) -> Closure:
        expression = self.expression(context.expression, place, scope)
        inner = self.node(body, place, Scope(expression.shape, scope.variables))
        written = spell(place)

        def run_context(root: Any, variables: Variables) -> Any:
            found = evaluated(expression, root, variables, written)
            return flat(inner(item, _filled_with(item, variables)) for item in found)

        return run_context

    def choice(
        self, node: Any, condition: Directive, other: Directive | None, members: Closure, place: Place, scope: Scope
    ) -> Closure:
        expression = self.expression(condition.expression, (*place, condition.key), scope)
        then = self.node(node[condition.key], (*place, condition.key), scope)
        otherwise = self.node(node[other.key], (*place, other.key), scope) if other else _nothing
        chosen = _choosing(expression, then, otherwise, spell(place))
        has_members = any(not is_template(key) for key in node)
        return _merging(members, [chosen], spell(place)) if has_members else chosen

    def assign(
        self, node: Any, directive: Directive | None, place: Place, scope: Scope
    ) -> tuple[list[tuple[str, Closure]], Scope]:
        """The assigned names with how to compute each, and the scope that knows them."""
        if directive is None:
            return [], scope
        place, block = (*place, directive.key), node[directive.key]
        assigned: list[tuple[str, Closure]] = []
        for entry in block if isinstance(block, list) else [block]:
            if not isinstance(entry, dict) or len(entry) != 1:
                self.refuse(place, "assign takes objects of one name each")
            ((name, value),) = entry.items()
            assigned.append((name, self.assigned(value, (*place, name), scope)))
            scope = scope.having(**{name: self.shape(value, scope)})
        return assigned, scope

    def assigned(self, value: Any, place: Place, scope: Scope) -> Closure:
        """A constant is put together once: expressions only read it, and what goes out is copied."""
        could_mark, self.may_mark = self.may_mark, False
        closure = self.node(value, place, scope)
        self.may_mark = could_mark
        if _has_templates(value):
            return closure
        constant = closure(None, {})
        return lambda root, variables: constant

    def shape(self, value: Any, scope: Scope) -> Shape:
        if isinstance(value, str) and (text := sole_expression(value)):
            return compile_expression(text, scope).shape
        return ANY if _has_templates(value) else of_data(value)

    def marked(
        self, node: dict[str, Any], directives: Mapping[str, Directive], content: Closure, place: Place, scope: Scope
    ) -> Closure:
        if not self.may_mark:
            self.refuse(place, "only an object of a resource can be marked; this cannot stand here")
        is_entry = all(isinstance(step, int) or is_template(step) for step in place[1:])
        if not is_entry and (directives.keys() & _OF_ENTRIES or "evidence" not in directives):
            text = "only a resource has a name or a patient, and only a resource or a statement is by somebody"
            self.refuse(place, text)
        found = {
            kind: (node[directives[kind].key], (*place, directives[kind].key)) for kind in directives.keys() & _MARKS
        }
        segments = self.evidence(*found["evidence"], scope) if "evidence" in found else _nothing
        name = self.name(*found["name"], scope) if "name" in found else _nothing
        by = self.writer(*found["by"], scope) if "by" in found else _nothing
        of = self.name(*found["of"], scope) if "of" in found else _nothing
        return marking(content, segments, name, by, of, spell(place))

    def evidence(self, text: Any, place: Place, scope: Scope) -> Closure:
        if not isinstance(text, str):
            self.refuse(place, "evidence takes one FHIRPath expression")
        return segments_of(self.expression(text, place, scope), spell(place))

    def name(self, text: Any, place: Place, scope: Scope) -> Closure:
        if not isinstance(text, str):
            self.refuse(place, "a name is a text")
        return name_of(self.node(text, place, scope), spell(place))

    def writer(self, text: Any, place: Place, scope: Scope) -> Closure:
        if not isinstance(text, str) or (not is_template(text) and text not in WRITERS):
            self.refuse(place, f"the writer is one of: {', '.join(WRITERS)}")
        return writer_of(self.node(text, place, scope), spell(place))


def _nothing(root: Any, variables: Variables) -> Any:
    return ABSENT


def _has_templates(value: Any) -> bool:
    if isinstance(value, dict):
        return any(is_template(key) or _has_templates(item) for key, item in value.items())
    if isinstance(value, list):
        return any(_has_templates(item) for item in value)
    return isinstance(value, str) and is_template(value)


def _assigning(assigned: list[tuple[str, Closure]], content: Closure) -> Closure:
    def give(root: Any, variables: Variables) -> Any:
        names = dict(variables)
        for name, closure in assigned:
            value = closure(root, names)
            names[name] = None if value is ABSENT else value
        return content(root, names)

    return give


def _looping(expression: Expression, item: str, index: str | None, body: Closure, place: str) -> Closure:
    def each(root: Any, variables: Variables) -> Any:
        found = evaluated(expression, root, variables, place)
        if index is None:
            return flat(body(root, {**_filled_with(value, variables), item: value}) for value in found)
        return flat(
            body(root, {**_filled_with(value, variables), item: value, index: n}) for n, value in enumerate(found)
        )

    return each


def _filled_with(value: Any, variables: Variables) -> Variables:
    return {**variables, LOOPED: value} if isinstance(value, dict) else variables


def _choosing(expression: Expression, then: Closure, otherwise: Closure, place: str) -> Closure:
    def choose(root: Any, variables: Variables) -> Any:
        found = evaluated(expression, root, variables, place)
        if len(found) > 1:
            raise unfit(place, "a condition gave several values")
        # A single value that is no Boolean counts as true: http://hl7.org/fhirpath/N1/#singleton-evaluation-of-collections
        return (then if found and found[0] is not False else otherwise)(root, variables)

    return choose


def _merging(members: Closure, parts: list[Closure], place: str) -> Closure:
    def merge(root: Any, variables: Variables) -> Any:
        base = members(root, variables)
        merged: dict[str, Any] = {} if base is ABSENT else base
        mark: Mark | None = None
        for part in parts:
            value = part(root, variables)
            if isinstance(value, dict):
                merged.update(value)
                if isinstance(value, Marked):
                    mark = mark.joined(value.mark) if mark else value.mark
            elif value is not ABSENT and value is not None:
                raise unfit(place, "only objects can be merged")
        return Marked(merged, mark) if mark else merged or ABSENT

    return merge
