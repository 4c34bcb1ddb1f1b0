"""Psychotherapy notes, apart; and who has reviewed until now goes on seeing what was said in the sessions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ID = sa.String(64)
MICROS = sa.BigInteger()
REVIEWING = "' ' || scopes || ' ' LIKE '% review %'"
SCOPED = ("person", "token")


def upgrade() -> None:
    op.create_table(
        "psychotherapy_note",
        sa.Column("id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("patient_id", ID, nullable=False),
        sa.Column("custodian_id", ID, nullable=False),
        sa.Column("author_id", ID, nullable=False),
        sa.Column("session_at", MICROS, nullable=False),
        sa.Column("written_at", MICROS, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", "version", name="pk_psychotherapy_note"),
    )
    op.create_index(
        "ix_psychotherapy_note_patient",
        "psychotherapy_note",
        ["patient_id", "session_at"],
        sqlite_where=sa.text("is_current = 1"),
        postgresql_where=sa.text("is_current"),
    )
    for table in SCOPED:
        op.execute(f"UPDATE {table} SET scopes = scopes || ' transcripts' WHERE {REVIEWING}")  # noqa: S608


def downgrade() -> None:
    for table in SCOPED:
        op.execute(
            f"UPDATE {table} SET scopes = trim(replace(' ' || scopes || ' ', ' transcripts ', ' '))"  # noqa: S608
            " WHERE ' ' || scopes || ' ' LIKE '% transcripts %'"
        )
    op.drop_index("ix_psychotherapy_note_patient", "psychotherapy_note")
    op.drop_table("psychotherapy_note")
