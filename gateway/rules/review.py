"""The life of a draft as a table, and the digest an approval is bound to. `check_…` raises, `may_…` answers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from gateway.errors import Conflict, Forbidden, PreconditionFailed
from gateway.rules.access import Caller, ReviewerSight
from gateway.rules.scopes import TRANSCRIPTS


class State(StrEnum):
    PENDING = "pending"
    RETURNED = "returned"
    APPROVED = "approved"
    REJECTED = "rejected"
    REPLACED = "replaced"  # by a newer draft of the same session, before anybody approved it


class Step(StrEnum):
    AMEND = "amend"
    APPROVE = "approve"
    RETURN = "return"
    REJECT = "reject"


# A returned draft is the producer's to replace; a reviewer takes it up again by amending it.
STEPS: Mapping[State, Mapping[Step, State]] = {
    State.PENDING: {
        Step.AMEND: State.PENDING,
        Step.APPROVE: State.APPROVED,
        Step.RETURN: State.RETURNED,
        Step.REJECT: State.REJECTED,
    },
    State.RETURNED: {Step.AMEND: State.PENDING, Step.REJECT: State.REJECTED},
    State.APPROVED: {},
    State.REJECTED: {},
    State.REPLACED: {},
}
# What a newer draft takes the place of: nobody has decided, or the producer was asked for another.
REPLACEABLE = frozenset({State.PENDING, State.RETURNED})


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a draft stands: all a step is judged by."""

    state: State
    digest: str
    approved_digest: str | None = None
    decided_by: str | None = None


def may_step(state: State, step: Step) -> bool:
    return step in STEPS[state]


def is_replay(standing: Standing, practitioner_id: str, digest: str) -> bool:
    """Whether the same clinician approves once more what she has approved already."""
    return standing.state is State.APPROVED and (standing.decided_by, standing.approved_digest) == (
        practitioner_id,
        digest,
    )


def check_step(standing: Standing, step: Step, digest: str) -> State:
    """The state the step leads to. Raises PreconditionFailed when the content is not the one that was read, or was
    approved by somebody else meanwhile; Conflict when the state does not allow the step."""
    if digest != standing.digest:
        raise PreconditionFailed
    if step is Step.APPROVE and standing.state is State.APPROVED:
        raise PreconditionFailed("The draft has been approved by somebody else.")
    if not may_step(standing.state, step):
        raise Conflict(f"A draft that is {standing.state} cannot take the step '{step}'.")
    return STEPS[standing.state][step]


def check_reviewer(caller: Caller) -> str:
    """The practitioner who acts. Raises Forbidden when the token was not given to a person."""
    if caller.practitioner_id is None:
        raise Forbidden("Only a clinician who has signed in can review.")
    return caller.practitioner_id


def sight_of(caller: Caller) -> ReviewerSight:
    """What is said in sessions takes a scope of its own: a reviewer without it sees when who spoke, not the words."""
    return ReviewerSight(caller.organization_id, words=TRANSCRIPTS in caller.scopes)


def content_digest(resources: Sequence[Mapping[str, Any]]) -> str:
    """SHA-256 over the canonical JSON of the resources: keys sorted, no white space, decimals as written."""
    text = json.dumps(
        resources, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_decimal
    )
    return hashlib.sha256(text.encode()).hexdigest()


def _decimal(value: object) -> dict[str, str]:
    """A decimal by its lexeme: 1.0 and 1.00 are different content."""
    if not isinstance(value, Decimal):
        raise TypeError(type(value).__name__)
    return {"decimal": str(value)}
