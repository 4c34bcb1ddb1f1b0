"""A note that an approval published here is put right: its next version, and the revision of its draft that says so.
A document that is nothing but a text is put right as one.

Origins and evidence of its sentences are kept as when a draft is amended; who corrects it, approves it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from gateway.errors import Forbidden, Issue, Unprocessable
from gateway.fhir.json import parse
from gateway.rules import text_documents
from gateway.rules.amending import Amendment, content_of, editors_of
from gateway.rules.audit import Act
from gateway.rules.basis import Approval
from gateway.rules.correction import original_of
from gateway.rules.drafting import Content, corrected, drafted, published_id, taken
from gateway.rules.evidence import Statement
from gateway.rules.note_correcting import faults, rewritten
from gateway.rules.protection import raised
from gateway.rules.provenance import Act as Told
from gateway.rules.review import State, check_reviewer, sight_of
from gateway.rules.revision import Dossier, Revision
from gateway.rules.upholding import DOCUMENTS, Rewritten
from gateway.store import drafts
from gateway.store.database import Reader, Writer
from gateway.store.drafts import Draft
from gateway.store.resources import Stored
from gateway.store.succession import Stale
from gateway.usecases.asked import Asked
from gateway.usecases.changes import Ground, Step
from gateway.usecases.companions import companions_of
from gateway.usecases.door import check_all
from gateway.usecases.first_draft import given
from gateway.usecases.known import current
from gateway.usecases.witnessing import beside, changed, tell

Json = dict[str, Any]
_ERROR = "entered-in-error"


@dataclass(frozen=True, slots=True)
class Corrected:
    """The steps to the next versions of a note's halves, and what is to be kept of it with its draft."""

    steps: tuple[Step, ...]
    draft: Draft
    revision: Revision
    told: tuple[Json, ...]


def origin(db: Reader, asked: Asked, type: str, id: str) -> tuple[Draft, Dossier, Revision] | None:
    """The draft a note was published from, what it hangs on, and the revision that was approved last."""
    sight = sight_of(asked.caller)
    found = drafts.origin_of(db, sight, type, id)
    draft = drafts.read(db, sight, found) if found else None
    if draft is None or draft.state is not State.APPROVED:
        return None
    dossier, revisions = drafts.history(db, sight, draft.id)
    return draft, dossier, next(revision for _, revision in revisions if revision.digest == draft.approved_digest)


def sentences(db: Reader, asked: Asked, stored: Stored) -> tuple[Statement, ...]:
    """The sentences of what was published as the note of a draft, as they read now, with the titles of their sections;
    of a document that is nothing but a text all of it as one; of anything else none."""
    if stored.type not in DOCUMENTS:
        return ()
    if (plain := text_documents.statement_of(parse(stored.text))) is not None:
        return (plain,)
    if (found := origin(db, asked, stored.type, stored.id)) is None:
        return ()
    draft, dossier, revision = found
    entries = {f"{each.type}/{published_id(draft.id, each.id)}" for each in dossier.entries}
    if f"{stored.type}/{stored.id}" in entries:
        return ()
    return tuple(replace(each, section=dossier.sections.get(each.section, "")) for each in revision.statements)


def is_note(parts: Sequence[Stored]) -> bool:
    return any(part.type == "Composition" for part in parts)


def reworded(part: Stored, wanted: Sequence[Rewritten], by: str, at: datetime) -> Json:
    """The next version of a document that is nothing but a text. Raises Unprocessable with every fault."""
    document = parse(part.text)
    statement = text_documents.statement_of(document)
    if statement is None:
        raise _refused(Issue("It has no sentences here: append to the document.", "statements", "not-supported"))
    if _is_error(document):
        raise _refused(Issue("All of it was entered in error.", "statements", "conflict"))
    if issues := list(text_documents.faults(statement, wanted)):
        raise _refused(*issues)
    return text_documents.reworded(document, str(wanted[0].text), by, at)


