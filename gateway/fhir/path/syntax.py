"""The tree of an expression, as the parser builds it and the compiler reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant collection: one value, or none for `{}`."""

    values: tuple[Any, ...]
    position: int


@dataclass(frozen=True, slots=True)
class Variable:
    """`%name`"""

    name: str
    position: int


@dataclass(frozen=True, slots=True)
class Special:
    """`$this`, `$index`, `$total`"""

    name: str
    position: int


@dataclass(frozen=True, slots=True)
class Member:
    """`source.name`; without a source the step starts at `$this`."""

    source: Node | None
    name: str
    position: int


@dataclass(frozen=True, slots=True)
class Call:
    """`source.name(arguments)`; without a source the function works on `$this`."""

    source: Node | None
    name: str
    arguments: tuple[Node, ...]
    position: int


@dataclass(frozen=True, slots=True)
class Index:
    """`source[index]`"""

    source: Node
    index: Node
    position: int


@dataclass(frozen=True, slots=True)
class Sign:
    """`-operand` or `+operand`"""

    sign: str
    operand: Node
    position: int


@dataclass(frozen=True, slots=True)
class Binary:
    """`left operator right`"""

    operator: str
    left: Node
    right: Node
    position: int


@dataclass(frozen=True, slots=True)
class TypeTest:
    """`operand is type` or `operand as type`"""

    operator: str
    operand: Node
    type: str
    position: int


Node = Literal | Variable | Special | Member | Call | Index | Sign | Binary | TypeTest
