"""What a template says of an object beside its members: the evidence it rests on, its local name, whose words it is,
and which of several patients it is about.

Also the references between entries: `{reference: "local:<name>"}` means the entry with that `{% name %}`, or whom the
gateway knows: the patient, the clinician, the custodian.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.errors import Issue
from gateway.mapping.faults import MappingRefusal

LOCAL = "local:"
KNOWN = frozenset({"patient", "clinician", "custodian"})  # whom the gateway knows: no entry, and no name of one
WRITERS = ("machine", "patient", "clinician")


@dataclass(frozen=True, slots=True)
class Mark:
    """`segments` is None where the object is no statement; `place` is where the template has it; `of` is what the
    payload calls the patient; `source` the object of the payload that it is made of, where it is made for each of a
    list."""

    place: str
    segments: tuple[str, ...] | None = None
    name: str | None = None
    by: str | None = None
    of: str | None = None
    source: object = None

    def joined(self, other: Mark) -> Mark:
        """The mark of two objects merged: all the evidence of both, and what the later says of name and writer."""
        both = None if self.segments is other.segments is None else (*(self.segments or ()), *(other.segments or ()))
        segments = None if both is None else tuple(dict.fromkeys(both))
        name, by, of = other.name or self.name, other.by or self.by, other.of or self.of
        return Mark(self.place, segments, name, by, of, self.source)


class Marked(dict[str, Any]):
    """An object that a template marked."""

    def __init__(self, content: Mapping[str, Any], mark: Mark) -> None:
        super().__init__(content)
        self.mark = mark


class LocalReference(str):
    """A text that a template put at `reference`, and where in the template that is."""

    place: str

    def __new__(cls, text: str, place: str) -> LocalReference:
        made = super().__new__(cls, text)
        made.place = place
        return made


def local_reference(value: Any, place: str) -> Any:
    """What a template puts together at `reference`: only a local name may come of it, never an address of the payload.

    Raises MappingRefusal.
    """
    if not isinstance(value, str):
        return value
    if not value.startswith(LOCAL):
        raise unfit(place, "a reference that is put together must be local:<name of an entry>")
    return LocalReference(value, place)


def names_of(made: Sequence[Any]) -> frozenset[str]:
    """The local names of the entries. Raises MappingRefusal for one used twice: references to it would be ambiguous."""
    names = set[str]()
    for item in made:
        if isinstance(item, Marked) and item.mark.name is not None:
            if item.mark.name in names or item.mark.name in KNOWN:
                raise unfit(item.mark.place, "two have the same name")
            names.add(item.mark.name)
    return frozenset(names)


def resolved(reference: LocalReference, names: frozenset[str]) -> str:
    """The reference as plain text. Raises MappingRefusal when it names no entry."""
    if reference.removeprefix(LOCAL) not in names | KNOWN:
        raise unfit(reference.place, "the reference names no entry")
    return str(reference)


def unfit(place: str, reason: str) -> MappingRefusal:
    """The payload passed its schema, but the template cannot be filled with it."""
    return MappingRefusal([Issue(f"The mapping cannot be applied at {place}: {reason}.", code="processing")])
