"""The compartment of a patient as a condition: https://hl7.org/fhir/R4/http.html#vsearch"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Select, String, bindparam, select, union_all

from gateway.fhir.compartments import PATIENT
from gateway.store.chains import name_of
from gateway.store.tables import ix_reference, resource

_PATIENT = bindparam("patient", type_=String)


def in_compartment(types: Iterable[str]) -> ColumnElement[bool]:
    """A row of `resource` that names the patient bound as `patient` by a parameter of its type, or is that Patient."""
    found: list[Select[Any]] = []
    for code, named in _by_code(types).items():
        row = ix_reference.alias().c
        naming = select(row.resource_pk).where(row.type.in_(named), row.name == name_of(code))
        found.append(naming.where(row.target_id == _PATIENT, row.target_type == name_of("Patient")))
    if "Patient" in types:
        own = resource.alias()
        found.append(select(own.c.pk).where(own.c.is_current, own.c.type == name_of("Patient"), own.c.id == _PATIENT))
    return resource.c.pk.in_(union_all(*found))


def _by_code(types: Iterable[str]) -> dict[str, list[ColumnElement[Any]]]:
    """The types that each parameter counts for."""
    found: dict[str, list[ColumnElement[Any]]] = {}
    for type in types:
        for code in PATIENT[type]:
            found.setdefault(code, []).append(name_of(type))
    return found
