"""The patients of a draft that is about several."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ID = sa.String(64)


def upgrade() -> None:
    op.create_table(
        "draft_subject",
        sa.Column("draft_id", ID, nullable=False),
        sa.Column("patient_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["draft_id"], ["draft.id"], name="fk_draft_subject_draft_id"),
        sa.PrimaryKeyConstraint("draft_id", "patient_id", name="pk_draft_subject"),
    )
    op.create_index("ix_draft_subject_patient", "draft_subject", ["patient_id"])


def downgrade() -> None:
    op.drop_table("draft_subject")
