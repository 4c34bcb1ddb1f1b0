"""Who is calling, and what that caller may see: the two values every read hangs on.

A `Visibility` is computed from the verified token and the registered purpose of its client, never
from the caller's words. The store joins it to every SELECT on patient content; `rules.consent`
asks the pure rule again on each row that leaves.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

# Purposes for which the custodian may use its own record without a consent (policy, not law of FHIR).
CUSTODIAN_PURPOSES = frozenset({"TREAT", "COC", "HOPERAT"})
# Content about no patient (models, cards, organizations, practitioners) is open to every caller up to here.
OPEN_CONFIDENTIALITY = frozenset({"U", "L", "N"})


@dataclass(frozen=True, slots=True)
class Caller:
    """A verified caller. `purpose` is a v3-ActReason code fixed when client or user was registered."""

    token_id: str
    client_id: str
    organization_id: str
    scopes: frozenset[str]
    purpose: str
    practitioner_id: str | None = None
    user_id: str | None = None


@dataclass(frozen=True, slots=True)
class Visibility:
    """What one organization may see for one purpose at one moment. `at` is an aware UTC time."""

    organization_id: str
    purpose: str
    at: datetime

    @property
    def own_use(self) -> bool:
        """Whether the purpose is one a custodian may use its own record for."""
        return self.purpose in CUSTODIAN_PURPOSES


@dataclass(frozen=True, slots=True)
class ReviewerSight:
    """What the custodian's own reviewers may see: drafts and revisions; with `words` also what was said in a session.
    No consent ever widens it."""

    organization_id: str
    words: bool = False


def visibility_of(caller: Caller, at: datetime) -> Visibility:
    return Visibility(caller.organization_id, caller.purpose, at)
