"""Kept apart from the record by law: psychotherapy notes. No other table refers to this one, and no FHIR address."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, Table, text

from gateway.store.tables.base import Id, Micros, metadata

psychotherapy_note = Table(  # every version
    "psychotherapy_note",
    metadata,
    Column("id", Id, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("is_current", Boolean, nullable=False),
    Column("patient_id", Id, nullable=False),
    Column("custodian_id", Id, nullable=False),
    Column("author_id", Id, nullable=False),  # Practitioner
    Column("session_at", Micros, nullable=False),
    Column("written_at", Micros, nullable=False),
    Column("sealed", LargeBinary, nullable=False),  # the text, under the key of these notes
    Index(
        "ix_psychotherapy_note_patient",
        "patient_id",
        "session_at",
        sqlite_where=text("is_current = 1"),
        postgresql_where=text("is_current"),
    ),
)
