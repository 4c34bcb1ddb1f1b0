"""The functions a template may call: a list of standard FHIRPath ones, and some of our own.

Left out on purpose: everything that reads the clock (`now`, `today`, `timeOfDay`), runs regular expressions (`matches`,
`replaceMatches`), prints (`trace`), follows references (`resolve`, `memberOf`) or may run without end (`repeat`).
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from decimal import Decimal
from html import escape
from typing import Any

from gateway.fhir.xhtml import XHTML, shown
from gateway.mapping.members import member, order_by
from gateway.mapping.moments import date_of, from_epoch, in_zone, time_of
from gateway.mapping.prose import headed, paragraphs, plain

ALLOWED = frozenset(
    {
        *("empty", "exists", "not", "all", "count", "distinct", "isDistinct", "subsetOf", "supersetOf", "iif"),
        *("where", "select", "ofType", "single", "first", "last", "tail", "skip", "take"),
        *("union", "combine", "intersect", "exclude"),
        *("toInteger", "toDecimal", "toString", "toBoolean"),
        *("convertsToInteger", "convertsToDecimal", "convertsToString", "convertsToBoolean"),
        *("indexOf", "substring", "startsWith", "endsWith", "contains", "upper", "lower", "replace", "length"),
        *("trim", "split", "join", "abs", "ceiling", "floor", "round", "truncate"),
    }
)


class Narrative(dict[str, Any]):
    """An object made by `narrative()`: the only one that may carry a `div`."""


def narrative(focus: list[Any]) -> list[Any]:
    """A FHIR Narrative of each text: one paragraph per line, everything escaped. https://hl7.org/fhir/R4/narrative.html"""
    return [Narrative(status="generated", div=_div(item)) for item in focus if isinstance(item, str) and item.strip()]


def _div(text: str) -> str:
    lines = [escape(shown(line.strip()), quote=False) for line in text.splitlines() if line.strip()]
    return f'<div xmlns="{XHTML}">{"".join(f"<p>{line}</p>" for line in lines)}</div>'


def title(focus: list[Any]) -> list[Any]:
    """`NAMES_LIKE_THIS` as `Names like this`; a name that has small letters is a heading already and stays."""
    return [_title(item) for item in focus if isinstance(item, str) and item.strip()]


def _title(name: str) -> str:
    name = shown(name)
    return " ".join(name.replace("_", " ").split()).capitalize() if name.isupper() else " ".join(name.split())


def sum_of(focus: list[Any]) -> list[Any]:
    """The numbers added up; nothing when there is none, or when something is no number."""
    numbers = [item for item in focus if isinstance(item, int | Decimal) and not isinstance(item, bool)]
    return [sum(numbers)] if numbers and len(numbers) == len(focus) else []


def base64(focus: list[Any]) -> list[Any]:
    """Each text in the form an attachment's data have. https://hl7.org/fhir/R4/datatypes.html#base64Binary"""
    return [b64encode(item.encode()).decode() for item in focus if isinstance(item, str) and item]


OWN: Mapping[str, Callable[..., list[Any]]] = {
    "narrative": narrative,
    "title": title,
    "sum": sum_of,
    "plain": plain,
    "paragraphs": paragraphs,
    "headed": headed,
    "member": member,
    "orderBy": order_by,
    "base64": base64,
    "date": date_of,
    "time": time_of,
    "inZone": in_zone,
    "fromEpoch": from_epoch,
}
TAKES: Mapping[str, range] = {
    "date": range(1, 20),
    "time": range(1, 20),
    "inZone": range(1, 2),
    **dict.fromkeys(("member", "orderBy"), range(1, 2)),
}
"""How many arguments a function of our own takes; none where it is not here."""
