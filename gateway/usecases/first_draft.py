"""From what a mapping made of a payload to the draft a submission makes; nothing is written here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.errors import Issue, Unprocessable
from gateway.mapping.model import Mapped
from gateway.rules.access import Visibility
from gateway.rules.basis import Basis
from gateway.rules.composition import Outline, outline
from gateway.rules.drafting import Content, drafted, drafted_id
from gateway.rules.entries import VOICES, Entry, Mark, entry
from gateway.rules.entry_faults import NOTE, check_made
from gateway.rules.entry_kinds import KINDS
from gateway.rules.evidence import Origin
from gateway.rules.label_rules import Given
from gateway.rules.protection import SESSION, raised
from gateway.rules.provenance import Act
from gateway.rules.revision import Dossier, Revision, Skipped
from gateway.rules.whose import Whom, shared, ties, whose
from gateway.store.database import Reader
from gateway.usecases.companions import companions_of
from gateway.usecases.door import check_all
from gateway.usecases.services import Services


@dataclass(frozen=True, slots=True)
class Drafted:
    """The draft a submission makes: its dossier, its first revision and its title."""

    dossier: Dossier
    revision: Revision
    title: str


def first_draft(
    services: Services,
    db: Reader,
    visibility: Visibility,
    basis: Basis,
    whom: Whom,
    attributed: Sequence[dict[str, Any]],
    mapped: Mapped,
    mapping: str,
    at: datetime,
) -> Drafted:
    """`whom` are the patients as the payload calls them. Raises Unprocessable with every fault of what came out."""
    note, entries = contents(mapped, whom)
    if not basis.attribution.is_ai and _is_by_machine(note, entries):
        text = "A machine wrote this: the model has to be named."
        raise Unprocessable(issues=[Issue(text, "context.model", "required")])
    if basis.several and _is_by_patient(note):
        text = "A note about several patients holds no words of one of them: nobody could tell of which."
        raise Unprocessable(issues=[Issue(text, "context.patients", "not-supported")])
    skipped = tuple(Skipped(each.expression or "", each.text) for each in mapped.skipped)
    dossier = Dossier(basis, note, tuple(attributed), mapping, entries, skipped)
    protection = raised(SESSION, given(services, dossier))
    act = Act(basis, 1, at, protection=protection)
    companions = companions_of(db, visibility, basis, (), attributed)
    author = f"Device/{basis.attribution.device_id}"
    content = Content(note, dossier.statements, entries)
    revision = drafted(act, content, author, companions, services.fhir_base)
    _checked(services, basis, revision, mapped)
    return Drafted(dossier, revision, _title(note, entries))


def contents(mapped: Mapped, whom: Whom) -> tuple[Outline | None, tuple[Entry, ...]]:
    """The note and the entries among what a mapping made, of several patients each entry with its own. Raises
    Unprocessable for what no draft may hold."""
    origins = [VOICES[head.by] for head in mapped.heads]
    marks: list[list[Mark]] = [[] for _ in mapped.resources]
    for each in mapped.statements:
        marks[each.resource].append(Mark(each.path, each.segments, VOICES[each.by]))
    if issues := check_made(mapped.resources, [head.name for head in mapped.heads], marks):
        raise Unprocessable("The mapping made what no draft may hold.", issues=issues)
    note: Outline | None = None
    entries: dict[int, Entry] = {}
    for number, resource in enumerate(mapped.resources):
        if resource["resourceType"] == NOTE:
            note = outline(resource, [mark for mark in marks[number] if mark.path], origins[number])
        else:
            name = mapped.heads[number].name
            entries[number] = entry(len(entries) + 1, resource, name, origins[number], marks[number])
    return note, _owned(mapped, note, entries, whom)


def _owned(mapped: Mapped, note: Outline | None, entries: Mapping[int, Entry], whom: Whom) -> tuple[Entry, ...]:
    """Raises Unprocessable for an entry of which nobody knows whose it is, and for what would tie two patients' own."""
    places = {number: mapped.place(number) for number in entries} if len(whom) > 1 else {}
    found = {
        number: whose(mapped.heads[number].of, places.get(number) or mapped.place(number), whom)
        for number in entries
        if len(whom) > 1 or mapped.heads[number].of
    }
    issues = [issue for _, issue in found.values() if issue]
    if not issues and len(whom) > 1:
        patients = [patient for patient, _ in found.values() if patient]
        owned = shared(tuple(entries.values()), patients)
        issues = list(ties(note, owned, list(places.values())))
        entries = dict(zip(entries, owned, strict=True))
    if issues:
        raise Unprocessable("It is not clear whom each part is about.", issues=issues)
    return tuple(entries.values())


def _checked(services: Services, basis: Basis, revision: Revision, mapped: Mapped) -> None:
    """The door check; faults of what came are told by where it stands in the payload."""
    numbers = [number for number, each in enumerate(mapped.resources) if each["resourceType"] != NOTE]
    at = {
        (each.type, drafted_id(basis.draft_id, each.id)): number
        for each, number in zip(revision.entries, numbers, strict=True)
    }

    def place(resource: Mapping[str, Any]) -> str | None:
        number = at.get((resource["resourceType"], resource["id"]))
        return None if number is None else mapped.place(number)

    check_all(services, revision.resources, place)


def given(services: Services, dossier: Dossier) -> tuple[Given, ...]:
    """What the rules give to the draft today: to all of it, what they give to a part."""
    resources = [entry.resource for entry in dossier.entries]
    resources += [dossier.outline.composition] if dossier.outline else []
    return tuple(each for resource in resources for each in services.labels.given(resource, dossier.mapping))


def _is_by_machine(note: Outline | None, entries: Sequence[Entry]) -> bool:
    own = {note.origin, *(statement.origin for statement in note.statements)} if note else set()
    return Origin.MACHINE in own.union(*(each.origins for each in entries))


def _is_by_patient(note: Outline | None) -> bool:
    """Whether it holds words of a patient: of several nobody could tell of which."""
    return note is not None and Origin.PATIENT in {note.origin, *(statement.origin for statement in note.statements)}


def _title(note: Outline | None, entries: Sequence[Entry]) -> str:
    """That of the note; without one, what there is: `Care plan, 2 goals, task`."""
    if note:
        return str(note.composition["title"])[:255]
    counted = Counter(each.type for each in entries)
    words = (KINDS[type].one if count == 1 else f"{count} {KINDS[type].many}" for type, count in counted.items())
    title = ", ".join(words)
    return title[:1].upper() + title[1:]
