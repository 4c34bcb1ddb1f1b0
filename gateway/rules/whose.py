"""Of several patients whose each entry is: what the payload calls the patient, and what its context calls them.

An entry is about exactly one, whose consent alone opens it; only the note is about all. So it may not be tied to what
is about another, nor may the note take it along.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from gateway.errors import Issue
from gateway.rules.composition import Outline, fill
from gateway.rules.entries import Entry, named_in

Whom = Mapping[str, str]  # patients by what they are called


def whose(of: str | None, place: str, whom: Whom) -> tuple[str | None, Issue | None]:
    """The patient that is meant, or what is wrong; with one patient, nobody has to be named."""
    if of is None and len(whom) == 1:
        return next(iter(whom.values())), None
    if of is None:
        text = "Which of the patients this is about has to be said, as the context calls them."
        return None, Issue(text, place, "required")
    if of not in whom:
        return None, Issue("The context calls none of the patients so.", place, "not-found")
    return whom[of], None


def shared(entries: Sequence[Entry], patients: Sequence[str]) -> tuple[Entry, ...]:
    """The entries with the patient of each, where there are several."""
    return tuple(replace(entry, patient=patient) for entry, patient in zip(entries, patients, strict=True))


def ties(note: Outline | None, entries: Sequence[Entry], places: Sequence[str]) -> Iterator[Issue]:
    """What would tell of one patient in the record of another."""
    owners = {entry.name: entry.patient for entry in entries if entry.name}
    for entry, place in zip(entries, places, strict=True):
        if any(owners.get(name, entry.patient) != entry.patient for name in named_in(entry.resource)):
            yield Issue("This refers to what is about another of the patients.", place, "business-rule")
    if note and owners.keys() & named_in(fill(note, note.statements)):
        yield Issue("A note about several refers to nothing that is about one of them.", "section", "business-rule")
