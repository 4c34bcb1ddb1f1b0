"""The custodian's side of a request for a correction: asked, extended, decided, rebutted; or taken back by who made it.

https://hl7.org/fhir/uv/patient-corrections, 45 CFR 164.526. What is upheld is put right in the same transaction, with
its Provenance, and every organization that was given it is told to fetch it again.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from gateway.errors import Issue, NotFound, PreconditionFailed, Unprocessable
from gateway.fhir.json import parse
from gateway.rules import correction_letters as letters
from gateway.rules import upholding
from gateway.rules.audit import Act
from gateway.rules.correction import Step, asker_of, check_step, extended_to, original_of, stage_of
from gateway.rules.correction_letters import Letter
from gateway.rules.review import check_reviewer, sight_of
from gateway.rules.upholding import DOCUMENTS, Remedy
from gateway.store import deliveries, drafts, reads
from gateway.store.database import Reader, Writer
from gateway.store.deliveries import Notice
from gateway.store.resources import Stored
from gateway.usecases import changes
from gateway.usecases.asked import Asked
from gateway.usecases.changes import Ground, Planned, Written, carry_out, carry_out_with
from gateway.usecases.correction_request import check_asker, item_of, stepped, task_of, write
from gateway.usecases.door import check_all
from gateway.usecases.known import current, is_own_patient
from gateway.usecases.note_correction import Corrected, correct, is_note, keep, reworded
from gateway.usecases.refusals import recorded
from gateway.usecases.services import Services
from gateway.usecases.witnessing import beside, changed, tell

KIND = "correction"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Decision:
    """What a clinician decides: `step` is ACCEPT, PARTIAL or DENY, `reason` what the patient reads, `item_version` the
    version of what is disputed that she has read."""

    step: Step
    reason: str
    remedy: Remedy = field(default_factory=Remedy)
    item_version: int | None = None


def decide(services: Services, asked: Asked, id: str, decision: Decision, *, version: int | None = None) -> Stored:
    """The Task as decided. Raises NotFound, PreconditionFailed when `version`, or that of what is disputed, is not
    current, Conflict when it has been decided, Unprocessable for what cannot be put right so."""
    told, notes = list[str](), list[Corrected]()

    def plan(ground: Ground) -> list[Planned]:
        told.clear()
        notes.clear()
        found, task = _opened(ground, id, version)
        check_step(stage_of(task), decision.step)
        item = item_of(ground, task)
        if item and decision.item_version not in (None, item.version):
            raise PreconditionFailed
        _check(decision, item)
        upheld: list[changes.Step] = []
        if item and decision.step is not Step.DENY:
            parts = [item, *_other_half(ground, item)]
            if decision.remedy.sentences and is_note(parts):
                notes.append(correct(ground, decision.remedy.sentences, parts, task))
                upheld = list(notes[0].steps)
            else:
                upheld = list(_put_right(ground, decision, parts, task))
        told.extend(step.reference for step in upheld)
        answer = _answer(ground, task, decision.reason, item, [f"{each.reference}" for each in upheld])
        return [stepped(ground, found, task, decision.step, answer.reference), answer, *upheld]

    def conclude(writer: Writer, written: tuple[Written, ...]) -> Stored:
        task = written[0].stored
        assert task is not None
        for each in notes:
            keep(writer, asked, each)
        _notify(writer, asked, task, told)
        return task

    with recorded(services, asked, Act.RESOLVE, "Task"):
        check_reviewer(asked.caller)
        return carry_out_with(services, asked, plan, conclude)


def ask(services: Services, asked: Asked, id: str, text: str, *, version: int | None = None) -> Stored:
    """The Task, which waits for an answer of the patient. Raises NotFound, PreconditionFailed, Conflict."""
    return _said(services, asked, id, text, Step.ASK, version)


def extend(
    services: Services, asked: Asked, id: str, reason: str, until: date, *, version: int | None = None
) -> Stored:
    """The Task, to be decided later than in sixty days, as the patient is told. Raises NotFound, PreconditionFailed,
    Conflict, and Unprocessable for a day that is too late or too soon."""

    def plan(ground: Ground) -> list[Planned]:
        found, task = _opened(ground, id, version)
        check_step(stage_of(task), Step.EXTEND)
        due = extended_to(task, until, asked.at)
        answer = _answer(ground, task, letters.of_extension(reason, due), item_of(ground, task), [])
        return [stepped(ground, found, letters.extended(task, due), Step.EXTEND), answer]

    with recorded(services, asked, Act.RESOLVE, "Task"):
        check_reviewer(asked.caller)
        return _task(carry_out(services, asked, plan))


def rebut(services: Services, asked: Asked, id: str, text: str, *, version: int | None = None) -> Stored:
    """The Task of a disagreement, with the custodian's rebuttal. Raises NotFound, PreconditionFailed, Conflict."""
    return _said(services, asked, id, text, Step.REBUT, version)


