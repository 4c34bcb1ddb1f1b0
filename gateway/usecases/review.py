"""The clinician's acts on a draft: amend, approve, return, reject. Each names the digest of what she has read.

The machine's text is never overwritten: every revision stays. An approval publishes copies under new ids.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from gateway.errors import Forbidden, PreconditionFailed, Unprocessable
from gateway.events import Event
from gateway.rules.access import Caller
from gateway.rules.amending import Amendment, check_amended, content_of, editors_of
from gateway.rules.audit import Act, AuditEntry
from gateway.rules.basis import Approval
from gateway.rules.drafting import Content, drafted, owners, published
from gateway.rules.entry_amending import WantedEntry
from gateway.rules.evidence import Wanted
from gateway.rules.protection import Choice, check_choice, chosen, lowered, raised
from gateway.rules.provenance import Act as Told
from gateway.rules.review import State, Step, check_reviewer, check_step, is_replay, sight_of
from gateway.rules.revision import Revision
from gateway.store import drafts, resources
from gateway.store.database import Reader, Writer
from gateway.store.drafts import Draft
from gateway.store.resources import Stored
from gateway.usecases import alerting, reprocessing
from gateway.usecases.asked import Asked
from gateway.usecases.companions import companions_of
from gateway.usecases.door import check_all
from gateway.usecases.first_draft import given
from gateway.usecases.refusals import recorded
from gateway.usecases.reviewable import reviewable
from gateway.usecases.services import Services

_log = structlog.get_logger()
_ACTS = {Step.AMEND: Act.AMEND, Step.APPROVE: Act.APPROVE, Step.RETURN: Act.RETURN, Step.REJECT: Act.REJECT}


@dataclass(frozen=True, slots=True)
class Decided:
    """Where a draft stands after a step. `published` are references, the DocumentReference among them."""

    draft_id: str
    state: State
    digest: str
    revision: int
    at: datetime
    by: str
    published: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Step:
    """One step of one reviewer, as far as it is the same for all steps."""

    services: Services
    asked: Asked
    practitioner_id: str
    draft: Draft
    act: Act

    def entry(self, digest: str, target: str | None = None, *, lowered: Sequence[str] = ()) -> AuditEntry:
        """What is recorded of it: `digest` is that of the content it is about, `lowered` the labels it took off."""
        detail = {"draft": self.draft.id, "digest": digest} | ({"lowered": list(lowered)} if lowered else {})
        return self.asked.entry(self.act, target, patients=self.draft.patients, detail=detail)


def amendment(
    services: Services,
    asked: Asked,
    draft_id: str,
    digest: str,
    wanted: Sequence[Wanted] | None,
    choice: Choice | None = None,
    entries: Sequence[WantedEntry] = (),
) -> Decided:
    """Add a revision with the statements (None: as they are) and entries as she wants them, and the protection of her
    choice. Raises NotFound, PreconditionFailed, Conflict, and Unprocessable with every fault of what is wanted."""

    def change(step: _Step, state: State) -> Decided:
        former, revision, off = _amended(step, Amendment(wanted, tuple(entries), choice))
        entry = step.entry(revision.digest, lowered=off)
        with services.database.write() as writer:
            if not drafts.advance(writer, entry, step.draft, state, revision):
                raise PreconditionFailed
            alerting.draft_amended(writer, entry, step.draft, revision.resources, former.resources)
        return Decided(draft_id, state, revision.digest, revision.number, asked.at, step.practitioner_id)

    return _stepped(services, asked, draft_id, digest, Step.AMEND, change)


def approve(services: Services, asked: Asked, draft_id: str, digest: str) -> Decided:
    """Bind the clinician to exactly this content and publish it. Approving again what she has approved has no effect.
    Raises NotFound, PreconditionFailed when the content is another or somebody else was first, Conflict."""

    def publish(step: _Step, state: State) -> Decided:
        made, attributed, formers, whose = _approved(step)
        decision = drafts.Decision(state, asked.at, step.practitioner_id)
        references = tuple(sorted(f"{item['resourceType']}/{item['id']}" for item in made))
        entry = step.entry(digest, f"{_leading(references)}/_history/1")
        try:
            with services.database.write() as writer:
                if not drafts.decide(writer, entry, step.draft, decision):
                    raise PreconditionFailed
                _make_known(writer, entry, step, attributed)
                for item in made:
                    resources.publish(writer, entry, _new(item, step.draft, whose))
                drafts.publish(writer, entry, step.draft, made)
                reprocessing.supersede(services, writer, asked, entry, formers, made)
        except PreconditionFailed:
            return _approved_meanwhile(step)
        return _decided(step.draft, decision, references)

    return _stepped(services, asked, draft_id, digest, Step.APPROVE, publish)


def give_back(services: Services, asked: Asked, draft_id: str, digest: str, reason: str) -> Decided:
    """Return the draft to its producer, who reads the reason."""
    return _closed(services, asked, draft_id, digest, Step.RETURN, reason)


def reject(services: Services, asked: Asked, draft_id: str, digest: str, reason: str) -> Decided:
    """End the draft: nothing of it is ever published."""
    return _closed(services, asked, draft_id, digest, Step.REJECT, reason)


def _closed(services: Services, asked: Asked, draft_id: str, digest: str, step: Step, reason: str) -> Decided:
    def close(one: _Step, state: State) -> Decided:
        decision = drafts.Decision(state, asked.at, one.practitioner_id, reason)
        with services.database.write() as writer:
            if not drafts.decide(writer, one.entry(digest), one.draft, decision):
                raise PreconditionFailed
        return _decided(one.draft, decision, ())

    return _stepped(services, asked, draft_id, digest, step, close)


def _stepped(
    services: Services,
    asked: Asked,
    draft_id: str,
    digest: str,
    step: Step,
    do: Callable[[_Step, State], Decided],
) -> Decided:
    """Find the draft, ask the rules, do it; a refusal is audited."""
    with recorded(services, asked, _ACTS[step]):
        practitioner_id = check_reviewer(asked.caller)
        with services.database.read() as db:
            draft = reviewable(db, asked, draft_id)
            is_again = step is Step.APPROVE and is_replay(draft.standing, practitioner_id, digest)
            again = _standing(db, asked.caller, draft) if is_again else None
        if again is not None:
            return _repeated(services, asked, draft, again)
        state = check_step(draft.standing, step, digest)
        decided = do(_Step(services, asked, practitioner_id, draft, _ACTS[step]), state)
    _log.info(Event.REVIEW_DECIDED, draft=draft_id, step=step.value, revision=decided.revision)
    return decided


def _amended(step: _Step, wanted: Amendment) -> tuple[Revision, Revision, Sequence[str]]:
    """The revision she has read, the next one, and the labels that her choice takes off."""
    services, draft, by, choice = step.services, step.draft, step.practitioner_id, wanted.choice
    with services.database.read() as db:
        dossier, revisions = drafts.history(db, sight_of(step.asked.caller), draft.id)
        former = revisions[-1][1]
        before = raised(former.protection, given(services, dossier))
        if issues := [*check_amended(dossier, former, wanted), *(check_choice(before, choice) if choice else ())]:
            raise Unprocessable("The amendment has faults.", issues=issues)
        content = content_of(dossier, former, wanted, by)
        protection = chosen(before, choice, by) if choice else before
        is_same = (content.statements, content.entries, protection) == (
            former.statements,
            former.entries,
            former.protection,
        )
        if is_same and draft.state is State.PENDING:
            raise Unprocessable("The amendment changes nothing.")
        editors = editors_of(dossier, former, content, by)
        companions = companions_of(db, step.asked.visibility, dossier.basis, editors, dossier.attributed)
    told = Told(dossier.basis, draft.revision + 1, step.asked.at, editors, protection=protection)
    revision = drafted(told, content, f"Practitioner/{by}", companions, services.fhir_base)
    check_all(services, revision.resources)
    return former, revision, lowered(before, choice) if choice else ()


def _leading(references: Sequence[str]) -> str:
    """The one of what was published that stands for all: the note's index entry, or what there is."""
    return min(references, key=lambda each: (each.startswith("Provenance/"), not each.startswith("DocumentReference/")))


