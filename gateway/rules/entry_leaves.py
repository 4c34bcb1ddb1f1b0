"""What an entry says, leaf by leaf, as a person reads it: each value with its place, a name, and whose words it is."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.fhir.tables import Child, node
from gateway.rules.entries import Entry
from gateway.rules.entry_kinds import KINDS
from gateway.rules.evidence import Origin

# Read by programs, or said elsewhere: by the list of labels, the head of the page, Provenance.
_UNSAID = frozenset(
    {
        *("id", "meta", "implicitRules", "language", "text", "contained", "extension", "modifierExtension"),
        *("identifier", "masterIdentifier", "status", "lifecycleStatus", "docStatus", "intent", "category"),
        *("subject", "for", "author", "performer", "requester", "owner", "source", "sender", "recipient", "device"),
        *("custodian", "authenticator", "expressedBy", "managingOrganization", "questionnaire", "linkId"),
        *(
            "securityLabel",
            "contentType",
            "hash",
            "size",
            "creation",
            "format",
            "authoredOn",
            "lastModified",
            "created",
        ),
    }
)
_BARE = frozenset({"value", "code", "answer", "item", "content", "attachment"})
# The member that names the others of an element.
_NAMED_BY = {
    "Observation.component": "code",
    "QuestionnaireResponse.item": "text",
    "Task.input": "type",
    "Task.output": "type",
}
_INDEX = re.compile(r"\[\d+\]")
_NESTED_ITEMS = re.compile(r"^item(?:\.(?:item|answer\.item))+")


@dataclass(frozen=True, slots=True)
class Leaf:
    """One primitive value of a resource: `name` and `text` are for people, `value` is what stands there."""

    path: str
    name: str
    text: str
    value: Any
    type: str


def leaves(resource: Mapping[str, Any]) -> list[Leaf]:
    """Everything that it says in words, numbers, dates and codes, in its order. References say what they display."""
    return list(_members(resource["resourceType"], resource, "", ()))


def may_set(entry: Entry, path: str) -> bool:
    """Whether a clinician may change what stands at a place: words, numbers and dates that are not the patient's."""
    plain = _NESTED_ITEMS.sub("item", _INDEX.sub("", path))
    return plain in KINDS[entry.type].words and owner_of(entry, path) is not Origin.PATIENT


def owner_of(entry: Entry, path: str) -> Origin:
    """Whose words stand at a place: of the innermost part that holds it."""
    holding = [part for part in entry.parts if path.startswith((f"{part.path}.", f"{part.path}["))]
    return max(holding, key=lambda part: len(part.path)).origin if holding else entry.origin


def headline(resource: Mapping[str, Any]) -> str:
    """The first words of it."""
    return next((leaf.text for leaf in leaves(resource)), KINDS[resource["resourceType"]].one)


def _members(place: str, value: Mapping[str, Any], path: str, names: tuple[str, ...]) -> Iterator[Leaf]:
    children = node(place).children
    naming = _NAMED_BY.get(place)
    if naming and naming in value:
        named = [leaf.text for leaf in _values(children[naming], value[naming], naming, ())]
        names = (*names[:-1], *named[:1])
    for key, item in value.items():
        child = children.get(key)
        if child is None or child.name in _UNSAID or key == naming:
            continue
        yield from _values(child, item, f"{path}.{key}" if path else key, (*names, _spoken(child.name)))


def _values(child: Child, value: Any, path: str, names: tuple[str, ...]) -> Iterator[Leaf]:
    if child.many:
        for index, item in enumerate(value):
            yield from _value(child, item, f"{path}[{index}]", names)
    else:
        yield from _value(child, value, path, names)


def _value(child: Child, value: Any, path: str, names: tuple[str, ...]) -> Iterator[Leaf]:
    name = ", ".join(each for each in names if each).capitalize()
    if child.test:
        yield Leaf(path, name, _written(value), value, child.type)
    elif child.type in _SAID:
        yield from (Leaf(f"{path}.{at}", name, text, found, type) for at, text, found, type in _SAID[child.type](value))
    elif child.node and isinstance(value, Mapping):
        yield from _members(child.node, value, path, names)


Said = Iterator[tuple[str, str, Any, str]]  # place within, words, value, type


def _concept(value: Mapping[str, Any]) -> Said:
    if "text" in value:
        yield "text", value["text"], value["text"], "string"
    else:
        for at, text, found, type in _coding((value.get("coding") or [{}])[0]):
            yield f"coding[0].{at}", text, found, type


def _coding(value: Mapping[str, Any]) -> Said:
    for at in ("display", "code"):
        if at in value:
            yield at, value[at], value[at], "string" if at == "display" else "code"
            return


def _quantity(value: Mapping[str, Any]) -> Said:
    if "value" in value:
        unit = value.get("unit", value.get("code", ""))
        words = f"{value.get('comparator', '')} {value['value']} {unit if unit != '1' else ''}"
        yield "value", words.strip(), value["value"], "decimal"


def _reference(value: Mapping[str, Any]) -> Said:
    if "display" in value:
        yield "display", value["display"], value["display"], "string"


def _annotation(value: Mapping[str, Any]) -> Said:
    if "text" in value:
        yield "text", value["text"], value["text"], "markdown"


def _attachment(value: Mapping[str, Any]) -> Said:
    """A text is told in full, anything else by its title."""
    if str(value.get("contentType", "")).startswith("text/") and "data" in value:
        try:
            text = base64.b64decode(value["data"]).decode(errors="replace")
        except (binascii.Error, ValueError):
            return
        yield "data", text.strip(), value["data"], "base64Binary"
    elif "title" in value:
        yield "title", value["title"], value["title"], "string"


_QUANTITIES = ("Quantity", "Age", "Duration", "SimpleQuantity", "Count", "Distance", "MoneyQuantity")
_SAID = {
    "CodeableConcept": _concept,
    "Coding": _coding,
    "Reference": _reference,
    "Annotation": _annotation,
    "Attachment": _attachment,
    **dict.fromkeys(_QUANTITIES, _quantity),
}


def _written(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _spoken(name: str) -> str:
    """`dueDate` as `due date`; what says no more than that a value stands there is not said."""
    return "" if name in _BARE else re.sub(r"([A-Z])", lambda found: f" {found[1].lower()}", name)