def withdraw(services: Services, asked: Asked, id: str) -> Stored:
    """The Task, taken back by the patient, or by the clinic for the patient. Raises Forbidden, NotFound, Conflict."""

    def plan(ground: Ground) -> list[Planned]:
        found, task = task_of(ground, id)
        if not is_own_patient(ground, asker_of(task)):
            raise NotFound
        return [stepped(ground, found, task, Step.WITHDRAW)]

    with recorded(services, asked, Act.RESOLVE, "Task"):
        check_asker(asked.caller)
        return _task(carry_out(services, asked, plan))


def _said(services: Services, asked: Asked, id: str, text: str, step: Step, version: int | None) -> Stored:
    def plan(ground: Ground) -> list[Planned]:
        found, task = _opened(ground, id, version)
        check_step(stage_of(task), step)
        answer = _answer(ground, task, text, item_of(ground, task), [])
        return [stepped(ground, found, task, step, answer.reference if step is Step.REBUT else None), answer]

    with recorded(services, asked, Act.RESOLVE, "Task"):
        check_reviewer(asked.caller)
        return _task(carry_out(services, asked, plan))


def _opened(ground: Ground, id: str, version: int | None) -> tuple[Stored, Json]:
    found, task = task_of(ground, id)
    if version not in (None, found.version):
        raise PreconditionFailed
    return found, task


def _check(decision: Decision, item: Stored | None) -> None:
    """Raises Unprocessable where nothing is to be put right but something is said to be, or the other way round."""
    remedy = decision.remedy
    if decision.step is Step.DENY or item is None:
        text = "Nothing is put right by this decision."
        issues = [] if remedy.is_empty else [Issue(text, "decision", "conflict")]
    elif item.redacts:
        issues = [Issue("The clinician sees a part of it only.", "decision", "forbidden")]
    else:
        issues = list(upholding.faults(parse(item.text), remedy))
    if issues:
        raise Unprocessable("The decision cannot be carried out.", issues=issues)


def _answer(ground: Ground, task: Json, text: str, item: Stored | None, about: Sequence[str]) -> changes.Step:
    """What the patient reads of it."""
    letter = Letter(f"Practitioner/{ground.asked.caller.practitioner_id}", text, tuple(about))
    return write(ground, letters.answering(letter, str(uuid.uuid4()), task, ground.asked.at), item)


def _put_right(ground: Ground, decision: Decision, parts: Sequence[Stored], task: Json) -> Iterator[changes.Step]:
    """The next version of what is disputed, and of the other half of a document; last, what is appended to it."""
    asked, because = ground.asked, [original_of(task)]
    by, custodian = f"Practitioner/{asked.caller.practitioner_id}", f"Organization/{asked.caller.organization_id}"
    for part in parts:
        if decision.remedy.sentences:
            made = reworded(part, decision.remedy.sentences, by, asked.at)
        else:
            made = upholding.upheld(parse(part.text), decision.remedy, decision.reason, by, asked.at)
        check_all(ground.services, [made])
        yield tell(ground, changed(Act.RESOLVE, part, made), because)
    text = decision.remedy.addendum
    for part in parts if text else ():
        if part.type == "DocumentReference":
            made = upholding.appendix(str(uuid.uuid4()), parse(part.text), str(text), by, custodian, asked.at)
            check_all(ground.services, [made])
            yield tell(ground, beside(Act.DISPUTE, part, made), because)


def _other_half(ground: Ground, item: Stored) -> Iterator[Stored]:
    """Of a document that an approval published its Composition, or its DocumentReference: they share an identifier."""
    sight = sight_of(ground.asked.caller)
    origin = drafts.origin_of(ground.db, sight, item.type, item.id) if item.type in DOCUMENTS else None
    for type, _, id in (each.partition("/") for each in drafts.published(ground.db, sight, origin or "")):
        other = current(ground, type, id) if type in DOCUMENTS and id != item.id else None
        if other is not None and not other.is_deleted and _names(other) & _names(item):
            yield other


def _names(document: Stored) -> set[str]:
    named = parse(document.text).get("identifier", [])
    return {each["value"] for each in (named if isinstance(named, list) else [named]) if "value" in each}


def _notify(writer: Writer, asked: Asked, task: Stored, corrected: Sequence[str]) -> None:
    """Tell everybody who was given what is now put right."""
    patient, custodian = asker_of(parse(task.text)), asked.caller.organization_id
    for organization in holders(writer, asked, patient, corrected):
        detail = {"organization": f"Organization/{organization}"}
        entry = asked.entry(Act.RESOLVE, f"Task/{task.id}", patient_id=patient, detail=detail)
        ids = {"resources": " ".join(corrected)}
        deliveries.queue(writer, entry, Notice(KIND, custodian, organization, f"Task/{task.id}", ids))


def holders(db: Reader, asked: Asked, patient: str, references: Sequence[str]) -> list[str]:
    """The organizations that were given any of these, first of all the first; not the custodian itself."""
    given = reads.reads_of(db, asked.visibility, patient, references, "") if references else []
    named = (each.organization_id for each in given if each.organization_id != asked.caller.organization_id)
    return list(dict.fromkeys(each for each in named if each))


def _task(written: Sequence[Written]) -> Stored:
    stored = written[0].stored
    assert stored is not None
    return stored