def _new(item: dict[str, Any], draft: Draft, whose: Mapping[str, str]) -> resources.New:
    """What is about one of several patients, and what tells of that, is that patient's; the rest is about all."""
    is_record = item["resourceType"] == "Provenance"
    about = [each["reference"] for each in item["target"]] if is_record else [f"{item['resourceType']}/{item['id']}"]
    own = {whose.get(name.partition("/_history/")[0]) for name in about}
    if len(own) == 1 and (patient := own.pop()):
        return resources.New(item, patient, draft.custodian_id)
    return resources.New(item, draft.patient_id, draft.custodian_id, patients=draft.several)


def _approved(
    step: _Step,
) -> tuple[tuple[dict[str, Any], ...], tuple[dict[str, Any], ...], list[Stored], Mapping[str, str]]:
    """What approval publishes, the Device, card and prompt it makes known, the documents it replaces, and of several
    patients which one each entry is about."""
    services, draft, by = step.services, step.draft, step.practitioner_id
    with services.database.read() as db:
        dossier, revisions = drafts.history(db, sight_of(step.asked.caller), draft.id)
        revision = next(revision for _, revision in revisions if revision.digest == draft.digest)
        people = dict.fromkeys((*revision.editors, by))
        companions = companions_of(db, step.asked.visibility, dossier.basis, people, dossier.attributed)
        formers = reprocessing.superseding(services, db, step.asked, draft, dossier.mapping)
    if not {f"Practitioner/{by}", *(f"Patient/{id}" for id in draft.patients)} <= companions.keys():
        raise Forbidden("The practitioner of the token is not known here, or its purpose does not open the record.")
    approval, protection = Approval(by, draft.created_at), raised(revision.protection, given(services, dossier))
    told = Told(dossier.basis, revision.number, step.asked.at, revision.editors, approval, protection)
    content = Content(dossier.outline, revision.statements, revision.entries)
    made = reprocessing.replacing(published(told, content, companions, services.fhir_base), formers)
    check_all(services, made)
    return made, dossier.attributed, formers, owners(content.entries, draft.id)


