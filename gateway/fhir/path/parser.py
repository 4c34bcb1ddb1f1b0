"""From words to tree: operator precedence as in http://hl7.org/fhirpath/N1/#operator-precedence"""

from __future__ import annotations

from decimal import Decimal

from gateway.fhir.path.errors import PathError
from gateway.fhir.path.lexer import Token, tokens
from gateway.fhir.path.moments import Moment
from gateway.fhir.path.quantities import CALENDAR_UNITS, Quantity
from gateway.fhir.path.syntax import Binary, Call, Index, Literal, Member, Node, Sign, Special, TypeTest, Variable

# Bound how deep the parser, and every later walk over the tree, can recurse.
MAX_NESTING = 40
MAX_DEPTH = 150

_BINDING = {
    **dict.fromkeys(("implies",), 1),
    **dict.fromkeys(("or", "xor"), 2),
    **dict.fromkeys(("and",), 3),
    **dict.fromkeys(("in", "contains"), 4),
    **dict.fromkeys(("=", "~", "!=", "!~"), 5),
    **dict.fromkeys((">", "<", ">=", "<="), 6),
    **dict.fromkeys(("|",), 7),
    **dict.fromkeys(("is", "as"), 8),
    **dict.fromkeys(("+", "-", "&"), 9),
    **dict.fromkeys(("*", "/", "div", "mod"), 10),
}
# The grammar has no div here, but HL7 itself writes Patient.text.div.
_NAMES_TOO = ("as", "contains", "in", "is", "div")
TYPE_FUNCTIONS = frozenset({"is", "as", "ofType"})


def parse(expression: str) -> Node:
    """The tree of the whole expression; raises PathError where it is not FHIRPath."""
    parser = _Parser(tokens(expression))
    node = parser.expression(0)
    if parser.token.kind != "end":
        raise parser.fault("the expression should end here")
    if _depth(node) > MAX_DEPTH:
        raise PathError("the expression has too many steps in a row", 0)
    return node


def children(node: Node) -> tuple[Node, ...]:
    """The nodes right below this one."""
    if isinstance(node, Call):
        return (node.source, *node.arguments) if node.source else node.arguments
    if isinstance(node, Member):
        return (node.source,) if node.source else ()
    if isinstance(node, Index):
        return (node.source, node.index)
    if isinstance(node, Binary):
        return (node.left, node.right)
    return (node.operand,) if isinstance(node, Sign | TypeTest) else ()


def _depth(node: Node) -> int:
    depth, layer = 0, [node]
    while layer:
        depth += 1
        layer = [child for parent in layer for child in children(parent)]
    return depth


class _Parser:
    def __init__(self, words: list[Token]) -> None:
        self.words = words
        self.place = 0
        self.token = words[0]
        self.nesting = 0

    def fault(self, reason: str) -> PathError:
        return PathError(reason, self.token.position)

    def take(self) -> Token:
        token = self.token
        self.place += 1
        self.token = self.words[min(self.place, len(self.words) - 1)]
        return token

    def at(self, *signs: str) -> bool:
        return self.token.kind in ("sign", "keyword") and self.token.text in signs

    def expect(self, sign: str) -> None:
        if not self.at(sign):
            raise self.fault(f"'{sign}' expected")
        self.take()

    def expression(self, binding: int) -> Node:
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            raise self.fault("the expression nests too deeply")
        left = self.unary()
        while True:
            operator = self.token.text if self.token.kind in ("sign", "keyword") else ""
            strength = _BINDING.get(operator, 0)
            if strength <= binding:
                self.nesting -= 1
                return left
            position = self.take().position
            if operator in ("is", "as"):
                left = TypeTest(operator, left, self.type_name(), position)
            else:
                left = Binary(operator, left, self.expression(strength), position)

    def unary(self) -> Node:
        if self.at("+", "-"):
            token = self.take()
            # A sign binds looser than a dot and tighter than any operator between two.
            self.nesting += 1
            if self.nesting > MAX_NESTING:
                raise self.fault("the expression nests too deeply")
            operand = self.unary()
            self.nesting -= 1
            return Sign(token.text, operand, token.position)
        return self.chain()

    def chain(self) -> Node:
        node = self.term()
        while True:
            if self.at("."):
                self.take()
                node = self.invocation(node)
            elif self.at("["):
                position = self.take().position
                index = self.expression(0)
                self.expect("]")
                node = Index(node, index, position)
            else:
                return node

    def term(self) -> Node:
        kind, text, position = self.token
        if kind == "string":
            return Literal((self.take().text,), position)
        if kind == "number":
            return self.number()
        if kind == "moment":
            return self.moment()
        if self.at("true", "false"):
            self.take()
            return Literal((text == "true",), position)
        if self.at("("):
            self.take()
            node = self.expression(0)
            self.expect(")")
            return node
        if self.at("{"):
            self.take()
            self.expect("}")
            return Literal((), position)
        if self.at("%"):
            return self.variable()
        return self.invocation(None)

    def number(self) -> Node:
        token = self.take()
        value = Decimal(token.text) if "." in token.text else int(token.text)
        unit = self.token
        if unit.kind == "string" or (unit.kind == "name" and unit.text in CALENDAR_UNITS):
            self.take()
            return Literal((Quantity(Decimal(value), unit.text),), token.position)
        return Literal((value,), token.position)

    def moment(self) -> Node:
        token = self.take()
        moment = Moment.parse(token.text[1:])
        if moment is None:
            raise PathError("no such date or time", token.position)
        return Literal((moment,), token.position)

    def variable(self) -> Node:
        position = self.take().position
        if self.token.kind not in ("name", "keyword", "quoted", "double", "string"):
            raise self.fault("the name of a variable expected")
        return Variable(self.take().text, position)

    def invocation(self, source: Node | None) -> Node:
        kind, text, position = self.token
        if kind == "special":
            if source is not None or text not in ("$this", "$index", "$total"):
                raise self.fault("a name expected")
            self.take()
            return Special(text, position)
        name = self.identifier()
        if not self.at("("):
            return Member(source, name, position)
        self.take()
        arguments: tuple[Node, ...] = ()
        if name in TYPE_FUNCTIONS:
            arguments = (Literal((self.type_name(),), position),)
        elif not self.at(")"):
            arguments = self.arguments()
        self.expect(")")
        return Call(source, name, arguments, position)

    def arguments(self) -> tuple[Node, ...]:
        found = [self.expression(0)]
        while self.at(","):
            self.take()
            found.append(self.expression(0))
        return tuple(found)

    def identifier(self) -> str:
        kind, text, _ = self.token
        if kind not in ("name", "quoted") and not (kind == "keyword" and text in _NAMES_TOO):
            raise self.fault("a name expected")
        return self.take().text

    def type_name(self) -> str:
        name = self.identifier()
        if self.at("."):
            self.take()
            name = f"{name}.{self.identifier()}"
        return name
