"""Every table, once. Patient-content tables carry the patient key, so that they can be sharded by it.

Times are integer microseconds since the epoch (UTC); `text` is the exact JSON that is served.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Id = String(64)
# SQLite gives automatic row numbers to INTEGER only; PostgreSQL wants the wide type.
Number = BigInteger().with_variant(Integer, "sqlite")
Micros = BigInteger


def _key() -> Column[int]:
    return Column("pk", Number, primary_key=True, autoincrement=True)


# --- what the FHIR API serves: every version ever published; drafts are never here -------------------------------

resource = Table(
    "resource",
    metadata,
    _key(),
    Column("type", String(64), nullable=False),
    Column("id", Id, nullable=False),
    Column("version", Integer, nullable=False),
    Column("is_current", Boolean, nullable=False),
    Column("is_deleted", Boolean, nullable=False),
    Column("patient_id", Id),
    Column("custodian_id", Id),
    Column("confidentiality", String(1), nullable=False),
    Column("updated_at", Micros, nullable=False),
    Column("method", String(8), nullable=False),
    Column("text", LargeBinary, nullable=False),
    Index(
        "ix_resource_current",
        "type",
        "id",
        unique=True,
        sqlite_where=text("is_current = 1"),  # SQLite uses the index only for a query that says it in these words
        postgresql_where=text("is_current"),
    ),
    Index("uq_resource_version", "type", "id", "version", unique=True),
    Index("ix_resource_patient", "patient_id", "type", "updated_at"),
    Index("ix_resource_updated", "type", "updated_at", "pk"),
    sqlite_autoincrement=True,
)


def _index(name: str, *columns: Column[object], keys: tuple[str, ...]) -> Table:
    """One search index: a row per value of a current resource; `date` is the resource's main date, for sorting."""
    return Table(
        name,
        metadata,
        Column("resource_pk", Number, ForeignKey("resource.pk", ondelete="CASCADE"), nullable=False),
        Column("type", String(64), nullable=False),
        Column("name", String(64), nullable=False),
        Column("patient_id", Id),
        *columns,
        Index(f"ix_{name}_value", "type", "name", *keys, "resource_pk"),
        Index(f"ix_{name}_patient", "patient_id", "type", "name", *keys),
        Index(f"ix_{name}_resource", "resource_pk"),
    )


ix_token = _index("ix_token", Column("system", String), Column("code", String, nullable=False), keys=("code", "system"))
ix_reference = _index(
    "ix_reference",
    Column("target_type", String(64)),
    Column("target_id", String),
    Column("target_version", String(64)),
    Column("system", String),
    Column("value", String),
    keys=("target_id", "target_type"),
)
ix_date = _index(
    "ix_date", Column("low", Micros, nullable=False), Column("high", Micros, nullable=False), keys=("low", "high")
)
ix_string = _index(
    "ix_string", Column("folded", String, nullable=False), Column("exact", String, nullable=False), keys=("folded",)
)
ix_uri = _index("ix_uri", Column("value", String, nullable=False), keys=("value",))

# --- producers' payloads and transcripts: sealed, apart, never on the FHIR API -----------------------------------

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
    Column("state", String(16), nullable=False),  # pending | returned | approved | rejected
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

# --- consent, compiled ------------------------------------------------------------------------------------------

shape = Table(  # what a rule is about; equal shapes are one row
    "shape",
    metadata,
    Column("id", String(64), primary_key=True),  # SHA-256 of the body
    Column("effect", String(8), nullable=False),  # permit | deny
    Column("ceiling", Integer, nullable=False),  # the rank of the highest confidentiality it is about
    Column("body", LargeBinary, nullable=False),
)

consent_rule = Table(
    "consent_rule",
    metadata,
    _key(),
    Column("patient_id", Id, nullable=False),
    Column("consent_id", Id, nullable=False),
    Column("consent_version", Integer, nullable=False),
    Column("recipient_id", Id, nullable=False),
    Column("purpose", String(32), nullable=False),
    Column("shape_id", String(64), ForeignKey("shape.id"), nullable=False),
    Column("valid_from", Micros, nullable=False),
    Column("valid_until", Micros, nullable=False),
    Index("ix_consent_rule_lookup", "patient_id", "recipient_id", "purpose", "shape_id"),
    Index("ix_consent_rule_recipient", "recipient_id", "purpose", "shape_id", "patient_id"),
    Index("ix_consent_rule_consent", "consent_id"),
)

# --- who may call -----------------------------------------------------------------------------------------------

client = Table(
    "client",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(255), nullable=False),
    Column("organization_id", Id, nullable=False),
    Column("jwks", LargeBinary),
    Column("jwks_url", String(2000)),
    Column("scopes", String(2000), nullable=False),
    Column("purpose", String(32), nullable=False),
    Column("created_at", Micros, nullable=False),
    Column("disabled_at", Micros),
)

person = Table(  # somebody who signs in: `login` and an argon2id hash
    "person",
    metadata,
    Column("id", Id, primary_key=True),
    Column("login", String(255), nullable=False, unique=True),
    Column("password_hash", String(255), nullable=False),
    Column("practitioner_id", Id, nullable=False),
    Column("organization_id", Id, nullable=False),
    Column("scopes", String(2000), nullable=False),
    Column("purpose", String(32), nullable=False),
    Column("disabled_at", Micros),
)

token = Table(
    "token",
    metadata,
    Column("hash", String(64), primary_key=True),  # SHA-256 of the bearer token
    Column("id", Id, nullable=False, unique=True),  # what the audit names it by
    Column("client_id", Id, nullable=False),
    Column("organization_id", Id, nullable=False),
    Column("practitioner_id", Id),
    Column("person_id", Id),
    Column("scopes", String(2000), nullable=False),
    Column("purpose", String(32), nullable=False),
    Column("issued_at", Micros, nullable=False),
    Column("expires_at", Micros, nullable=False),
    Column("revoked_at", Micros),
    Index("ix_token_expiry", "expires_at"),
)

assertion = Table(  # every client assertion ever accepted, until it has expired: a second use finds its row
    "assertion",
    metadata,
    Column("client_id", Id, primary_key=True),
    Column("jti_hash", String(64), primary_key=True),
    Column("expires_at", Micros, nullable=False),
    Index("ix_assertion_expiry", "expires_at"),
)

# --- the audit log: rows are only ever added ---------------------------------------------------------------------

audit = Table(
    "audit",
    metadata,
    _key(),
    Column("id", Id, nullable=False, unique=True),
    Column("at", Micros, nullable=False),
    Column("act", String(16), nullable=False),
    Column("outcome", String(2), nullable=False),
    Column("patient_id", Id),
    Column("custodian_id", Id),  # whose auditors may see it
    Column("target_type", String(64)),
    Column("target_id", Id),
    Column("target_version", String(64)),
    Column("client_id", Id),
    Column("organization_id", Id),
    Column("practitioner_id", Id),
    Column("person_id", Id),
    Column("token_id", Id),
    Column("purpose", String(32)),
    Column("request_id", String(128)),
    Column("address", String(64)),
    Column("detail", LargeBinary),
    Index("ix_audit_patient", "patient_id", "at"),
    Index("ix_audit_target", "target_type", "target_id", "at"),
    Index("ix_audit_custodian", "custodian_id", "at"),
    sqlite_autoincrement=True,
)
