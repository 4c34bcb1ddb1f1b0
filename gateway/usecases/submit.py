"""Take in what an AI producer sends: all of it or nothing, once, and never lost.

What a known producer sends to a known mapping is kept whether it fits or not: an accepted submission with its draft, a
refused one with its reason, to be tried again after the mapping (or the patient list) is mended.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NoReturn

import structlog

from gateway.errors import Conflict, NotFound, Refusal
from gateway.events import Event
from gateway.fhir.json import dump
from gateway.fhir.outcome import outcome
from gateway.mapping.mapping import Mapping
from gateway.rules.audit import Act, AuditEntry, Outcome
from gateway.rules.review import State
from gateway.rules.subjects import subject_of
from gateway.store import drafts, submissions, transcripts
from gateway.store.database import Reader, Writer
from gateway.store.submissions import ACCEPTED, REFUSED, Part, Submission
from gateway.usecases import alerting, reprocessing
from gateway.usecases.asked import Asked
from gateway.usecases.first_draft import Drafted
from gateway.usecases.intake import Intake, Source, take_in
from gateway.usecases.processing import Concerned, ProcessingRefused, check, concerned, may_keep, permitted
from gateway.usecases.refusals import recorded
from gateway.usecases.services import Services

_log = structlog.get_logger()
_CREATED = 201
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Payload:
    """What came in: the mapping named in the address, the parts as received, the producer's key if any."""

    mapping: str
    parts: tuple[Part, ...]
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to an accepted submission; `is_repeated` when it is the first one's answer given again."""

    submission_id: str
    answer: bytes
    is_repeated: bool = False


class _Raced(Exception):
    """Another submission made the session while this one was being prepared."""


def submit(services: Services, asked: Asked, payload: Payload) -> Receipt:
    """Raises NotFound for an unknown mapping, Conflict for a key used with other content, Unprocessable with every
    fault of a payload that does not fit."""
    caller = asked.caller
    mapping = services.catalogue.get(payload.mapping)
    digest = submissions.digest_of(payload.parts)
    with recorded(services, asked, Act.SUBMIT), services.database.read() as db:
        if mapping is None:
            raise NotFound("There is no mapping of that name.")
        former = _former(db, caller.client_id, payload.mapping, digest, payload.idempotency_key)
    if former is not None and former.state == ACCEPTED:
        return again(services, asked, former, payload.parts)
    new = Submission(
        id=former.id if former else str(uuid.uuid4()),
        client_id=caller.client_id,
        custodian_id=caller.organization_id,
        mapping=mapping.name,
        mapping_version=mapping.version,
        digest=digest,
        idempotency_key=payload.idempotency_key,
        received_at=asked.at,
        state=REFUSED,
        status=0,
        answer=b"",
    )
    return attempt(services, asked, mapping, new, payload.parts)


def turn_away(services: Services, asked: Asked, refusal: Refusal) -> NoReturn:
    """Record that nothing could be taken (too large, no multipart, a race), and raise the refusal; nothing is kept."""
    with recorded(services, asked, Act.SUBMIT):
        raise refusal


def attempt(services: Services, asked: Asked, mapping: Mapping, new: Submission, parts: tuple[Part, ...]) -> Receipt:
    """Try a submission, for the first time or again, and keep the outcome either way: but nothing of what the patient
    does not permit an AI to process. Raises Refusal."""
    source = Source(new.client_id, asked.visibility, asked.at, new.received_at, new.digest)
    about = _concerned(services, asked, new, parts)
    with permitted(services, asked, about, new.id):
        for _ in range(_ATTEMPTS):
            try:
                with services.database.read() as db:
                    intake = take_in(services, db, source, mapping, parts)
                return _accept(services, asked, source, about, new, parts, intake)
            except _Raced:
                continue
            except ProcessingRefused:
                raise
            except Refusal as refusal:
                if may_keep(services, about):
                    _keep_refused(services, asked, new, parts, refusal)
                    raise
                turn_away(services, asked, refusal)
        turn_away(services, asked, Conflict("The same session is being submitted elsewhere at this moment; try again."))


def again(services: Services, asked: Asked, former: Submission, parts: tuple[Part, ...]) -> Receipt:
    """An accepted submission sent or tried once more: its first answer, while the patient still permits it."""
    about = _concerned(services, asked, former, parts)
    with permitted(services, asked, about, former.id):
        return repeated(services, asked, former, about)


def _concerned(services: Services, asked: Asked, of: Submission, parts: tuple[Part, ...]) -> Concerned:
    with services.database.read() as db:
        return concerned(db, asked, of.client_id, parts, services.limits.payload_depth)


def repeated(services: Services, asked: Asked, former: Submission, about: Concerned) -> Receipt:
    """The answer of an accepted submission, given again; asking for it is recorded."""
    detail = {"submission": former.id, "repeated": True}
    services.journal.record([asked.entry(Act.SUBMIT, None, patients=about.patients, detail=detail)]).result()
    return Receipt(former.id, former.answer, is_repeated=True)


