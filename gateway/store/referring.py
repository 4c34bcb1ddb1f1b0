"""Which resources refer to one: asked before a deletion. Each way of referring begins with an index."""

from __future__ import annotations

from functools import cache

from sqlalchemy import String, and_, bindparam, literal_column, or_, select
from sqlalchemy.sql.elements import ColumnElement

from gateway.fhir.search.table import TYPES
from gateway.rules.access import Visibility
from gateway.rules.membership import COLLECTIVES
from gateway.store.database import Reader
from gateway.store.statements import Prepared
from gateway.store.tables import consent_actor, ix_reference, ix_uri, resource
from gateway.store.visible import parameters, shielded

# They tell of a version, which stays; or they are made when asked for.
_NEVER = frozenset({"Provenance", "AuditEvent"})


def referring(db: Reader, visibility: Visibility, type: str, id: str) -> frozenset[str]:
    """The current resources, as `Type/id`, that the organization keeps and that refer to another one of its own. Of a
    collective also the Consents of whoever names it in any provision, which the index knows of the first only."""
    values = {"target_type": type, "target_id": id, "url": f"{type}/{id}"}
    rows = db.all(_referring(type), {**parameters(visibility), **values})
    return frozenset(f"{row[0]}/{row[1]}" for row in rows) - {f"{type}/{id}"}


@cache
def _referring(type: str) -> Prepared:
    ways = [
        (table.name, parameter.code)
        for table in TYPES.values()
        for parameter in table.references
        if table.name not in _NEVER and (parameter.targets is None or type in parameter.targets)
    ]
    target_type, target_id = bindparam("target_type", type_=String), bindparam("target_id", type_=String)
    named = select(ix_reference.c.resource_pk).where(
        or_(
            *(
                and_(
                    ix_reference.c.type == _constant(source),
                    ix_reference.c.name == _constant(code),
                    ix_reference.c.target_id == target_id,
                    ix_reference.c.target_type == target_type,
                )
                for source, code in ways
            )
        )
    )
    attached = select(ix_uri.c.resource_pk).where(
        ix_uri.c.type == _constant("DocumentReference"),
        ix_uri.c.name == _constant("location"),
        ix_uri.c.value == bindparam("url", type_=String),
    )
    patients = select(consent_actor.c.patient_id).where(consent_actor.c.reference == bindparam("url", type_=String))
    consents = select(resource.c.pk).where(resource.c.type == _constant("Consent"), resource.c.patient_id.in_(patients))
    also = attached if type == "Binary" else consents if type in COLLECTIVES else None
    pks = named if also is None else named.union(also)
    statement = select(resource.c.type, resource.c.id).where(
        resource.c.pk.in_(pks),
        resource.c.is_current,
        resource.c.custodian_id == bindparam("v_organization", type_=String),
    )
    return shielded(statement)


def _constant(text: str) -> ColumnElement[str]:
    assert text.replace("-", "").replace("_", "").isalnum()
    return literal_column(f"'{text}'", String)
