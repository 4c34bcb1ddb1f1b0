"""Values in forms: the field that fits each, and what was typed in it as FHIR has it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from gateway.fhir.json import parse
from gateway.rules.entry_leaves import Leaf

NUMBERS = ("decimal", "integer", "positiveInt", "unsignedInt")
_MOMENTS = ("date", "dateTime", "instant")
_MINUTE = 16  # the characters of `2026-09-01T08:00`
_IS_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_IS_MINUTE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
_SHORT = 60


@dataclass(frozen=True, slots=True)
class Field:
    """`input` is the kind of field: text (of several lines), line, number, date or datetime-local; `fault` is what was
    wrong with `text` as it was sent."""

    name: str
    label: str
    input: str
    text: str
    rows: int
    fault: str = ""


def field_of(name: str, label: str, leaf: Leaf, sent: str | None = None, fault: str = "") -> Field:
    """The field of a value, holding what was typed if it comes back."""
    input = _input(leaf)
    text = _shown(leaf) if sent is None else sent
    return Field(name, label, input, text, max(2, len(text) // 48 + 1), fault)


def is_same(leaf: Leaf, sent: str) -> bool:
    """Whether the field was left as it was."""
    return _plain(sent) == _plain(_shown(leaf))


def read(leaf: Leaf, sent: str) -> Any:
    """As the kind of value that stands there, where it can be read so; else as text, which is then refused. A moment
    keeps its seconds and its time zone."""
    text, was = _plain(sent), str(leaf.value)
    if _input(leaf) == "datetime-local" and _IS_MINUTE.fullmatch(text[:_MINUTE]):
        return text[:_MINUTE] + was[_MINUTE:]
    try:
        if leaf.type == "decimal":
            return parse(str(Decimal(text)).encode())  # what JSON cannot hold nobody could read again
        return int(text) if leaf.type in NUMBERS else text
    except (InvalidOperation, ValueError):
        return text


def advice(leaf: Leaf) -> str:
    """What to type there instead of what was refused."""
    if leaf.type in NUMBERS:
        return "Write a number, such as 7."
    if leaf.type in _MOMENTS:
        return "Choose a day."
    return "Write some words, or take it out as a whole."


def _input(leaf: Leaf) -> str:
    text = str(leaf.value)
    if leaf.type in NUMBERS:
        return "number"
    if leaf.type in _MOMENTS and _IS_DAY.fullmatch(text):
        return "date"
    if leaf.type in _MOMENTS and _IS_MINUTE.match(text):
        return "datetime-local"
    return "line" if len(text) <= _SHORT and "\n" not in text and leaf.type == "string" else "text"


def _shown(leaf: Leaf) -> str:
    return str(leaf.value)[:_MINUTE] if _input(leaf) == "datetime-local" else str(leaf.value)


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").strip()
