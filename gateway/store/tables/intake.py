"""Intake: producers' payloads and transcripts, sealed and apart, and the drafts made of them; never on the FHIR API."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table, text

from gateway.store.tables.base import Id, Micros, metadata

submission = Table(
    "submission",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client_id", Id, nullable=False),
    Column("custodian_id", Id, nullable=False),
    Column("patient_id", Id),
    Column("mapping", String(64), nullable=False),
    Column("mapping_version", String(32), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("idempotency_key", String(255)),
    Column("received_at", Micros, nullable=False),
    Column("state", String(16), nullable=False),  # accepted | refused
    Column("status", Integer, nullable=False),  # the HTTP status of the answer
    Column("answer", LargeBinary, nullable=False),  # the answer, to be given again to a repeated submission
    Column("draft_id", Id),
    Index("uq_submission_digest", "client_id", "mapping", "digest", unique=True),
    Index(
        "uq_submission_idempotency",
        "client_id",
        "idempotency_key",
        unique=True,
        sqlite_where=text("idempotency_key IS NOT NULL"),
        postgresql_where=text("idempotency_key IS NOT NULL"),
    ),
    Index("ix_submission_state", "state", "received_at"),
)

submission_part = Table(
    "submission_part",
    metadata,
    Column("submission_id", Id, ForeignKey("submission.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("media_type", String(128), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("size", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

session = Table(
    "session",
    metadata,
    Column("id", Id, primary_key=True),  # random; segment identifiers are derived from it
    Column("client_id", Id, nullable=False),
    Column("patient_id", Id, nullable=False),
    Column("external_id", String(255), nullable=False),  # the producer's own session id
    Index("uq_session_external", "client_id", "patient_id", "external_id", unique=True),
)

transcript = Table(
    "transcript",
    metadata,
    Column("id", Id, primary_key=True),
    Column("session_id", Id, ForeignKey("session.id"), nullable=False),
    Column("submission_id", Id, ForeignKey("submission.id"), nullable=False),
    Column("patient_id", Id, nullable=False),
    Column("custodian_id", Id, nullable=False),
    Column("sealed", LargeBinary, nullable=False),  # the segments as JSON
    Index("ix_transcript_session", "session_id"),
)

draft = Table(
    "draft",
    metadata,
    Column("id", Id, primary_key=True),
    Column("submission_id", Id, ForeignKey("submission.id"), nullable=False),
    Column("session_id", Id, ForeignKey("session.id"), nullable=False),
    Column("patient_id", Id, nullable=False),
    Column("custodian_id", Id, nullable=False),
    Column("device_id", Id, nullable=False),
    Column("title", String(255), nullable=False),
    Column("state", String(16), nullable=False),  # pending | returned | approved | rejected | replaced
    Column("revision", Integer, nullable=False),
    Column("digest", String(64), nullable=False),  # of the current revision's content
    Column("created_at", Micros, nullable=False),
    Column("decided_at", Micros),
    Column("decided_by", Id),  # Practitioner
    Column("approved_digest", String(64)),
    Column("reason", String(2000)),
    Index("ix_draft_inbox", "custodian_id", "state", "created_at"),
    Index("ix_draft_patient", "patient_id"),
)

draft_subject = Table(  # the patients of a draft about several; each of them may keep it from a reviewer
    "draft_subject",
    metadata,
    Column("draft_id", Id, ForeignKey("draft.id"), primary_key=True),
    Column("patient_id", Id, primary_key=True),
    Index("ix_draft_subject_patient", "patient_id"),
)

draft_revision = Table(
    "draft_revision",
    metadata,
    Column("draft_id", Id, ForeignKey("draft.id"), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("patient_id", Id, nullable=False),
    Column("author", String(128), nullable=False),  # Device/… or Practitioner/…
    Column("digest", String(64), nullable=False),
    Column("created_at", Micros, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

publication = Table(  # which published resource came out of which draft
    "publication",
    metadata,
    Column("type", String(64), primary_key=True),
    Column("id", Id, primary_key=True),
    Column("draft_id", Id, ForeignKey("draft.id"), nullable=False),
    Column("patient_id", Id, nullable=False),
    Index("ix_publication_draft", "draft_id"),
)
