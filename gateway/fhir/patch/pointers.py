"""JSON Pointers: https://www.rfc-editor.org/rfc/rfc6901"""

from __future__ import annotations

import re

Tokens = tuple[str, ...]

MAX_TOKENS = 64
_POINTER = re.compile(r"(/([^~/]|~[01])*)*")
_INDEX = re.compile(r"0|[1-9][0-9]{0,6}", re.ASCII)


def read(text: object) -> Tokens | None:
    """The names and indexes that a pointer leads through; None for what is no pointer or goes too deep."""
    if type(text) is not str or text.count("/") > MAX_TOKENS or not _POINTER.fullmatch(text):
        return None
    return tuple(token.replace("~1", "/").replace("~0", "~") for token in text.split("/")[1:])


def index(token: str) -> int | None:
    """The place in an array that a token names: no sign, no leading zero."""
    return int(token) if _INDEX.fullmatch(token) else None
