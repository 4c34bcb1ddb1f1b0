"""The form of a piece of JSON, said by functions that are put together: each yields every fault, with its place.

A fault repeats no value. A name that ends in "?" may be absent; a list holds at least one.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from typing import Any

from gateway.errors import Issue
from gateway.fhir import dates
from gateway.fhir.references import literal

Pattern = Callable[[Any, str], Iterator[Issue]]

_VALUE, _ELEMENT = "The gateway cannot enforce this value.", "The gateway cannot enforce this element."


def anything(value: Any, path: str) -> Iterator[Issue]:
    """Not a consent's own matter."""
    return iter(())


def text(value: Any, path: str) -> Iterator[Issue]:
    if not isinstance(value, str) or not value.strip():
        yield Issue("A text is needed here.", path, "value")


def date(value: Any, path: str) -> Iterator[Issue]:
    try:
        dates.interval(value)
    except (TypeError, ValueError):
        yield Issue("A date is needed here.", path, "value")


def period(value: Any, path: str) -> Iterator[Issue]:
    """A Period with a start, an end or both, in this order."""
    faults = list(members({"start?": date, "end?": date})(value, path))
    if not faults and not value:
        faults.append(Issue("A start or an end is needed here.", path, "required"))
    if not faults:
        span = dates.period(value)
        if span.high < span.low:
            faults.append(Issue("The period ends before it starts.", path, "value"))
    yield from faults


def one_of(values: Container[str], hint: str = _VALUE) -> Pattern:
    def pattern(value: Any, path: str) -> Iterator[Issue]:
        if not isinstance(value, str) or value not in values:
            yield Issue(hint, path, "value")

    return pattern


def each(inner: Pattern) -> Pattern:
    def pattern(value: Any, path: str) -> Iterator[Issue]:
        if not isinstance(value, list) or not value:
            yield Issue("At least one is needed here.", path, "required")
            return
        for number, item in enumerate(value):
            yield from inner(item, f"{path}[{number}]")

    return pattern


def members(inner: Mapping[str, Pattern], hints: Mapping[str, str] | None = None) -> Pattern:
    """An object with these members and no other; `hints` says of others what to do instead."""
    known = {name.rstrip("?"): pattern for name, pattern in inner.items()}
    needed = [name for name in inner if not name.endswith("?")]

    def pattern(value: Any, path: str) -> Iterator[Issue]:
        if not isinstance(value, Mapping):
            yield Issue("An object is needed here.", path, "structure")
            return
        for name in value:
            if name not in known:
                place = f"{path}.{name}" if str(name).replace("_", "").isalnum() else path
                yield Issue((hints or {}).get(name, _ELEMENT), place, "not-supported")
        for name in needed:
            if name not in value:
                yield Issue("This element is needed.", f"{path}.{name}", "required")
        for name, form in known.items():
            if name in value:
                yield from form(value[name], f"{path}.{name}")

    return pattern


def coding(known: Mapping[str, Container[str]], hint: str = _VALUE) -> Pattern:
    """A Coding with a code of one of these systems."""
    shape = members({"system": one_of(known, hint), "code": text, "display?": text})

    def pattern(value: Any, path: str) -> Iterator[Issue]:
        faults = list(shape(value, path))
        if not faults and value["code"] not in known[value["system"]]:
            faults.append(Issue(hint, f"{path}.code", "value"))
        yield from faults

    return pattern


def concept(inner: Pattern) -> Pattern:
    """A CodeableConcept that is told in codings; its text is for people."""
    return members({"coding": each(inner), "text?": text})


def reference(types: Container[str], hint: str = _VALUE) -> Pattern:
    """A Reference to a resource of this server, of one of these types, whatever its version."""

    def local(value: Any, path: str) -> Iterator[Issue]:
        found = literal(value) if isinstance(value, str) else None
        if found is None or found.type not in types or found.version is not None:
            yield Issue(hint, path, "value")

    shape = members({"reference": local, "type?": text, "display?": text})

    def pattern(value: Any, path: str) -> Iterator[Issue]:
        faults = list(shape(value, path))
        if not faults and "type" in value and value["reference"].partition("/")[0] != value["type"]:
            faults.append(Issue("This is not the type of what is referred to.", f"{path}.type", "value"))
        yield from faults

    return pattern
