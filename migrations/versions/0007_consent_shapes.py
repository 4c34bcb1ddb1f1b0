"""Consents of every form: content by kinds, rules by shapes, and which shape meets which kind.

What was published is classified, and the consents that are kept are compiled, by `gateway reindex`; until then nobody
but its custodian sees it.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ID = sa.String(64)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MICROS = sa.BigInteger()
TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")
UNCLASSIFIED = sa.text("kind_pk = 0")


def upgrade() -> None:
    op.drop_table("consent_rule")
    op.drop_table("shape")
    op.add_column("resource", sa.Column("kind_pk", NUMBER, server_default="0", nullable=False))
    op.create_index(
        "ix_resource_unclassified", "resource", ["pk"], sqlite_where=UNCLASSIFIED, postgresql_where=UNCLASSIFIED
    )
    _beside()
    _interned("kind")
    _interned("shape", sa.Column("is_marked", sa.Boolean(), nullable=False))
    _marked("kind")
    _marked("shape")
    op.create_table(
        "shape_kind",
        sa.Column("shape_pk", NUMBER, nullable=False),
        sa.Column("kind_pk", NUMBER, nullable=False),
        sa.Column("redacts", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["shape_pk"], ["shape.pk"], name="fk_shape_kind_shape_pk"),
        sa.ForeignKeyConstraint(["kind_pk"], ["kind.pk"], name="fk_shape_kind_kind_pk"),
        sa.PrimaryKeyConstraint("shape_pk", "kind_pk", name="pk_shape_kind"),
        sqlite_with_rowid=False,
    )
    _consents()
    op.create_table(
        "custodian",
        sa.Column("organization_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("organization_id", name="pk_custodian"),
    )
    kept = "custodian_id IS NOT NULL AND patient_id IS NOT NULL"
    op.execute(f"INSERT INTO custodian SELECT DISTINCT custodian_id FROM resource WHERE {kept}")  # noqa: S608


def downgrade() -> None:
    for name in ("custodian", "consent_selector", "consent_rule", "shape_kind", "shape_mark", "kind_mark"):
        op.drop_table(name)
    for name in ("shape", "kind", "target", "subject"):
        op.drop_table(name)
    op.drop_index("ix_resource_unclassified", "resource")
    op.drop_column("resource", "kind_pk")
    _former()


def _beside() -> None:
    op.create_table(
        "subject",
        sa.Column("resource_pk", NUMBER, nullable=False),
        sa.Column("patient_id", ID, nullable=False),
        _of_resource("subject"),
        sa.PrimaryKeyConstraint("resource_pk", "patient_id", name="pk_subject"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_subject_patient", "subject", ["patient_id", "resource_pk"])
    op.create_table(
        "target",
        sa.Column("resource_pk", NUMBER, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("type", ID),
        sa.Column("id", ID),
        sa.Column("version", ID),
        _of_resource("target"),
        sa.PrimaryKeyConstraint("resource_pk", "place", name="pk_target"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_target_of", "target", ["type", "id", "resource_pk"])


def _of_resource(name: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["resource_pk"], ["resource.pk"], name=f"fk_{name}_resource_pk", ondelete="CASCADE")


def _interned(name: str, *columns: sa.Column[Any]) -> None:
    op.create_table(
        name,
        sa.Column("pk", NUMBER, autoincrement=True, nullable=False),
        sa.Column("digest", ID, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("pk", name=f"pk_{name}"),
        sa.UniqueConstraint("digest", name=f"uq_{name}_digest"),
    )


def _marked(of: str) -> None:
    op.create_table(
        f"{of}_mark",
        sa.Column("selector_id", TEXT, nullable=False),
        sa.Column(f"{of}_pk", NUMBER, nullable=False),
        sa.ForeignKeyConstraint([f"{of}_pk"], [f"{of}.pk"], name=f"fk_{of}_mark_{of}_pk"),
        sa.PrimaryKeyConstraint("selector_id", f"{of}_pk", name=f"pk_{of}_mark"),
        sqlite_with_rowid=False,
    )


def _consents() -> None:
    op.create_table(
        "consent_rule",
        sa.Column("patient_id", ID, nullable=False),
        sa.Column("consent_id", ID, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("recipient", sa.String(160), nullable=False),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("shape_pk", NUMBER, nullable=False),
        sa.Column("valid_from", MICROS, nullable=False),
        sa.Column("valid_until", MICROS, nullable=False),
        sa.Column("consent_version", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(255), nullable=False),
        sa.ForeignKeyConstraint(["shape_pk"], ["shape.pk"], name="fk_consent_rule_shape_pk"),
        sa.PrimaryKeyConstraint("patient_id", "consent_id", "place", name="pk_consent_rule"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_consent_rule_recipient", "consent_rule", ["recipient", "purpose", "patient_id"])
    op.create_table(
        "consent_selector",
        sa.Column("patient_id", ID, nullable=False),
        sa.Column("selector_id", TEXT, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("patient_id", "selector_id", name="pk_consent_selector"),
        sqlite_with_rowid=False,
    )


def _former() -> None:
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
