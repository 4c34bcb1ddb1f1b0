"""Whose consents single out a resource is looked up by what they single out."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_consent_selector_selector", "consent_selector", ["selector_id"])


def downgrade() -> None:
    op.drop_index("ix_consent_selector_selector", "consent_selector")