def _make_known(writer: Writer, entry: AuditEntry, step: _Step, attributed: Sequence[dict[str, Any]]) -> None:
    """Publish those of Device, card and prompt that are not published yet."""
    for item in attributed:
        if resources.read(writer, step.asked.visibility, item["resourceType"], item["id"]) is None:
            resources.publish(writer, entry, resources.New(item, None, step.draft.custodian_id))


def _approved_meanwhile(step: _Step) -> Decided:
    """Somebody was faster: the same clinician (the same approval sent twice), or another."""
    with step.services.database.read() as db:
        now = drafts.read(db, sight_of(step.asked.caller), step.draft.id)
        if now is None or not is_replay(now.standing, step.practitioner_id, step.draft.digest):
            raise PreconditionFailed
        again = _standing(db, step.asked.caller, now)
    return _repeated(step.services, step.asked, now, again)


def _repeated(services: Services, asked: Asked, draft: Draft, again: Decided) -> Decided:
    """The answer of an approval, given again; asking for it is recorded."""
    detail = {"draft": draft.id, "digest": again.digest, "repeated": True}
    entry = asked.entry(Act.APPROVE, f"{_leading(again.published)}/_history/1", patients=draft.patients, detail=detail)
    services.journal.record([entry]).result()
    return again


def _standing(db: Reader, caller: Caller, draft: Draft) -> Decided:
    references = tuple(drafts.published(db, sight_of(caller), draft.id))
    decision = drafts.Decision(draft.state, draft.decided_at or draft.created_at, draft.decided_by or "")
    return _decided(draft, decision, references)


def _decided(draft: Draft, decision: drafts.Decision, references: tuple[str, ...]) -> Decided:
    return Decided(
        draft.id, decision.state, draft.digest, draft.revision, decision.at, decision.by, published=references
    )
