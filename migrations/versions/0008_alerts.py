"""Alerts of risk, and deliveries to the endpoints of organizations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ID = sa.String(64)
MICROS = sa.BigInteger()


def upgrade() -> None:
    op.create_table(
        "endpoint",
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("url", sa.String(2000), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("set_at", MICROS, nullable=False),
        sa.PrimaryKeyConstraint("organization_id", name="pk_endpoint"),
    )
    _deliveries()
    _alerts()


def downgrade() -> None:
    for name in ("alert", "delivery", "endpoint"):
        op.drop_table(name)


def _deliveries() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", ID, nullable=False),
        sa.Column("custodian_id", ID, nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("about", sa.String(160), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("queued_at", MICROS, nullable=False),
        sa.Column("due_at", MICROS),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_status", sa.Integer()),
        sa.Column("delivered_at", MICROS),
        sa.PrimaryKeyConstraint("id", name="pk_delivery"),
    )
    _partial("ix_delivery_due", "delivery", ["due_at"], "due_at IS NOT NULL")
    _partial("ix_delivery_waiting", "delivery", ["organization_id"], "delivered_at IS NULL")
    op.create_index("ix_delivery_about", "delivery", ["about"])


def _alerts() -> None:
    op.create_table(
        "alert",
        sa.Column("id", ID, nullable=False),
        sa.Column("patient_id", ID, nullable=False),
        sa.Column("custodian_id", ID, nullable=False),
        sa.Column("finding", sa.String(32), nullable=False),
        sa.Column("draft_id", ID),
        sa.Column("type", ID),
        sa.Column("resource_id", ID),
        sa.Column("raised_at", MICROS, nullable=False),
        sa.Column("escalated_at", MICROS),
        sa.Column("acknowledged_at", MICROS),
        sa.Column("acknowledged_by", ID),
        sa.Column("flag_id", ID),
        sa.ForeignKeyConstraint(["draft_id"], ["draft.id"], name="fk_alert_draft_id"),
        sa.PrimaryKeyConstraint("id", name="pk_alert"),
    )
    op.create_index("ix_alert_queue", "alert", ["custodian_id", "acknowledged_at", "raised_at"])
    _partial("ix_alert_untold", "alert", ["raised_at"], "acknowledged_at IS NULL AND escalated_at IS NULL")
    op.create_index("ix_alert_source", "alert", ["draft_id"])
    op.create_index("ix_alert_patient", "alert", ["patient_id"])


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
