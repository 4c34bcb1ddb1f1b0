"""Which patient a producer means: by id or by identifier, among those the visibility lets it see."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from gateway.rules.access import Visibility
from gateway.store.database import Reader
from gateway.store.resources import COLUMNS, Stored, permitted, read, stored
from gateway.store.tables import ix_token, resource
from gateway.store.visible import parameters, shielded

_BY_IDENTIFIER = shielded(
    select(*COLUMNS)
    .join(ix_token, ix_token.c.resource_pk == resource.c.pk)
    .where(
        ix_token.c.type == "Patient",
        ix_token.c.name == "identifier",
        ix_token.c.system == bindparam("system"),
        ix_token.c.code == bindparam("code"),
        resource.c.type == "Patient",
        resource.c.is_current,
        resource.c.custodian_id == bindparam("custodian_id"),
    )
    .limit(2)
)


def by_id(db: Reader, visibility: Visibility, id: str) -> Stored | None:
    """The custodian's own patient of that id, or None."""
    found = read(db, visibility, "Patient", id)
    own = found is not None and found.custodian_id == visibility.organization_id and not found.is_deleted
    return found if own else None


def by_identifier(db: Reader, visibility: Visibility, system: str, value: str) -> Stored | None:
    """The custodian's own patient with that identifier; None when there is none, or more than one."""
    values = {"system": system, "code": value, "custodian_id": visibility.organization_id}
    rows = db.all(_BY_IDENTIFIER, {**parameters(visibility), **values})
    found = permitted(db, visibility, [stored(row) for row in rows])
    return found[0] if len(found) == 1 and not found[0].is_deleted else None
