"""What became of a submission, which were refused, and trying a refused one again after its mapping was mended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from gateway.errors import NotFound
from gateway.fhir.json import parse
from gateway.rules.audit import Act
from gateway.rules.review import sight_of
from gateway.store import drafts, submissions
from gateway.store.submissions import ACCEPTED, Submission
from gateway.usecases.asked import Asked
from gateway.usecases.refusals import recorded
from gateway.usecases.services import Services
from gateway.usecases.submit import Receipt, again, attempt


@dataclass(frozen=True, slots=True)
class Standing:
    """A submission as its producer may see it; `review` is the state of the draft, `reason` what a reviewer said when
    she returned or rejected it, `answer` what the submission was answered."""

    id: str
    state: str
    mapping: str
    mapping_version: str
    received_at: datetime
    answer: dict[str, Any]
    review: str | None = None
    reason: str | None = None


def standing_of(services: Services, asked: Asked, submission_id: str) -> Standing:
    """Raises NotFound for a submission of another client, as for one that never was."""
    with recorded(services, asked, Act.READ), services.database.read() as db:
        found = submissions.of_client(db, asked.caller.client_id, submission_id)
        if found is None:
            raise NotFound
        draft = drafts.read(db, sight_of(asked.caller), found.draft_id) if found.draft_id else None
    entry = asked.entry(Act.READ, None, patient_id=found.patient_id, detail={"submission": found.id})
    services.journal.record([entry]).result()
    return Standing(
        found.id,
        found.state,
        found.mapping,
        found.mapping_version,
        found.received_at,
        parse(found.answer),
        draft.state.value if draft else None,
        draft.reason if draft else None,
    )


def refused(services: Services, asked: Asked, *, count: int = 100) -> list[Submission]:
    """The refused submissions of the caller's organization, newest first; each answer is an OperationOutcome."""
    with services.database.read() as db:
        return submissions.refused(db, sight_of(asked.caller), count=count)


def refused_by(services: Services, keepers: Iterable[Asked], *, count: int = 100) -> list[Submission]:
    """The refused submissions of several organizations, for who may act for each of them, newest first."""
    found = [submission for asked in keepers for submission in refused(services, asked, count=count)]
    return sorted(found, key=lambda submission: submission.received_at, reverse=True)[:count]


def keeps(services: Services, asked: Asked, submission_id: str) -> bool:
    """Whether the caller's organization keeps a submission of this id."""
    with services.database.read() as db:
        return submissions.read(db, sight_of(asked.caller), submission_id) is not None


def replay(services: Services, asked: Asked, submission_id: str) -> Receipt:
    """Try a refused submission again, from the bytes as they were received. An accepted one gives its answer again.
    Raises NotFound, or the Refusal that it meets this time."""
    sight = sight_of(asked.caller)
    with recorded(services, asked, Act.SUBMIT), services.database.read() as db:
        found = submissions.read(db, sight, submission_id)
        mapping = services.catalogue.get(found.mapping) if found else None
        if found is None or mapping is None:
            raise NotFound
        parts = tuple(submissions.parts(db, sight, services.vault, found.id))
    if found.state == ACCEPTED:
        return again(services, asked, found, parts)
    return attempt(services, asked, mapping, replace(found, mapping_version=mapping.version), parts)
