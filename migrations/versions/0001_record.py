"""The record: resources with their index, consents compiled, the audit log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None
branch_labels = None
depends_on = None

ID = sa.String(64)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MICROS = sa.BigInteger()


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("pk", NUMBER, autoincrement=True, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("at", MICROS, nullable=False),
        sa.Column("act", sa.String(16), nullable=False),
        sa.Column("outcome", sa.String(2), nullable=False),
        sa.Column("patient_id", ID),
        sa.Column("custodian_id", ID),
        sa.Column("target_type", ID),
        sa.Column("target_id", ID),
        sa.Column("target_version", ID),
        sa.Column("client_id", ID),
        sa.Column("organization_id", ID),
        sa.Column("practitioner_id", ID),
        sa.Column("person_id", ID),
        sa.Column("token_id", ID),
        sa.Column("purpose", sa.String(32)),
        sa.Column("request_id", sa.String(128)),
        sa.Column("address", ID),
        sa.Column("detail", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("pk", name="pk_audit"),
        sa.UniqueConstraint("id", name="uq_audit_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_custodian", "audit", ["custodian_id", "at"])
    op.create_index("ix_audit_patient", "audit", ["patient_id", "at"])
    op.create_index("ix_audit_target", "audit", ["target_type", "target_id", "at"])

    op.create_table(
        "resource",
        sa.Column("pk", NUMBER, autoincrement=True, nullable=False),
        sa.Column("type", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("is_deleted", sa.Boolean(), nullable=False),
        sa.Column("patient_id", ID),
        sa.Column("custodian_id", ID),
        sa.Column("confidentiality", sa.String(1), nullable=False),
        sa.Column("updated_at", MICROS, nullable=False),
        sa.Column("method", sa.String(8), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("pk", name="pk_resource"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_resource_current",
        "resource",
        ["type", "id"],
        unique=True,
        sqlite_where=sa.text("is_current = 1"),
        postgresql_where=sa.text("is_current"),
    )
    op.create_index("ix_resource_patient", "resource", ["patient_id", "type", "updated_at"])
    op.create_index("ix_resource_updated", "resource", ["type", "updated_at", "pk"])
    op.create_index("uq_resource_version", "resource", ["type", "id", "version"], unique=True)

    op.create_table(
        "shape",
        sa.Column("id", ID, nullable=False),
        sa.Column("effect", sa.String(8), nullable=False),
        sa.Column("ceiling", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_shape"),
    )

    op.create_table(
        "consent_rule",
        sa.Column("pk", NUMBER, autoincrement=True, nullable=False),
        sa.Column("patient_id", ID, nullable=False),
        sa.Column("consent_id", ID, nullable=False),
        sa.Column("consent_version", sa.Integer(), nullable=False),
        sa.Column("recipient_id", ID, nullable=False),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("shape_id", ID, nullable=False),
        sa.Column("valid_from", MICROS, nullable=False),
        sa.Column("valid_until", MICROS, nullable=False),
        sa.ForeignKeyConstraint(["shape_id"], ["shape.id"], name="fk_consent_rule_shape_id"),
        sa.PrimaryKeyConstraint("pk", name="pk_consent_rule"),
    )
    op.create_index("ix_consent_rule_consent", "consent_rule", ["consent_id"])
    op.create_index("ix_consent_rule_lookup", "consent_rule", ["patient_id", "recipient_id", "purpose", "shape_id"])
    op.create_index("ix_consent_rule_recipient", "consent_rule", ["recipient_id", "purpose", "shape_id", "patient_id"])

    op.create_table(
        "ix_date",
        sa.Column("resource_pk", NUMBER, nullable=False),
        sa.Column("type", ID, nullable=False),
        sa.Column("name", ID, nullable=False),
        sa.Column("patient_id", ID),
        sa.Column("low", MICROS, nullable=False),
        sa.Column("high", MICROS, nullable=False),
        sa.ForeignKeyConstraint(["resource_pk"], ["resource.pk"], name="fk_ix_date_resource_pk", ondelete="CASCADE"),
    )
    op.create_index("ix_ix_date_patient", "ix_date", ["patient_id", "type", "name", "low", "high"])
    op.create_index("ix_ix_date_resource", "ix_date", ["resource_pk"])
    op.create_index("ix_ix_date_value", "ix_date", ["type", "name", "low", "high", "resource_pk"])

    op.create_table(
        "ix_reference",
        sa.Column("resource_pk", NUMBER, nullable=False),
        sa.Column("type", ID, nullable=False),
        sa.Column("name", ID, nullable=False),
        sa.Column("patient_id", ID),
        sa.Column("target_type", ID),
        sa.Column("target_id", sa.String()),
        sa.Column("target_version", ID),
        sa.Column("system", sa.String()),
        sa.Column("value", sa.String()),
        sa.ForeignKeyConstraint(
            ["resource_pk"], ["resource.pk"], name="fk_ix_reference_resource_pk", ondelete="CASCADE"
        ),
    )
    op.create_index(
        "ix_ix_reference_patient", "ix_reference", ["patient_id", "type", "name", "target_id", "target_type"]
    )
    op.create_index("ix_ix_reference_resource", "ix_reference", ["resource_pk"])
    op.create_index(
        "ix_ix_reference_value", "ix_reference", ["type", "name", "target_id", "target_type", "resource_pk"]
    )

    op.create_table(
        "ix_string",
        sa.Column("resource_pk", NUMBER, nullable=False),
        sa.Column("type", ID, nullable=False),
        sa.Column("name", ID, nullable=False),
        sa.Column("patient_id", ID),
        sa.Column("folded", sa.String(), nullable=False),
        sa.Column("exact", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["resource_pk"], ["resource.pk"], name="fk_ix_string_resource_pk", ondelete="CASCADE"),
    )
    op.create_index("ix_ix_string_patient", "ix_string", ["patient_id", "type", "name", "folded"])
    op.create_index("ix_ix_string_resource", "ix_string", ["resource_pk"])
    op.create_index("ix_ix_string_value", "ix_string", ["type", "name", "folded", "resource_pk"])

    op.create_table(
        "ix_token",
        sa.Column("resource_pk", NUMBER, nullable=False),
        sa.Column("type", ID, nullable=False),
        sa.Column("name", ID, nullable=False),
        sa.Column("patient_id", ID),
        sa.Column("system", sa.String()),
        sa.Column("code", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["resource_pk"], ["resource.pk"], name="fk_ix_token_resource_pk", ondelete="CASCADE"),
    )
    op.create_index("ix_ix_token_patient", "ix_token", ["patient_id", "type", "name", "code", "system"])
    op.create_index("ix_ix_token_resource", "ix_token", ["resource_pk"])
    op.create_index("ix_ix_token_value", "ix_token", ["type", "name", "code", "system", "resource_pk"])

    op.create_table(
        "ix_uri",
        sa.Column("resource_pk", NUMBER, nullable=False),
        sa.Column("type", ID, nullable=False),
        sa.Column("name", ID, nullable=False),
        sa.Column("patient_id", ID),
        sa.Column("value", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["resource_pk"], ["resource.pk"], name="fk_ix_uri_resource_pk", ondelete="CASCADE"),
    )
    op.create_index("ix_ix_uri_patient", "ix_uri", ["patient_id", "type", "name", "value"])
    op.create_index("ix_ix_uri_resource", "ix_uri", ["resource_pk"])
    op.create_index("ix_ix_uri_value", "ix_uri", ["type", "name", "value", "resource_pk"])


def downgrade() -> None:
    op.drop_table("ix_uri")
    op.drop_table("ix_token")
    op.drop_table("ix_string")
    op.drop_table("ix_reference")
    op.drop_table("ix_date")
    op.drop_table("consent_rule")
    op.drop_table("shape")
    op.drop_table("resource")
    op.drop_table("audit")
