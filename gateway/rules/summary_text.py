"""A resource as one line of a summary, for people. Values are put together here and escaped by `narrative`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Resource = Mapping[str, Any]
_NAMED = ("code", "vaccineCode", "medicationCodeableConcept", "scope")
_DATED = ("onset", "effective", "performed", "occurrence", "authoredOn", "period", "date", "recordedDate", "issued")
_MARKED = ("clinicalStatus", "verificationStatus", "criticality", "status")
_QUIET = frozenset({"active", "final", "completed", "current", "confirmed"})  # what a reader expects anyway


def line(resource: Resource, known: Mapping[str, Resource]) -> str:
    """What it is, its value, when it was, and what is unexpected about it. `known` are resources by reference."""
    parts = [": ".join(filter(None, (_name(resource, known), ", ".join(_values(resource)))))]
    parts += [f"({when})"] if (when := date_of(resource)) else []
    parts += [f"[{mark}]" for mark in _marks(resource)]
    return " ".join(parts)


def date_of(resource: Resource) -> str:
    """The day on which it was, as precisely as it is known; empty where it is not."""
    for name in _DATED:
        for key in (name, f"{name}DateTime", f"{name}Period", f"{name}Instant"):
            value = resource.get(key)
            if isinstance(value, str):
                return value[:10]
            if isinstance(value, Mapping) and ("start" in value or "end" in value):
                return f"{value.get('start', '')[:10]} to {value.get('end', '')[:10]}".removesuffix(" to ")
    return ""


def words(concept: Any) -> str:
    """A CodeableConcept in words: its text, or what its codes are called, or the code itself."""
    if not isinstance(concept, Mapping):
        return ""
    codings = concept.get("coding", ())
    found = [concept.get("text"), *(each.get("display") for each in codings), *(each.get("code") for each in codings)]
    return str(next(filter(None, found), ""))


def _name(resource: Resource, known: Mapping[str, Resource]) -> str:
    for key in _NAMED:
        if named := words(resource.get(key)):
            return named
    medication = known.get(resource.get("medicationReference", {}).get("reference", ""))
    if medication is not None and (named := words(medication.get("code"))):
        return named
    return str(resource.get("title") or resource.get("description") or resource.get("summary") or "not named")


def _values(resource: Resource) -> Iterator[str]:
    if value := _value(resource):
        yield value
    for part in resource.get("component", ()):
        if value := _value(part):
            yield f"{words(part.get('code'))} {value}".strip()
    for dosage in (*resource.get("dosage", ()), *resource.get("dosageInstruction", ())):
        if text := dosage.get("text"):
            yield str(text)
    for reaction in resource.get("reaction", ()):
        yield from filter(None, (words(each) for each in reaction.get("manifestation", ())))


def _value(holder: Resource) -> str:
    if quantity := holder.get("valueQuantity"):
        amount = f"{quantity.get('comparator', '')}{quantity.get('value', '')}"
        return f"{amount} {quantity.get('unit') or quantity.get('code') or ''}".strip()
    if concept := holder.get("valueCodeableConcept"):
        return words(concept)
    for key in ("valueString", "valueInteger", "valueDateTime"):
        if key in holder:
            return str(holder[key])
    if "valueBoolean" in holder:
        return "yes" if holder["valueBoolean"] else "no"
    return ""


def _marks(resource: Resource) -> Iterator[str]:
    for key in _MARKED:
        value = resource.get(key)
        codes = [value] if isinstance(value, str) else [each.get("code") for each in (value or {}).get("coding", ())]
        yield from (code for code in codes[:1] if code and code not in _QUIET)
