"""The words of an expression. Grammar: http://hl7.org/fhirpath/N1/grammar.html"""

from __future__ import annotations

import re
from typing import NamedTuple

from gateway.fhir.path.errors import PathError

MAX_LENGTH = 32_768
KEYWORDS = frozenset({"and", "or", "xor", "implies", "div", "mod", "in", "contains", "is", "as", "true", "false"})

_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*|/\*.*?\*/)
      | (?P<moment>@(?:T\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?
            |\d{4}(?:-\d\d(?:-\d\d)?)?(?:T(?:\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?(?:Z|[+-]\d\d:\d\d)?)?)?))
      | (?P<number>[0-9]{1,40}(?:\.[0-9]{1,40})?(?![0-9]))
      | (?P<string>'(?:[^'\\]|\\.)*')
      | (?P<quoted>`(?:[^`\\]|\\.)*`)
      | (?P<double>"(?:[^"\\]|\\.)*")
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<special>\$[a-z]+)
      | (?P<sign><=|>=|!=|!~|[.\[\](){},|+\-*/&=~<>%])""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPES = {"'": "'", '"': '"', "`": "`", "\\": "\\", "/": "/", "r": "\r", "n": "\n", "t": "\t", "f": "\f"}


class Token(NamedTuple):
    """A word of `text`, its quotes taken off; `kind` is the group of the pattern above, keyword, or end."""

    kind: str
    text: str
    position: int


def tokens(expression: str) -> list[Token]:
    """Split the whole expression; raises PathError at the first character that begins no word."""
    if len(expression) > MAX_LENGTH:
        raise PathError("the expression is too long", MAX_LENGTH)
    found: list[Token] = []
    position = 0
    while position < len(expression):
        match = _TOKEN.match(expression, position)
        if match is None or match.lastgroup is None:
            raise PathError("this character begins no word of FHIRPath", position)
        kind, text = match.lastgroup, match.group()
        if kind in ("string", "quoted", "double"):
            text = _unescape(text[1:-1], position)
        elif kind == "name" and text in KEYWORDS:
            kind = "keyword"
        if kind != "space":
            found.append(Token(kind, text, position))
        position = match.end()
    found.append(Token("end", "", len(expression)))
    return found


def _unescape(text: str, position: int) -> str:
    if "\\" not in text:
        return text

    def one(match: re.Match[str]) -> str:
        mark = match.group(1)
        if len(mark) == 5:
            return chr(int(mark[1:], 16))
        if mark not in _ESCAPES:
            raise PathError("unknown escape in a string", position)
        return _ESCAPES[mark]

    return _ESCAPE.sub(one, text)
