"""Who may call: clients, persons, tokens, used assertions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.String(64)
MICROS = sa.BigInteger()


def upgrade() -> None:
    op.create_table(
        "assertion",
        sa.Column("client_id", ID, nullable=False),
        sa.Column("jti_hash", ID, nullable=False),
        sa.Column("expires_at", MICROS, nullable=False),
        sa.PrimaryKeyConstraint("client_id", "jti_hash", name="pk_assertion"),
    )
    op.create_index("ix_assertion_expiry", "assertion", ["expires_at"])

    op.create_table(
        "client",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("jwks", sa.LargeBinary()),
        sa.Column("jwks_url", sa.String(2000)),
        sa.Column("scopes", sa.String(2000), nullable=False),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("created_at", MICROS, nullable=False),
        sa.Column("disabled_at", MICROS),
        sa.PrimaryKeyConstraint("id", name="pk_client"),
    )

    op.create_table(
        "person",
        sa.Column("id", ID, nullable=False),
        sa.Column("login", sa.String(255), nullable=False),
        sa.Column("password_hash", sa.String(255), nullable=False),
        sa.Column("practitioner_id", ID, nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("scopes", sa.String(2000), nullable=False),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("disabled_at", MICROS),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
        sa.UniqueConstraint("login", name="uq_person_login"),
    )

    op.create_table(
        "token",
        sa.Column("hash", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("practitioner_id", ID),
        sa.Column("person_id", ID),
        sa.Column("scopes", sa.String(2000), nullable=False),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("issued_at", MICROS, nullable=False),
        sa.Column("expires_at", MICROS, nullable=False),
        sa.Column("revoked_at", MICROS),
        sa.PrimaryKeyConstraint("hash", name="pk_token"),
        sa.UniqueConstraint("id", name="uq_token_id"),
    )
    op.create_index("ix_token_expiry", "token", ["expires_at"])


def downgrade() -> None:
    op.drop_table("token")
    op.drop_table("person")
    op.drop_table("client")
    op.drop_table("assertion")
