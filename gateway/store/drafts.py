"""Drafts and their revisions, and which published resource came of which draft. The FHIR API reads none of this."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from gateway.fhir import json
from gateway.rules.access import ReviewerSight
from gateway.rules.audit import AuditEntry
from gateway.rules.review import Standing, State
from gateway.rules.revision import Dossier, Revision, dossier_from, dossier_to, revision_from, revision_to
from gateway.rules.subjects import SEVERAL
from gateway.store.audit import record
from gateway.store.database import Reader, Writer
from gateway.store.statements import Prepared, up_to
from gateway.store.tables import draft, draft_revision, draft_subject, publication, submission
from gateway.store.times import micros, moment


@dataclass(frozen=True, slots=True)
class Draft:
    """`patient_id` is SEVERAL where it is about the patients in `several`."""

    id: str
    submission_id: str
    session_id: str
    patient_id: str
    custodian_id: str
    device_id: str
    title: str
    state: State
    revision: int
    digest: str
    created_at: datetime
    decided_at: datetime | None = None
    decided_by: str | None = None
    approved_digest: str | None = None
    reason: str | None = None
    several: tuple[str, ...] = ()

    @property
    def patients(self) -> tuple[str, ...]:
        """All it is about."""
        return self.several or (self.patient_id,)

    @property
    def standing(self) -> Standing:
        return Standing(self.state, self.digest, self.approved_digest, self.decided_by)


@dataclass(frozen=True, slots=True)
class Decision:
    """The end of a review, or its return to the producer."""

    state: State
    at: datetime
    by: str
    reason: str | None = None


_FIELDS = tuple(name for name in Draft.__slots__ if name != "several")
_OWN = select(*(draft.c[name] for name in _FIELDS)).where(draft.c.custodian_id == bindparam("custodian_id"))
_BY_ID = Prepared(_OWN.where(draft.c.id == bindparam("id")))
_IN_STATE = _OWN.where(draft.c.state == bindparam("state")).limit(up_to("count"))
_WAITING = Prepared(_IN_STATE.order_by(draft.c.created_at, draft.c.id))
_DECIDED = Prepared(_IN_STATE.order_by(draft.c.decided_at.desc(), draft.c.id))
_INSERT = Prepared(insert(draft), _FIELDS)
_OTHER = submission.alias("other")
_OF_SESSION = Prepared(
    _OWN.join(submission, submission.c.id == draft.c.submission_id)
    .join(_OTHER, _OTHER.c.id == bindparam("submission_id"))
    .where(
        draft.c.session_id == bindparam("session_id"),
        submission.c.mapping == _OTHER.c.mapping,
    )
    .order_by(submission.c.received_at, draft.c.id)
)
_SUBJECTS = Prepared(
    select(draft_subject.c.patient_id)
    .where(draft_subject.c.draft_id == bindparam("draft_id"))
    .order_by(draft_subject.c.patient_id)
)
_ADD_SUBJECT = Prepared(insert(draft_subject), ["draft_id", "patient_id"])
_REVISION_FIELDS = ("draft_id", "revision", "patient_id", "author", "digest", "created_at", "content")
_INSERT_REVISION = Prepared(insert(draft_revision), _REVISION_FIELDS)
_REVISIONS = Prepared(
    select(draft_revision.c.revision, draft_revision.c.created_at, draft_revision.c.content)
    .join(draft, draft.c.id == draft_revision.c.draft_id)
    .where(draft.c.id == bindparam("id"), draft.c.custodian_id == bindparam("custodian_id"))
    .order_by(draft_revision.c.revision)
)
_HELD = (
    draft.c.id == bindparam("the_id"),
    draft.c.state == bindparam("from_state"),
    draft.c.digest == bindparam("was"),
)
_ADVANCE = Prepared(
    update(draft)
    .where(*_HELD)
    .values(
        state=bindparam("to_state"),
        revision=bindparam("next"),
        digest=bindparam("new_digest"),
        decided_at=None,
        decided_by=None,
        reason=None,
    )
)
_DECIDE = Prepared(
    update(draft)
    .where(*_HELD)
    .values(
        state=bindparam("to_state"),
        decided_at=bindparam("at"),
        decided_by=bindparam("by"),
        approved_digest=bindparam("approved"),
        reason=bindparam("why"),
    )
)
_CORRECT = Prepared(
    update(draft)
    .where(*_HELD)
    .values(
        revision=bindparam("next"),
        digest=bindparam("new_digest"),
        approved_digest=bindparam("new_digest"),
        decided_at=bindparam("at"),
        decided_by=bindparam("by"),
    )
)
_PUBLISH = Prepared(insert(publication), ["type", "id", "draft_id", "patient_id"])
_PUBLISHED = Prepared(
    select(publication.c.type, publication.c.id)
    .join(draft, draft.c.id == publication.c.draft_id)
    .where(draft.c.id == bindparam("id"), draft.c.custodian_id == bindparam("custodian_id"))
    .order_by(publication.c.type, publication.c.id)
)
_ORIGIN = Prepared(
    select(publication.c.draft_id)
    .join(draft, draft.c.id == publication.c.draft_id)
    .where(
        publication.c.type == bindparam("type"),
        publication.c.id == bindparam("id"),
        draft.c.custodian_id == bindparam("custodian_id"),
    )
)


def read(db: Reader, visibility: ReviewerSight, id: str) -> Draft | None:
    row = db.one(_BY_ID, {"id": id, "custodian_id": visibility.organization_id})
    return _draft(db, row) if row else None


def inbox(db: Reader, visibility: ReviewerSight, state: State, *, count: int) -> list[Draft]:
    """The custodian's drafts in a state: of those that wait the longest waiting first, of others the latest decided."""
    values = {"custodian_id": visibility.organization_id, "state": state.value, "count": count}
    return [_draft(db, row) for row in db.all(_WAITING if state is State.PENDING else _DECIDED, values)]


