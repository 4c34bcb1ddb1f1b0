"""The record: what the FHIR API serves, the consents it is served under, the log of what was served."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Column, Double, ForeignKey, Index, Integer, LargeBinary, String, Table, text

from gateway.store.tables.base import Id, Micros, Number, Text, key, metadata

resource = Table(
    "resource",
    metadata,
    key(),
    Column("type", String(64), nullable=False),
    Column("id", Id, nullable=False),
    Column("version", Integer, nullable=False),
    Column("is_current", Boolean, nullable=False),
    Column("is_deleted", Boolean, nullable=False),
    Column("patient_id", Id),
    Column("custodian_id", Id),
    Column("confidentiality", String(1), nullable=False),
    Column("updated_at", Micros, nullable=False),
    Column("method", String(8), nullable=False),
    Column("text", LargeBinary, nullable=False),
    Column("indexed_by", String(16), nullable=False, server_default=""),  # see store/index.py
    Column("kind_pk", Number, nullable=False, server_default="0"),  # 0: not classified, its custodian's own use only
    Index(
        "ix_resource_unclassified",
        "pk",
        sqlite_where=text("kind_pk = 0"),
        postgresql_where=text("kind_pk = 0"),
    ),
    Index(
        "ix_resource_indexed",
        "indexed_by",
        "pk",
        sqlite_where=text("is_current = 1"),
        postgresql_where=text("is_current"),
    ),
    Index(
        "ix_resource_current",
        "type",
        "id",
        unique=True,
        sqlite_where=text("is_current = 1"),  # SQLite uses the index only for a query that says it in these words
        postgresql_where=text("is_current"),
    ),
    Index("uq_resource_version", "type", "id", "version", unique=True),
    Index("ix_resource_patient", "patient_id", "type", "updated_at"),
    Index("ix_resource_updated", "type", "updated_at", "pk"),
    sqlite_autoincrement=True,
)


def _index(name: str, *columns: Column[Any], keys: tuple[str, ...]) -> Table:
    """One search index: a row per value of a current resource, the rows of one resource side by side.

    A row of a composite also says which code its value stands beside.
    """
    return Table(
        name,
        metadata,
        Column("resource_pk", Number, ForeignKey("resource.pk", ondelete="CASCADE"), primary_key=True),
        Column("name", String(64), primary_key=True),
        Column("place", Integer, primary_key=True),  # among the values of the resource
        Column("type", String(64), nullable=False),
        Column("patient_id", Id),
        *columns,
        Column("of_system", Text),
        Column("of_code", Text),
        Index(f"ix_{name}_value", "type", "name", *keys, "resource_pk"),
        Index(
            f"ix_{name}_of",
            "type",
            "name",
            "of_code",
            *keys,
            "resource_pk",
            sqlite_where=text("of_code IS NOT NULL"),
            postgresql_where=text("of_code IS NOT NULL"),
        ),
        sqlite_with_rowid=False,
    )


ix_token = _index("ix_token", Column("system", Text), Column("code", Text, nullable=False), keys=("code", "system"))
ix_reference = _index(
    "ix_reference",
    Column("target_type", String(64)),
    Column("target_id", Text),
    Column("target_version", String(64)),
    Column("system", Text),
    Column("value", Text),
    keys=("target_id", "target_type"),
)
ix_date = _index(
    "ix_date", Column("low", Micros, nullable=False), Column("high", Micros, nullable=False), keys=("low", "high")
)
ix_string = _index(
    "ix_string",
    Column("start", Text, nullable=False),  # of `folded`: what the index orders by is short
    Column("folded", Text, nullable=False),
    Column("exact", Text, nullable=False),
    keys=("start",),
)
ix_quantity = _index(
    "ix_quantity",
    Column("low", Double, nullable=False),
    Column("high", Double, nullable=False),
    Column("system", Text),
    Column("code", Text),
    Column("unit", Text),
    keys=("low", "high"),
)
ix_uri = _index("ix_uri", Column("value", Text, nullable=False), keys=("value",))

# --- whose it is beside the one patient, and what it is to a consent ------------------------------------------------

subject = Table(  # the patients of what is about several; each of them must permit
    "subject",
    metadata,
    Column("resource_pk", Number, ForeignKey("resource.pk", ondelete="CASCADE"), primary_key=True),
    Column("patient_id", Id, primary_key=True),
    Index("ix_subject_patient", "patient_id", "resource_pk"),
    sqlite_with_rowid=False,
)

target = Table(  # what a Provenance tells of, or a Binary is secured by: who sees that, sees it
    "target",
    metadata,
    Column("resource_pk", Number, ForeignKey("resource.pk", ondelete="CASCADE"), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("type", String(64)),  # without a type it is nothing that is kept here
    Column("id", Id),
    Column("version", String(64)),
    Index("ix_target_of", "type", "id", "resource_pk"),
    sqlite_with_rowid=False,
)


def _interned(name: str, *columns: Column[Any]) -> Table:
    """What many rows have in common, kept once under a number of its own. Such a row never changes."""
    return Table(
        name,
        metadata,
        key(),
        Column("digest", String(64), nullable=False, unique=True),  # SHA-256 of the body
        Column("body", LargeBinary, nullable=False),
        *columns,
    )


def _marked(name: str, of: Table) -> Table:
    return Table(
        name,
        metadata,
        Column("selector_id", Text, primary_key=True),
        Column(f"{of.name}_pk", Number, ForeignKey(f"{of.name}.pk"), primary_key=True),
        sqlite_with_rowid=False,
    )


kind = _interned("kind")  # all that a consent may ask of content
shape = _interned("shape", Column("is_marked", Boolean, nullable=False))  # the content that a rule speaks of
# Which selectors they name: most name none, and those that do name those of one patient.
kind_mark, shape_mark = _marked("kind_mark", kind), _marked("shape_mark", shape)

shape_kind = Table(  # a row for each kind that a shape meets: what the rule says of the two, as a join
    "shape_kind",
    metadata,
    Column("shape_pk", Number, ForeignKey("shape.pk"), primary_key=True),
    Column("kind_pk", Number, ForeignKey("kind.pk"), primary_key=True),
    Column("redacts", Boolean, nullable=False),  # it meets what is left without the parts labelled by themselves
    sqlite_with_rowid=False,
)

# --- consent, compiled ------------------------------------------------------------------------------------------

consent_rule = Table(  # those of one patient lie side by side, consent by consent
    "consent_rule",
    metadata,
    Column("patient_id", Id, primary_key=True),
    Column("consent_id", Id, primary_key=True),
    Column("place", Integer, primary_key=True),  # among the rules of the consent
    Column("recipient", String(160), nullable=False),
    Column("purpose", String(32), nullable=False),
    Column("weight", Integer, nullable=False),
    Column("shape_pk", Number, ForeignKey("shape.pk"), nullable=False),
    Column("valid_from", Micros, nullable=False),
    Column("valid_until", Micros, nullable=False),
    Column("consent_version", Integer, nullable=False),
    Column("path", String(255), nullable=False),
    Index("ix_consent_rule_recipient", "recipient", "purpose", "patient_id"),
    sqlite_with_rowid=False,
)

consent_selector = Table(  # what the consents of a patient single out
    "consent_selector",
    metadata,
    Column("patient_id", Id, primary_key=True),
    Column("selector_id", Text, primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Index("ix_consent_selector_selector", "selector_id"),
    sqlite_with_rowid=False,
)

custodian = Table(  # the organizations that keep somebody's record
    "custodian",
    metadata,
    Column("organization_id", Id, primary_key=True),
)

consent_actor = Table(  # the CareTeams, Groups, roles and persons with roles that a patient's consents name
    "consent_actor",
    metadata,
    Column("reference", String(96), primary_key=True),
    Column("patient_id", Id, primary_key=True),
    Index("ix_consent_actor_patient", "patient_id"),
    sqlite_with_rowid=False,
)

# --- the audit log: rows are only ever added ---------------------------------------------------------------------

OF_GLASS = "act IN ('break-glass', 'end-break-glass')"
audit = Table(
    "audit",
    metadata,
    key(),
    Column("id", Id, nullable=False, unique=True),
    Column("at", Micros, nullable=False),
    Column("act", String(16), nullable=False),
    Column("outcome", String(2), nullable=False),
    Column("patient_id", Id),
    Column("custodian_id", Id),  # whose auditors may see it
    Column("target_type", String(64)),
    Column("target_id", Id),
    Column("target_version", String(64)),
    Column("client_id", Id),
    Column("organization_id", Id),
    Column("practitioner_id", Id),
    Column("person_id", Id),
    Column("token_id", Id),
    Column("purpose", String(32)),
    Column("request_id", String(128)),
    Column("address", String(64)),
    Column("detail", LargeBinary),
    Column("user_patient_id", Id),  # the patient who did it
    Index(
        "ix_audit_glass",
        "custodian_id",
        "at",
        sqlite_where=text(OF_GLASS),
        postgresql_where=text(OF_GLASS),
    ),
    Index("ix_audit_patient", "patient_id", "at"),
    Index("ix_audit_target", "target_type", "target_id", "at"),
    Index("ix_audit_custodian", "custodian_id", "at"),
    sqlite_autoincrement=True,
)
