"""What is recorded of each act: one compact entry per act and per patient; rendered as BALP on demand.

Profiles: https://profiles.ihe.net/ITI/BALP/
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from gateway.rules.access import Caller


class Act(StrEnum):
    READ = "read"
    VREAD = "vread"
    HISTORY = "history"
    SEARCH = "search"
    OPERATION = "operation"
    CREATE = "create"
    UPDATE = "update"
    PATCH = "patch"
    DELETE = "delete"
    TRANSACTION = "transaction"
    SUBMIT = "submit"
    REVIEW_READ = "review-read"
    AMEND = "amend"
    APPROVE = "approve"
    RETURN = "return"
    REJECT = "reject"
    DISPUTE = "dispute"
    RESOLVE = "resolve"
    CONSENT = "consent"
    REVOKE = "revoke"
    DECIDE = "decide"
    BREAK_GLASS = "break-glass"
    END_BREAK_GLASS = "end-break-glass"
    NOTE_READ = "note-read"
    NOTE_WRITE = "note-write"
    LINEAGE = "lineage"
    TOKEN = "token"  # noqa: S105 - a name of an act
    SIGN_IN = "sign-in"
    REGISTER = "register"
    REINDEX = "reindex"
    ALERT = "alert"
    ESCALATE = "escalate"
    ACKNOWLEDGE = "acknowledge"
    FLAG = "flag"
    DELIVER = "deliver"


class Outcome(StrEnum):
    DONE = "0"
    REFUSED = "4"
    DENIED = "8"
    FAILED = "12"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One act on one patient's record (or on none). Holds references and codes only, never content.

    `detail` is a small JSON object: `query` (the raw search string), `consents` (the Consent versions
    that permitted it, `Consent/x/_history/2`), `digest`, `count`, `reason` (one of our codes).
    """

    act: Act
    at: datetime
    caller: Caller | None
    outcome: Outcome = Outcome.DONE
    patient_id: str | None = None
    custodian_id: str | None = None  # whose auditors may see the entry
    target: str | None = None
    request_id: str | None = None
    address: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    others: tuple[str, ...] = ()  # further patients it is about: each of them has a row of its own