def of_session(db: Reader, visibility: ReviewerSight, one: Draft) -> list[Draft]:
    """The drafts made of the same session by the same mapping as `one`, which is among them, as they were received."""
    values = {"session_id": one.session_id, "submission_id": one.submission_id}
    return [_draft(db, row) for row in db.all(_OF_SESSION, values | {"custodian_id": visibility.organization_id})]


def history(db: Reader, visibility: ReviewerSight, id: str) -> tuple[Dossier, list[tuple[datetime, Revision]]]:
    """What every revision hangs on, and all revisions, the machine's first. Raises LookupError for no such draft."""
    rows = db.all(_REVISIONS, {"id": id, "custodian_id": visibility.organization_id})
    contents = [(number, moment(at), json.parse(bytes(content))) for number, at, content in rows]
    if not contents:
        raise LookupError("no such draft")
    return dossier_from(contents[0][2]), [(at, revision_from(number, content)) for number, at, content in contents]


def published(db: Reader, visibility: ReviewerSight, id: str) -> list[str]:
    """References of everything the approval of a draft published."""
    rows = db.all(_PUBLISHED, {"id": id, "custodian_id": visibility.organization_id})
    return [f"{type}/{resource_id}" for type, resource_id in rows]


def origin_of(db: Reader, visibility: ReviewerSight, type: str, id: str) -> str | None:
    """The draft a published resource came of."""
    row = db.one(_ORIGIN, {"type": type, "id": id, "custodian_id": visibility.organization_id})
    return row[0] if row else None


def add(writer: Writer, audit: AuditEntry, new: Draft, dossier: Dossier, revision: Revision) -> None:
    """Keep a new draft with its first revision and what all revisions hang on."""
    values = {name: getattr(new, name) for name in _FIELDS}
    writer.run(_INSERT, values | {"created_at": micros(new.created_at), "state": new.state.value, "decided_at": None})
    writer.run_many(_ADD_SUBJECT, [{"draft_id": new.id, "patient_id": patient} for patient in new.several])
    _keep(writer, new, revision, dossier_to(dossier))
    record(writer, audit)


def advance(writer: Writer, audit: AuditEntry, former: Draft, state: State, revision: Revision) -> bool:
    """Add the next revision; False when the draft is not as `former` any more, and then nothing is changed."""
    values = {"to_state": state.value, "next": revision.number, "new_digest": revision.digest}
    if writer.run(_ADVANCE, values | _held(former)) != 1:
        return False
    _keep(writer, former, revision, {})
    record(writer, audit)
    return True


def decide(writer: Writer, audit: AuditEntry, former: Draft, decision: Decision) -> bool:
    """Approve, return or reject; False when the draft is not as `former` any more, and then nothing is changed."""
    approved = former.digest if decision.state is State.APPROVED else None
    return _end(writer, audit, former, decision.state, decision.at, decision.by, approved, decision.reason)


def replace(writer: Writer, audit: AuditEntry, former: Draft, at: datetime) -> bool:
    """A newer draft takes its place; False when it is not as `former` any more, and then nothing is changed."""
    return _end(writer, audit, former, State.REPLACED, at, None, None, None)


def _end(
    writer: Writer,
    audit: AuditEntry,
    former: Draft,
    state: State,
    at: datetime,
    by: str | None,
    approved: str | None,
    why: str | None,
) -> bool:
    values = {"to_state": state.value, "at": micros(at), "by": by, "approved": approved, "why": why}
    if writer.run(_DECIDE, values | _held(former)) != 1:
        return False
    record(writer, audit)
    return True


def correct(writer: Writer, audit: AuditEntry, former: Draft, decision: Decision, revision: Revision) -> bool:
    """Add the revision that puts right what was approved, and is approved with it; False when the draft is not as
    `former` any more, and then nothing is changed."""
    values = {"next": revision.number, "new_digest": revision.digest, "at": micros(decision.at), "by": decision.by}
    if former.state is not State.APPROVED or writer.run(_CORRECT, values | _held(former)) != 1:
        return False
    _keep(writer, former, revision, {})
    record(writer, audit)
    return True


def publish(writer: Writer, audit: AuditEntry, former: Draft, resources: Iterable[dict[str, Any]]) -> None:
    """Remember which published resources came of the draft."""
    rows = [
        {"type": item["resourceType"], "id": item["id"], "draft_id": former.id, "patient_id": former.patient_id}
        for item in resources
    ]
    writer.run_many(_PUBLISH, rows)
    record(writer, audit)


def _held(former: Draft) -> dict[str, Any]:
    return {"the_id": former.id, "from_state": former.state.value, "was": former.digest}


def _keep(writer: Writer, of: Draft, revision: Revision, more: dict[str, Any]) -> None:
    content = json.dump(more | revision_to(revision))
    values = (of.id, revision.number, of.patient_id, revision.author, revision.digest, micros(writer.at), content)
    writer.run(_INSERT_REVISION, dict(zip(_REVISION_FIELDS, values, strict=True)))


def _draft(db: Reader, row: tuple[Any, ...]) -> Draft:
    values = dict(zip(_FIELDS, row, strict=True))
    values["state"], values["created_at"] = State(values["state"]), moment(values["created_at"])
    values["decided_at"] = moment(values["decided_at"]) if values["decided_at"] is not None else None
    if values["patient_id"] == SEVERAL:
        values["several"] = tuple(patient for (patient,) in db.all(_SUBJECTS, {"draft_id": values["id"]}))
    return Draft(**values)
