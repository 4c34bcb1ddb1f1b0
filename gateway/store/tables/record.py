"""The record: what the FHIR API serves, the consents it is served under, the log of what was served."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Column, Double, ForeignKey, Index, Integer, LargeBinary, String, Table, text

from gateway.store.tables.base import Id, Micros, Number, Text, key, metadata

resource = Table(
    "resource",
    metadata,
    key(),
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
    Column("indexed_by", String(16), nullable=False, server_default=""),  # see store/index.py
    Index(
        "ix_resource_indexed",
        "indexed_by",
        "pk",
        sqlite_where=text("is_current = 1"),
        postgresql_where=text("is_current"),
    ),
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


def _index(name: str, *columns: Column[Any], keys: tuple[str, ...]) -> Table:
    """One search index: a row per value of a current resource, the rows of one resource side by side.

    A row of a composite also says which code its value stands beside.
    """
    return Table(
        name,
        metadata,
        Column("resource_pk", Number, ForeignKey("resource.pk", ondelete="CASCADE"), primary_key=True),
        Column("name", String(64), primary_key=True),
        Column("place", Integer, primary_key=True),  # among the values of the resource
        Column("type", String(64), nullable=False),
        Column("patient_id", Id),
        *columns,
        Column("of_system", Text),
        Column("of_code", Text),
        Index(f"ix_{name}_value", "type", "name", *keys, "resource_pk"),
        Index(
            f"ix_{name}_of",
            "type",
            "name",
            "of_code",
            *keys,
            "resource_pk",
            sqlite_where=text("of_code IS NOT NULL"),
            postgresql_where=text("of_code IS NOT NULL"),
        ),
        sqlite_with_rowid=False,
    )


ix_token = _index("ix_token", Column("system", Text), Column("code", Text, nullable=False), keys=("code", "system"))
ix_reference = _index(
    "ix_reference",
    Column("target_type", String(64)),
    Column("target_id", Text),
    Column("target_version", String(64)),
    Column("system", Text),
    Column("value", Text),
    keys=("target_id", "target_type"),
)
ix_date = _index(
    "ix_date", Column("low", Micros, nullable=False), Column("high", Micros, nullable=False), keys=("low", "high")
)
ix_string = _index(
    "ix_string",
    Column("start", Text, nullable=False),  # of `folded`: what the index orders by is short
    Column("folded", Text, nullable=False),
    Column("exact", Text, nullable=False),
    keys=("start",),
)
ix_quantity = _index(
    "ix_quantity",
    Column("low", Double, nullable=False),
    Column("high", Double, nullable=False),
    Column("system", Text),
    Column("code", Text),
    Column("unit", Text),
    keys=("low", "high"),
)
ix_uri = _index("ix_uri", Column("value", Text, nullable=False), keys=("value",))

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
    key(),
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

consent_actor = Table(  # the CareTeams, Groups and PractitionerRoles that a patient's consents name, directly or not
    "consent_actor",
    metadata,
    Column("reference", String(96), primary_key=True),
    Column("patient_id", Id, primary_key=True),
    Index("ix_consent_actor_patient", "patient_id"),
    sqlite_with_rowid=False,
)

# --- the audit log: rows are only ever added ---------------------------------------------------------------------

OF_GLASS = "act IN ('break-glass', 'end-break-glass')"
audit = Table(
    "audit",
    metadata,
    key(),
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
    Column("user_patient_id", Id),  # the patient who did it
    Index(
        "ix_audit_glass",
        "custodian_id",
        "at",
        sqlite_where=text(OF_GLASS),
        postgresql_where=text(OF_GLASS),
    ),
    Index("ix_audit_patient", "patient_id", "at"),
    Index("ix_audit_target", "target_type", "target_id", "at"),
    Index("ix_audit_custodian", "custodian_id", "at"),
    sqlite_autoincrement=True,
)
