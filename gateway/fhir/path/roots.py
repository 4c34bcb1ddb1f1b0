"""What can be told of an expression without running it: which members of the context it reads."""

from __future__ import annotations

from gateway.fhir.path.iteration import ITERATING
from gateway.fhir.path.syntax import Binary, Call, Index, Literal, Member, Node, Sign, Special, TypeTest, Variable

Chain = tuple[str, ...]
# Steps after which one still stands at the same element.
_KEEPING = frozenset(
    {
        "where",
        "first",
        "last",
        "tail",
        "skip",
        "take",
        "single",
        "distinct",
        "trace",
        "as",
        "ofType",
        "intersect",
        "exclude",
    }
)


def roots(node: Node) -> frozenset[Chain]:
    """Every chain of members that starts at the context, as far as it can be known."""
    found: set[Chain] = set()
    found |= _ends(node, {()}, found)
    return frozenset(chain for chain in found if chain)


def _ends(node: Node | None, this: set[Chain], found: set[Chain]) -> set[Chain]:
    """The chains a node stands at when `$this` is at the chains `this`; chains that end inside go to `found`."""
    if node is None:
        return this
    if isinstance(node, Special):
        return this if node.name == "$this" else set()
    if isinstance(node, Variable):
        return {()} if node.name == "context" else set()
    if isinstance(node, Member):
        return {(*chain, node.name) for chain in _ends(node.source, this, found)}
    if isinstance(node, Call):
        return _call(node, this, found)
    if isinstance(node, Index):
        found |= _ends(node.index, this, found)
        return _ends(node.source, this, found)
    if isinstance(node, Sign | TypeTest):
        return _ends(node.operand, this, found)
    if isinstance(node, Literal):
        return set()
    left, right = _ends(node.left, this, found), _ends(node.right, this, found)
    if isinstance(node, Binary) and node.operator == "|":
        return left | right
    found |= left | right
    return set()


def _call(node: Call, this: set[Chain], found: set[Chain]) -> set[Chain]:
    source = _ends(node.source, this, found)
    if node.name == "extension":
        return {(*chain, "extension") for chain in source}
    inner = source if node.name in ITERATING else this
    arguments = [_ends(argument, inner, found) for argument in node.arguments]
    if node.name in ("select", "union", "combine", "iif"):
        found |= source if node.name != "iif" else set()
        ends = arguments[1:] if node.name == "iif" else arguments
        for end in arguments:
            found |= end
        return set().union(*ends) | (source if node.name in ("union", "combine") else set())
    for end in arguments:
        found |= end
    if node.name in _KEEPING:
        return source
    found |= source
    return set()
