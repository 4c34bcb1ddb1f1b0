"""Who may have a Binary: whom its security context opens it to, or who may see a document that names it.

A Binary that says nothing of whom it belongs to is read as the documents are that attach it, and without one by nobody.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import String, bindparam, literal_column, select

from gateway.fhir.json import parse
from gateway.rules.access import Visibility
from gateway.rules.content import told_by
from gateway.store.database import Reader
from gateway.store.deciding import Judge
from gateway.store.resources import COLUMNS, Stored, named, stored
from gateway.store.tables import ix_uri, resource
from gateway.store.visible import parameters, shielded

_binary = resource.alias("attached")
# Whose it is and what a consent may ask of it tells the document; the rest is the Binary's.
_OF_DOCUMENT = frozenset({"patient_id", "custodian_id", "kind_pk"})
_COLUMNS = [column if column.name in _OF_DOCUMENT else _binary.c[column.name] for column in COLUMNS]
_ATTACHED = shielded(
    select(*_COLUMNS)
    .select_from(ix_uri)
    .join(resource, resource.c.pk == ix_uri.c.resource_pk)
    .join(_binary, _binary.c.custodian_id == resource.c.custodian_id)
    .where(
        ix_uri.c.type == literal_column("'DocumentReference'"),
        ix_uri.c.name == literal_column("'location'"),
        ix_uri.c.value == bindparam("url", type_=String),
        resource.c.is_current,
        _binary.c.type == literal_column("'Binary'"),
        _binary.c.id == bindparam("id", type_=String),
        _binary.c.is_current,
        _binary.c.patient_id.is_(None),
    )
    .order_by(resource.c.pk)
)


def opened(db: Reader, visibility: Visibility, id: str, found: Stored | None) -> Stored | None:
    """The current version for this visibility; `found` is what its own row lets through."""
    return found if found and _belongs(found) else _attached(db, visibility, id)


def opened_version(db: Reader, visibility: Visibility, id: str, found: Stored | None) -> Stored | None:
    """A version that its own row lets through, unless it belongs to nobody."""
    if found is None or _belongs(found):
        return found
    attached = _attached(db, visibility, id)
    return attached and found._replace(patient_id=attached.patient_id, custodian_id=attached.custodian_id)


def only_opened(db: Reader, visibility: Visibility, rows: Iterable[Stored]) -> list[Stored]:
    """Rows of any types, each let through by itself, without the Binaries that belong to nobody."""
    opened = (opened_version(db, visibility, row.id, row) if row.type == "Binary" else row for row in rows)
    return [row for row in opened if row is not None]


def _attached(db: Reader, visibility: Visibility, id: str) -> Stored | None:
    """As one of the documents is read, and at least as restricted as itself."""
    judge = Judge(db, visibility)
    for row in db.all(_ATTACHED, {**parameters(visibility), "url": f"Binary/{id}", "id": id}):
        found = stored(row)
        decision = judge.decide(found, told_by(parse(found.text), [judge.kind(found.kind_pk)]))
        if decision.permits:
            return found._replace(consents=named(decision))
    return None


def _belongs(found: Stored) -> bool:
    return bool(found.patient_id or found.is_deleted or "securityContext" in parse(found.text))