def _former(db: Reader, client_id: str, mapping: str, digest: str, key: str | None) -> Submission | None:
    """The submission this one repeats. Raises Conflict when its key was used for another."""
    if key is not None:
        former = submissions.by_key(db, client_id, key)
        if former is not None and (former.mapping, former.digest) != (mapping, digest):
            raise Conflict("The Idempotency-Key was used with other content.")
        if former is not None:
            return former
    return submissions.by_digest(db, client_id, mapping, digest)


def _accept(
    services: Services,
    asked: Asked,
    source: Source,
    about: Concerned,
    new: Submission,
    parts: tuple[Part, ...],
    intake: Intake,
) -> Receipt:
    """Everything in one transaction; of two equal submissions at once the second gets the first one's answer."""
    with services.database.write() as writer:
        check(services, writer, about)
        first = _former(writer, new.client_id, new.mapping, new.digest, new.idempotency_key)
        is_new = first is None or first.state != ACCEPTED
        if is_new:
            accepted = _accepted(replace(new, id=first.id) if first else new, intake)
            detail = {"submission": accepted.id} | ({"draft": accepted.draft_id} if accepted.draft_id else {})
            done = asked.entry(Act.SUBMIT, None, patients=intake.patients, detail=detail)
            _store(services, writer, done, source, accepted, parts, intake, is_known=first is not None)
    if first is not None and not is_new:
        return repeated(services, asked, first, about)
    _log.info(Event.SUBMISSION_ACCEPTED, submission=accepted.id, mapping=accepted.mapping)
    return Receipt(accepted.id, accepted.answer)


def _accepted(new: Submission, intake: Intake) -> Submission:
    draft_id = intake.draft.dossier.basis.draft_id if intake.draft else None
    answer: dict[str, Any] = {
        "submission": new.id,
        "state": ACCEPTED,
        "mapping": {"name": new.mapping, "version": new.mapping_version},
        "draft": draft_id,
        "segments": len(intake.segments),
        "skipped": [{"place": each.expression, "reason": each.text} for each in intake.skipped],
    }
    patient_id = subject_of("Composition", intake.patients)
    return replace(new, state=ACCEPTED, status=_CREATED, answer=dump(answer), patient_id=patient_id, draft_id=draft_id)


def _store(
    services: Services,
    writer: Writer,
    entry: AuditEntry,
    source: Source,
    accepted: Submission,
    parts: tuple[Part, ...],
    intake: Intake,
    *,
    is_known: bool,
) -> None:
    session = intake.session
    known = transcripts.session_id(writer, session.client_id, session.patient_id, session.external_id)
    if known not in (None, session.id):
        raise _Raced
    if is_known:
        submissions.settle(writer, entry, accepted)
    else:
        submissions.add(writer, entry, services.vault, accepted, parts)
    if known is None:
        transcripts.add_session(writer, entry, session)
    if intake.segments:
        transcripts.add(
            writer,
            entry,
            services.vault,
            id=str(uuid.uuid4()),
            session=session,
            submission_id=accepted.id,
            custodian_id=intake.custodian_id,
            segments=intake.segments,
        )
    if intake.draft:
        draft, revision = _row(accepted, intake, intake.draft, source.at), intake.draft.revision
        drafts.add(writer, entry, draft, intake.draft.dossier, revision)
        reprocessing.take_place(services, writer, entry, draft, accepted.mapping)
        alerting.draft_kept(writer, entry, draft, revision.resources)


def _row(accepted: Submission, intake: Intake, draft: Drafted, at: datetime) -> drafts.Draft:
    basis = draft.dossier.basis
    return drafts.Draft(
        id=basis.draft_id,
        submission_id=accepted.id,
        session_id=basis.session_id,
        patient_id=basis.patient_id,
        several=basis.several,
        custodian_id=intake.custodian_id,
        device_id=basis.attribution.device_id,
        title=draft.title,
        state=State.PENDING,
        revision=1,
        digest=draft.revision.digest,
        created_at=at,
    )


def _keep_refused(services: Services, asked: Asked, new: Submission, parts: tuple[Part, ...], refusal: Refusal) -> None:
    """Under the id of the stored one where an equal submission was first. Raises Conflict, which is recorded, when its
    key was used for another meanwhile."""
    with recorded(services, asked, Act.SUBMIT), services.database.write() as writer:
        first = _former(writer, new.client_id, new.mapping, new.digest, new.idempotency_key)
        id = first.id if first else new.id
        answer = dump(outcome(refusal.issues))
        refused = replace(new, id=id, state=REFUSED, status=refusal.status, answer=answer)
        detail = {"submission": id, "reason": refusal.code}
        audit = asked.entry(Act.SUBMIT, None, outcome=Outcome.REFUSED, detail=detail)
        if first is None:
            submissions.add(writer, audit, services.vault, refused, parts)
        else:
            submissions.settle(writer, audit, refused)
    _log.info(Event.SUBMISSION_REFUSED, submission=id, mapping=new.mapping, faults=len(refusal.issues))
