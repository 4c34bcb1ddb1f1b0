"""Who a submission or a consent speaks of: patients of a custodian, organizations, practitioners, devices."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, bindparam, literal_column, select

from gateway.rules.access import Visibility
from gateway.store.database import Reader
from gateway.store.resources import COLUMNS, Stored, current, permitted, read, stored
from gateway.store.statements import Prepared, up_to
from gateway.store.tables import ix_token, resource
from gateway.store.visible import parameters, shielded


def _identified(type: str) -> Select[Any]:
    return (
        select(*COLUMNS)
        .join(ix_token, ix_token.c.resource_pk == resource.c.pk)
        .where(
            ix_token.c.type == type,
            ix_token.c.name == "identifier",
            ix_token.c.code == bindparam("value"),
            ix_token.c.system == bindparam("system"),
            resource.c.is_current,
        )
        .limit(up_to(2))
        .distinct()
    )


_PATIENTS = shielded(_identified("Patient").where(resource.c.custodian_id == bindparam("custodian_id")))
_DIRECTORY = {
    type: Prepared(_identified(type).where(resource.c.patient_id.is_(None)))
    for type in ("Organization", "Practitioner")
}
_ALL = {
    type: Prepared(
        select(*COLUMNS)
        .where(
            resource.c.type == literal_column(f"'{type}'"),
            resource.c.is_current,
            ~resource.c.is_deleted,
            resource.c.patient_id.is_(None),
        )
        .order_by(resource.c.pk)
    )
    for type in ("Organization", "Practitioner")
}


def patient(db: Reader, visibility: Visibility, id: str) -> Stored | None:
    """The patient, if the visibility's own organization is the custodian; None otherwise."""
    found = read(db, visibility, "Patient", id)
    is_own = found is not None and not found.is_deleted and found.custodian_id == visibility.organization_id
    return found if is_own else None


def patients_identified(db: Reader, visibility: Visibility, system: str, value: str) -> list[Stored]:
    """The patients of the own organization with this identifier: none, one, or two where it is ambiguous."""
    custodian = {"custodian_id": visibility.organization_id, "system": system, "value": value}
    rows = db.all(_PATIENTS, {**parameters(visibility), **custodian})
    return permitted(db, visibility, [stored(row) for row in rows])


def organization(db: Reader, id: str) -> Stored | None:
    return current(db, "Organization", id)


def organizations(db: Reader) -> list[Stored]:
    """Every organization known here, as custodian or as recipient."""
    return [stored(row) for row in db.all(_ALL["Organization"], {})]


def practitioner(db: Reader, id: str) -> Stored | None:
    return current(db, "Practitioner", id)


def practitioners(db: Reader) -> list[Stored]:
    """Every practitioner known here."""
    return [stored(row) for row in db.all(_ALL["Practitioner"], {})]


def device(db: Reader, visibility: Visibility, id: str) -> Stored | None:
    """The device, if the visibility sees it."""
    found = read(db, visibility, "Device", id)
    return found if found is not None and not found.is_deleted else None


def listed(db: Reader, type: str, system: str, value: str) -> list[Stored]:
    """The organizations or practitioners with this identifier: none, one, or two where it is ambiguous."""
    return [stored(row) for row in db.all(_DIRECTORY[type], {"system": system, "value": value})]
