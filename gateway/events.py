"""The catalogue of log events: the only names the gateway logs under. Content never goes with them."""

from __future__ import annotations

from enum import StrEnum


class Event(StrEnum):
    STARTED = "gateway.started"
    STOPPED = "gateway.stopped"
    REQUEST = "request.answered"
    REQUEST_FAILED = "request.failed"
    TOKEN_ISSUED = "token.issued"  # noqa: S105 - an event name
    TOKEN_REFUSED = "token.refused"  # noqa: S105 - an event name
    SUBMISSION_ACCEPTED = "submission.accepted"
    SUBMISSION_REFUSED = "submission.refused"
    PROCESSING_REFUSED = "processing.refused"  # by the patient: nothing of it is kept
    REVIEW_DECIDED = "review.decided"
    CONSENT_RECORDED = "consent.recorded"
    CONSENT_REVOKED = "consent.revoked"
    GLASS_BROKEN = "consent.glass_broken"
    GLASS_REFUSED = "consent.glass_refused"
    ALERT_ESCALATED = "alert.escalated"  # nobody has acknowledged it in time
    DELIVERED = "delivery.arrived"
    DELIVERY_FAILED = "delivery.failed"  # it is tried again
    WORK_FAILED = "work.failed"
    AUDIT_FAILED = "audit.failed"
    INDEX_BEHIND = "index.behind"  # made by other search parameters: `gateway reindex`
    PEER_REFUSED = "peer.refused"