def correct(ground: Ground, sentences: Sequence[Rewritten], parts: Sequence[Stored], task: Json) -> Corrected:
    """What becomes of the `parts` of a note, its Composition among them. Raises Unprocessable with every fault, and
    Forbidden where the clinician is not known here."""
    services, asked, by = ground.services, ground.asked, check_reviewer(ground.asked.caller)
    note, (draft, dossier, former) = _checked(ground, sentences, parts)
    content = content_of(dossier, former, Amendment(rewritten(former, sentences)), by)
    editors, protection = editors_of(dossier, former, content, by), raised(former.protection, given(services, dossier))
    companions = companions_of(ground.db, asked.visibility, dossier.basis, (*editors, by), dossier.attributed)
    if f"Practitioner/{by}" not in companions:
        raise Forbidden("The practitioner of the token is not known here.")
    told = Told(dossier.basis, draft.revision + 1, asked.at, editors, protection=protection)
    revision = drafted(told, content, f"Practitioner/{by}", companions, services.fhir_base)
    act = replace(told, approval=Approval(by, draft.created_at, note.version + 1))
    formers = {f"{part.type}/{part.id}": parse(part.text) for part in parts}
    along = companions | _along(ground, draft, content)
    made, provenances = corrected(act, content, along, services.fhir_base, formers)
    check_all(services, [*revision.resources, *made, *provenances])
    steps = tuple(_steps(ground, parts, made, task))
    for each in provenances:
        ground.along.append(ground.plan(beside(Act.CREATE, note, each)))
    return Corrected(steps, draft, revision, provenances)


def _checked(
    ground: Ground, sentences: Sequence[Rewritten], parts: Sequence[Stored]
) -> tuple[Stored, tuple[Draft, Dossier, Revision]]:
    """The Composition, and what it came of. Raises Unprocessable with every fault."""
    note = next((part for part in parts if part.type == "Composition"), None)
    found = origin(ground.db, ground.asked, note.type, note.id) if note is not None else None
    if note is None or found is None:
        raise _refused(Issue("No note was approved here: append to the document.", "statements", "not-supported"))
    if any(part.redacts for part in parts):
        raise _refused(Issue("The clinician sees a part of it only.", "decision", "forbidden"))
    if any(_is_error(parse(part.text)) for part in parts):
        raise _refused(Issue("All of it was entered in error.", "statements", "conflict"))
    if issues := list(faults(found[1], found[2], sentences)):
        raise _refused(*issues)
    return note, found


def keep(writer: Writer, asked: Asked, done: Corrected) -> None:
    """In the transaction that writes the steps: the draft's revision, and what was published of it. Raises Stale where
    the draft is not as it was."""
    draft, digest = done.draft, done.revision.digest
    entry = asked.entry(Act.AMEND, None, patients=draft.patients, detail={"draft": draft.id, "digest": digest})
    decision = drafts.Decision(State.APPROVED, asked.at, check_reviewer(asked.caller))
    if not drafts.correct(writer, entry, draft, decision, done.revision):
        raise Stale
    drafts.publish(writer, entry, draft, done.told)


def _is_error(document: Json) -> bool:
    return _ERROR in (document.get("docStatus"), document["status"])


def _refused(*issues: Issue) -> Unprocessable:
    return Unprocessable("The decision cannot be carried out.", issues=list(issues))


def _along(ground: Ground, draft: Draft, content: Content) -> dict[str, Json]:
    """The entries that the note takes along, as they are now."""
    found = (current(ground, entry.type, published_id(draft.id, entry.id)) for entry in taken(content))
    return {f"{each.type}/{each.id}": parse(each.text) for each in found if each is not None and not each.is_deleted}


def _steps(ground: Ground, parts: Sequence[Stored], made: Sequence[Json], task: Json) -> list[Step]:
    """Each part's next version; what a patient's entry was deleted of is not made again."""
    resources = {f"{each['resourceType']}/{each['id']}": each for each in made}
    there = ((part, resources.get(f"{part.type}/{part.id}")) for part in parts)
    because = [original_of(task)]
    return [tell(ground, changed(Act.RESOLVE, part, each), because) for part, each in there if each is not None]
