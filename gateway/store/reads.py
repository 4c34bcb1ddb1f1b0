"""Who has read a document: the rows of the audit log that speak of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, literal_column, select

from gateway.fhir.json import parse
from gateway.rules.access import Visibility
from gateway.rules.audit import Act, Outcome
from gateway.store.database import Reader
from gateway.store.statements import Prepared
from gateway.store.tables import audit
from gateway.store.times import moment

READING = (Act.READ, Act.VREAD, Act.HISTORY, Act.SEARCH, Act.OPERATION, Act.REVIEW_READ, Act.LINEAGE)
_ABOUT = Prepared(
    select(
        audit.c.at,
        audit.c.act,
        audit.c.target_type,
        audit.c.target_id,
        audit.c.client_id,
        audit.c.organization_id,
        audit.c.practitioner_id,
        audit.c.purpose,
        audit.c.detail,
    )
    .where(
        audit.c.patient_id == bindparam("patient_id"),
        audit.c.custodian_id == bindparam("custodian_id"),
        audit.c.outcome == literal_column(f"'{Outcome.DONE.value}'"),
        audit.c.act.in_([literal_column(f"'{act.value}'") for act in READING]),
    )
    .order_by(audit.c.at, audit.c.pk)
)


@dataclass(frozen=True, slots=True)
class Read:
    """One reading, and the Consent versions that permitted it (none: the custodian's own use)."""

    at: datetime
    act: Act
    resources: tuple[str, ...]
    client_id: str | None
    organization_id: str | None
    practitioner_id: str | None
    purpose: str | None
    consents: tuple[str, ...]


def reads_of(
    db: Reader, visibility: Visibility, patient_id: str, references: Collection[str], draft_id: str
) -> list[Read]:
    """Every reading of these resources, or of the draft they came of, in the order of time."""
    rows = db.all(_ABOUT, {"patient_id": patient_id, "custodian_id": visibility.organization_id})
    return [read for row in rows if (read := _read(row, frozenset(references), draft_id))]


def _read(row: tuple[Any, ...], references: frozenset[str], draft_id: str) -> Read | None:
    at, act, kind, id, client, organization, practitioner, purpose, body = row
    detail = parse(bytes(body)) if body else {}
    given = [version.partition("/_history/")[0] for version in detail.get("resources", ())]
    seen = tuple(dict.fromkeys(name for name in (f"{kind}/{id}", *given) if name in references))
    if not seen and detail.get("draft") != draft_id:
        return None
    consents = tuple(detail.get("consents", ()))
    return Read(moment(at), Act(act), seen, client, organization, practitioner, purpose, consents)
