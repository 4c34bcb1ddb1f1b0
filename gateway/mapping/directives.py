"""The keys of a template that are instructions: FPML's, and our own `{% evidence %}`, `{% name %}`, `{% by %}`,
`{% of %}`.

https://github.com/beda-software/FHIRPathMappingLanguage
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_FORMS = {
    "for": re.compile(r"\{%\s*for\s+(?:(\w+)\s*,\s*)?(\w+)\s+in\s+([\s\S]+?)\s*%\}"),
    "if": re.compile(r"\{%\s*if\s+([\s\S]+?)\s*%\}"),
    "else": re.compile(r"\{%\s*else\s*%\}"),
    "merge": re.compile(r"\{%\s*merge\s*%\}"),
    "assign": re.compile(r"\{%\s*assign\s*%\}"),
    "evidence": re.compile(r"\{%\s*evidence\s*%\}"),
    "name": re.compile(r"\{%\s*name\s*%\}"),
    "by": re.compile(r"\{%\s*by\s*%\}"),
    "of": re.compile(r"\{%\s*of\s*%\}"),
    "context": re.compile(r"\{\{\s*([\s\S]+?)\s*\}\}"),
}
_LOOKS_LIKE_ONE = re.compile(r"\{\{|\{%|\{\[|%\}|\}\}|\]\}")


class DirectiveFault(ValueError):
    """Keys that look like instructions but are none, or that do not go together; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Directive:
    """`words` are what stands in the key: an expression, for `for` also the names of index and item."""

    key: str
    words: tuple[str | None, ...]

    @property
    def expression(self) -> str:
        return self.words[-1] or ""


def of_keys(keys: list[str]) -> dict[str, Directive]:
    """The instructions among the keys of one object, by kind. Raises DirectiveFault."""
    found: dict[str, Directive] = {}
    for key in keys:
        kind, directive = _read(key)
        if directive is None:
            continue
        if kind in found:
            raise DirectiveFault(f"two {kind} blocks in one object")
        found[kind] = directive
    _check(found, plain=len(keys) > len(found))
    return found


def _read(key: str) -> tuple[str, Directive | None]:
    for kind, form in _FORMS.items():
        if match := form.fullmatch(key):
            return kind, Directive(key, match.groups())
    if _LOOKS_LIKE_ONE.search(key):
        raise DirectiveFault("the key looks like an instruction but is none")
    return "", None


def _check(found: dict[str, Directive], *, plain: bool) -> None:
    alone = found.keys() & {"for", "context"}
    if alone and (plain or found.keys() - alone - {"assign"} or len(alone) > 1):
        raise DirectiveFault("a for or context block must be the only key beside assign")
    if "else" in found and "if" not in found:
        raise DirectiveFault("an else block needs an if block")
    if "if" in found and "merge" in found:
        raise DirectiveFault("if and merge cannot stand in one object; put the if inside the merge")
