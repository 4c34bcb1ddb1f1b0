"""What a reviewer sees: the drafts that wait, and one of them, each statement beside the lines it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from gateway.fhir import json
from gateway.rules.audit import Act
from gateway.rules.entries import Entry
from gateway.rules.entry_amending import diff_entries
from gateway.rules.evidence import Change, Origin, Statement, diff, segment_identifier
from gateway.rules.protection import differences
from gateway.rules.rendering import name_of
from gateway.rules.review import State, check_reviewer, sight_of
from gateway.rules.revision import Dossier, Revision
from gateway.store import drafts, resources, transcripts
from gateway.store.database import Reader
from gateway.store.drafts import Draft
from gateway.store.transcripts import Spoken
from gateway.usecases import reviewable
from gateway.usecases.asked import Asked
from gateway.usecases.refusals import recorded
from gateway.usecases.reviewed_entries import ReviewedEntry, removed, reviewed
from gateway.usecases.services import Services


@dataclass(frozen=True, slots=True)
class Line:
    """A transcript line a statement rests on; without `segment` the transcript has not come (or has no such line)."""

    segment_id: str
    identifier: str
    segment: Spoken | None


@dataclass(frozen=True, slots=True)
class Sentence:
    """A statement of the current revision, the words the machine wrote in its place, and its evidence."""

    statement: Statement
    machine_text: str | None
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Edit:
    """What one revision changed of the one before."""

    revision: int
    author: str
    at: datetime
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A draft in the inbox. `start` is the session's; `unproven` counts the machine's sentences without evidence."""

    draft: Draft
    patient: str
    model: str
    start: str
    sentences: int
    unproven: int
    entries: int = 0


@dataclass(frozen=True, slots=True)
class View:
    """One draft as its reviewer sees it. `sections` are the titles by id, in order; `entry_lines` what each entry rests
    on, by its id; `whose` the name of whom it is about, by its id, where the draft is about several."""

    draft: Draft
    dossier: Dossier
    revision: Revision
    patient: str
    model: str
    sections: Mapping[str, str]
    sentences: tuple[Sentence, ...]
    entries: tuple[ReviewedEntry, ...]
    removed: tuple[Entry, ...]
    edits: tuple[Edit, ...]
    entry_lines: Mapping[str, tuple[Line, ...]]
    whose: Mapping[str, str]


def inbox(services: Services, asked: Asked, state: State = State.PENDING, *, count: int = 100) -> list[Waiting]:
    """The drafts of her organization in a state, the longest waiting first. Raises Forbidden without a clinician."""
    with recorded(services, asked, Act.REVIEW_READ):
        check_reviewer(asked.caller)
        with services.database.read() as db:
            found = reviewable.waiting(db, asked, state, count)
            waiting = [_waiting(db, asked, each) for each in found]
    patients = dict.fromkeys(patient for each in found for patient in each.patients)
    detail = {"inbox": state.value}
    entries = [asked.entry(Act.REVIEW_READ, None, patient_id=patient, detail=detail) for patient in patients]
    services.journal.record(entries).result()
    return waiting


def _waiting(db: Reader, asked: Asked, draft: Draft) -> Waiting:
    dossier, revisions = drafts.history(db, sight_of(asked.caller), draft.id)
    statements, entries = revisions[-1][1].statements, revisions[-1][1].entries
    unproven = sum(not each.evidence and each.origin in (Origin.MACHINE, Origin.REVISION) for each in statements)
    names = _names(db, asked, draft, dossier)
    return Waiting(draft, *names, dossier.basis.start, len(statements), unproven, len(entries))


def view(services: Services, asked: Asked, draft_id: str) -> View:
    """Raises NotFound, also for a draft of another organization or withheld, and Forbidden without a clinician."""
    with recorded(services, asked, Act.REVIEW_READ):
        check_reviewer(asked.caller)
        with services.database.read() as db:
            draft = reviewable.reviewable(db, asked, draft_id)
            found = _view(services, db, asked, draft)
    detail = {"draft": draft_id, "digest": draft.digest}
    services.journal.record([asked.entry(Act.REVIEW_READ, None, patients=draft.patients, detail=detail)]).result()
    return found


def _view(services: Services, db: Reader, asked: Asked, draft: Draft) -> View:
    sight = sight_of(asked.caller)
    dossier, revisions = drafts.history(db, sight, draft.id)
    segments = transcripts.segments(db, sight, services.vault, draft.session_id)
    machine = {statement.id: statement.text for statement in dossier.statements}
    current = revisions[-1][1]
    patients = _patients(db, asked, draft)
    return View(
        draft,
        dossier,
        current,
        *_names(db, asked, draft, dossier),
        sections=dossier.sections,
        sentences=tuple(
            Sentence(each, machine.get(each.id), lines_of(each.evidence, draft.session_id, segments))
            for each in current.statements
        ),
        entries=reviewed(dossier, current),
        removed=removed(dossier, current),
        edits=edits_of(revisions),
        entry_lines={each.id: lines_of(each.segments, draft.session_id, segments) for each in current.entries},
        whose={each.id: patients[each.patient] for each in current.entries if each.patient},
    )


def lines_of(evidence: Sequence[str], session_id: str, segments: Mapping[str, Spoken]) -> tuple[Line, ...]:
    return tuple(Line(id, segment_identifier(session_id, id), segments.get(id)) for id in evidence)


def edits_of(revisions: list[tuple[datetime, Revision]]) -> tuple[Edit, ...]:
    """What each revision after the machine's changed."""
    pairs = pairwise(revisions)
    return tuple(
        Edit(latter.number, latter.author, at, _changes(former, latter)) for (_, former), (at, latter) in pairs
    )


def _changes(former: Revision, latter: Revision) -> tuple[Change, ...]:
    return (
        *diff(former.statements, latter.statements),
        *diff_entries(former.entries, latter.entries),
        *differences(former.protection, latter.protection),
    )


def _names(db: Reader, asked: Asked, draft: Draft, dossier: Dossier) -> tuple[str, str]:
    """How the patients and the model are called."""
    device = next((item for item in dossier.attributed if item["id"] == draft.device_id), None)
    return ", ".join(_patients(db, asked, draft).values()), name_of(device, "unnamed")


def _patients(db: Reader, asked: Asked, draft: Draft) -> dict[str, str]:
    """The names of all it is about, by their ids; in the order of the names, the same wherever they stand."""
    found = ((id, resources.read(db, asked.visibility, "Patient", id)) for id in draft.patients)
    named = {id: name_of(json.parse(each.text) if each and each.text else None, "unnamed") for id, each in found}
    return dict(sorted(named.items(), key=lambda one: one[1]))
