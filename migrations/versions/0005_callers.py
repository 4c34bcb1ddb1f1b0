"""Patients who sign in, clients that are Devices, tokens bound to one patient; the teams that consents name.

The former table of persons knew clinicians only.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ID = sa.String(64)
OF_GLASS = sa.text("act IN ('break-glass', 'end-break-glass')")
KEPT = "id, login, password_hash, practitioner_id, organization_id, scopes, purpose, disabled_at"


def _person(*, patients: bool) -> None:
    op.create_table(
        "person",
        sa.Column("id", ID, nullable=False),
        sa.Column("login", sa.String(255), nullable=False),
        sa.Column("password_hash", sa.String(255), nullable=False),
        sa.Column("practitioner_id", ID, nullable=patients),
        *([sa.Column("patient_id", ID)] if patients else []),
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("scopes", sa.String(2000), nullable=False),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("disabled_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
        sa.UniqueConstraint("login", name="uq_person_login"),
    )


def _set_aside() -> None:
    op.rename_table("person", "former_person")
    if op.get_bind().dialect.name == "postgresql":  # names of constraints are the table's own on SQLite only
        for name in ("pk_person", "uq_person_login"):
            op.execute(f'ALTER TABLE "former_person" DROP CONSTRAINT "{name}"')


def _bring_back(condition: str = "") -> None:
    op.execute(f"INSERT INTO person ({KEPT}) SELECT {KEPT} FROM former_person{condition}")  # noqa: S608
    op.drop_table("former_person")


def upgrade() -> None:
    _set_aside()
    _person(patients=True)
    _bring_back()
    op.add_column("client", sa.Column("device_id", ID))
    for name in ("patient_id", "bound_to", "device_id"):
        op.add_column("token", sa.Column(name, ID))
    op.add_column("audit", sa.Column("user_patient_id", ID))
    op.create_index("ix_audit_glass", "audit", ["custodian_id", "at"], sqlite_where=OF_GLASS, postgresql_where=OF_GLASS)
    op.create_table(
        "consent_actor",
        sa.Column("reference", sa.String(96), nullable=False),
        sa.Column("patient_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("reference", "patient_id", name="pk_consent_actor"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_consent_actor_patient", "consent_actor", ["patient_id"])


def downgrade() -> None:
    op.drop_table("consent_actor")
    op.drop_index("ix_audit_glass", "audit")
    op.drop_column("audit", "user_patient_id")
    op.execute("DELETE FROM token WHERE patient_id IS NOT NULL OR bound_to IS NOT NULL")  # nothing would bind them
    for name in ("patient_id", "bound_to", "device_id"):
        op.drop_column("token", name)
    op.drop_column("client", "device_id")
    _set_aside()
    _person(patients=False)
    _bring_back(" WHERE practitioner_id IS NOT NULL")
