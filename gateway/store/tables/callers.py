"""Who may call: clients, people, their tokens, the assertions used up."""

from __future__ import annotations

from sqlalchemy import Column, Index, LargeBinary, String, Table

from gateway.store.tables.base import Id, Micros, metadata

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
    Column("device_id", Id),  # the Device that it is, to consents that name one
)

person = Table(  # a clinician or a patient who signs in: `login` and an argon2id hash
    "person",
    metadata,
    Column("id", Id, primary_key=True),
    Column("login", String(255), nullable=False, unique=True),
    Column("password_hash", String(255), nullable=False),
    Column("practitioner_id", Id),
    Column("patient_id", Id),
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
    Column("patient_id", Id),  # the patient who signed in
    Column("bound_to", Id),  # the one patient it is good for
    Column("device_id", Id),
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
