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
ANYBODY = "*"


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
    patient_id: str | None = None  # the person is this patient
    bound_to: str | None = None  # may see about this one patient only
    device_id: str | None = None  # the Device that the client is


@dataclass(frozen=True, slots=True)
class Visibility:
    """What one caller may see for one purpose at one moment. `at` is an aware UTC time."""

    organization_id: str
    purpose: str
    at: datetime
    practitioner_id: str | None = None
    device_id: str | None = None
    patient_id: str | None = None
    bound_to: str | None = None

    @property
    def own_use(self) -> bool:
        """Whether the purpose is one a custodian may use its own record for."""
        return self.purpose in CUSTODIAN_PURPOSES

    @property
    def recipients(self) -> tuple[str, ...]:
        """The names under which a consent speaks to this caller; "*" is a provision that names nobody."""
        return (ANYBODY, f"Organization/{self.organization_id}", *self.person_keys)

    @property
    def person_keys(self) -> tuple[str, ...]:
        """Those of the names that mean this very person or device, whoever it works for."""
        keys = []
        if self.practitioner_id is not None:
            person = f"Practitioner/{self.practitioner_id}"
            keys += [person, f"{person}@{self.organization_id}"]
        if self.device_id is not None:
            keys.append(f"Device/{self.device_id}")
        if self.patient_id is not None:
            keys.append(f"Patient/{self.patient_id}")
        return tuple(keys)


@dataclass(frozen=True, slots=True)
class ReviewerSight:
    """What the custodian's own reviewers may see: drafts and revisions; with `words` also what was said in a session.
    No consent ever widens it."""

    organization_id: str
    words: bool = False


def visibility_of(caller: Caller, at: datetime) -> Visibility:
    """A patient speaks for herself and for no organization, the one that keeps her record least of all."""
    return Visibility(
        "" if caller.patient_id else caller.organization_id,
        caller.purpose,
        at,
        caller.practitioner_id,
        caller.device_id,
        caller.patient_id,
        caller.bound_to,
    )
