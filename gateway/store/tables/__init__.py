"""Every table, once; in the same three parts as the first migrations."""

from gateway.store.tables.apart import psychotherapy_note
from gateway.store.tables.base import metadata
from gateway.store.tables.callers import assertion, client, person, token
from gateway.store.tables.intake import (
    draft,
    draft_revision,
    publication,
    session,
    submission,
    submission_part,
    transcript,
)
from gateway.store.tables.record import (
    audit,
    consent_actor,
    consent_rule,
    ix_date,
    ix_quantity,
    ix_reference,
    ix_string,
    ix_token,
    ix_uri,
    resource,
    shape,
)

__all__ = [
    "assertion",
    "audit",
    "client",
    "consent_actor",
    "consent_rule",
    "draft",
    "draft_revision",
    "ix_date",
    "ix_quantity",
    "ix_reference",
    "ix_string",
    "ix_token",
    "ix_uri",
    "metadata",
    "person",
    "psychotherapy_note",
    "publication",
    "resource",
    "session",
    "shape",
    "submission",
    "submission_part",
    "token",
    "transcript",
]
