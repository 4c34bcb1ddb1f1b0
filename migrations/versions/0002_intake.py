"""The intake: submissions, sessions, transcripts, drafts and what was published from them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.String(64)
MICROS = sa.BigInteger()


def upgrade() -> None:
    op.create_table(
        "session",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("patient_id", ID, nullable=False),
        sa.Column("external_id", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_session"),
    )
    op.create_index("uq_session_external", "session", ["client_id", "patient_id", "external_id"], unique=True)

    op.create_table(
        "submission",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("custodian_id", ID, nullable=False),
        sa.Column("patient_id", ID),
        sa.Column("mapping", ID, nullable=False),
        sa.Column("mapping_version", sa.String(32), nullable=False),
        sa.Column("digest", ID, nullable=False),
        sa.Column("idempotency_key", sa.String(255)),
        sa.Column("received_at", MICROS, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("draft_id", ID),
        sa.PrimaryKeyConstraint("id", name="pk_submission"),
    )
    op.create_index("ix_submission_state", "submission", ["state", "received_at"])
    op.create_index("uq_submission_digest", "submission", ["client_id", "mapping", "digest"], unique=True)
    op.create_index(
        "uq_submission_idempotency",
        "submission",
        ["client_id", "idempotency_key"],
        unique=True,
        sqlite_where=sa.text("idempotency_key IS NOT NULL"),
        postgresql_where=sa.text("idempotency_key IS NOT NULL"),
    )

    op.create_table(
        "draft",
        sa.Column("id", ID, nullable=False),
        sa.Column("submission_id", ID, nullable=False),
        sa.Column("session_id", ID, nullable=False),
        sa.Column("patient_id", ID, nullable=False),
        sa.Column("custodian_id", ID, nullable=False),
        sa.Column("device_id", ID, nullable=False),
        sa.Column("title", sa.String(255), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("digest", ID, nullable=False),
        sa.Column("created_at", MICROS, nullable=False),
        sa.Column("decided_at", MICROS),
        sa.Column("decided_by", ID),
        sa.Column("approved_digest", ID),
        sa.Column("reason", sa.String(2000)),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], name="fk_draft_session_id"),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name="fk_draft_submission_id"),
        sa.PrimaryKeyConstraint("id", name="pk_draft"),
    )
    op.create_index("ix_draft_inbox", "draft", ["custodian_id", "state", "created_at"])
    op.create_index("ix_draft_patient", "draft", ["patient_id"])

    op.create_table(
        "submission_part",
        sa.Column("submission_id", ID, nullable=False),
        sa.Column("name", ID, nullable=False),
        sa.Column("media_type", sa.String(128), nullable=False),
        sa.Column("digest", ID, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission.id"], name="fk_submission_part_submission_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("submission_id", "name", name="pk_submission_part"),
    )

    op.create_table(
        "transcript",
        sa.Column("id", ID, nullable=False),
        sa.Column("session_id", ID, nullable=False),
        sa.Column("submission_id", ID, nullable=False),
        sa.Column("patient_id", ID, nullable=False),
        sa.Column("custodian_id", ID, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], name="fk_transcript_session_id"),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name="fk_transcript_submission_id"),
        sa.PrimaryKeyConstraint("id", name="pk_transcript"),
    )
    op.create_index("ix_transcript_session", "transcript", ["session_id"])

    op.create_table(
        "draft_revision",
        sa.Column("draft_id", ID, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("patient_id", ID, nullable=False),
        sa.Column("author", sa.String(128), nullable=False),
        sa.Column("digest", ID, nullable=False),
        sa.Column("created_at", MICROS, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["draft_id"], ["draft.id"], name="fk_draft_revision_draft_id"),
        sa.PrimaryKeyConstraint("draft_id", "revision", name="pk_draft_revision"),
    )

    op.create_table(
        "publication",
        sa.Column("type", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("draft_id", ID, nullable=False),
        sa.Column("patient_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["draft_id"], ["draft.id"], name="fk_publication_draft_id"),
        sa.PrimaryKeyConstraint("type", "id", name="pk_publication"),
    )
    op.create_index("ix_publication_draft", "publication", ["draft_id"])


def downgrade() -> None:
    op.drop_table("publication")
    op.drop_table("draft_revision")
    op.drop_table("transcript")
    op.drop_table("submission_part")
    op.drop_table("draft")
    op.drop_table("submission")
    op.drop_table("session")
