"""What must reach somebody: alerts of risk, and what is delivered to the endpoints of organizations. No content."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table, text

from gateway.store.tables.base import Id, Micros, metadata

endpoint = Table(  # where an organization wants to be told
    "endpoint",
    metadata,
    Column("organization_id", Id, primary_key=True),
    Column("url", String(2000), nullable=False),
    Column("sealed", LargeBinary, nullable=False),  # the secret that signs what goes there
    Column("set_at", Micros, nullable=False),
)

delivery = Table(
    "delivery",
    metadata,
    Column("id", Id, primary_key=True),
    Column("custodian_id", Id, nullable=False),  # who tells
    Column("organization_id", Id, nullable=False),  # whose endpoint it goes to
    Column("kind", String(32), nullable=False),
    Column("about", String(160), nullable=False),  # a reference to what it tells of
    Column("body", LargeBinary, nullable=False),  # kind and ids as JSON
    Column("queued_at", Micros, nullable=False),
    Column("due_at", Micros),  # when to try next; none when delivered, or while there is no endpoint
    Column("attempts", Integer, nullable=False),
    Column("last_status", Integer),  # the HTTP status of the last answer; none when there was none
    Column("delivered_at", Micros),
    Index(
        "ix_delivery_due",
        "due_at",
        sqlite_where=text("due_at IS NOT NULL"),
        postgresql_where=text("due_at IS NOT NULL"),
    ),
    Index(
        "ix_delivery_waiting",
        "organization_id",
        sqlite_where=text("delivered_at IS NULL"),
        postgresql_where=text("delivered_at IS NULL"),
    ),
    Index("ix_delivery_about", "about"),
)

UNTOLD = "acknowledged_at IS NULL AND escalated_at IS NULL"
alert = Table(
    "alert",
    metadata,
    Column("id", Id, primary_key=True),
    Column("patient_id", Id, nullable=False),
    Column("custodian_id", Id, nullable=False),
    Column("finding", String(32), nullable=False),  # a code of rules/risk.py
    Column("draft_id", Id, ForeignKey("draft.id")),  # in which draft,
    Column("type", String(64)),  # or in which resource of the record
    Column("resource_id", Id),
    Column("raised_at", Micros, nullable=False),
    Column("escalated_at", Micros),
    Column("acknowledged_at", Micros),
    Column("acknowledged_by", Id),  # Practitioner
    Column("flag_id", Id),  # the Flag that a clinician made of it
    Index("ix_alert_queue", "custodian_id", "acknowledged_at", "raised_at"),
    Index("ix_alert_untold", "raised_at", sqlite_where=text(UNTOLD), postgresql_where=text(UNTOLD)),
    Index("ix_alert_source", "draft_id"),
    Index("ix_alert_patient", "patient_id"),
)
