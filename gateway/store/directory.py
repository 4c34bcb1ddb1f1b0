"""Whom consents mean by a CareTeam, a Group or a PractitionerRole, and whose consents name it.

What is read here is compiled into rules and never given out; so it is read without a visibility.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import bindparam, delete, insert, literal_column, select

from gateway.fhir.dates import BEGINNING, END, Interval
from gateway.fhir.json import parse
from gateway.rules.audit import AuditEntry
from gateway.rules.membership import (
    COLLECTIVES,
    MOST_MEMBERS,
    Belonging,
    Member,
    belonging_to,
    common,
    once_of,
    too_costly,
)
from gateway.store.audit import record
from gateway.store.database import Reader, Writer
from gateway.store.statements import Prepared, up_to
from gateway.store.tables import consent_actor, ix_reference, resource

ALWAYS = Interval(BEGINNING, END)
_TEXT = select(resource.c.text).where(
    resource.c.type == bindparam("type"), resource.c.id == bindparam("id"), ~resource.c.is_deleted
)
_CONTENT = Prepared(_TEXT.where(resource.c.is_current))
_LAST = Prepared(_TEXT.order_by(resource.c.version.desc()).limit(up_to(1)))
_ROLES = Prepared(
    select(resource.c.id)
    .join(ix_reference, ix_reference.c.resource_pk == resource.c.pk)
    .where(
        ix_reference.c.type == literal_column("'PractitionerRole'"),
        ix_reference.c.name == literal_column("'practitioner'"),
        ix_reference.c.target_type == literal_column("'Practitioner'"),
        ix_reference.c.target_id == bindparam("id"),
    )
)
_FORGET = Prepared(delete(consent_actor).where(consent_actor.c.patient_id == bindparam("the_patient")))
_ADD = Prepared(insert(consent_actor), ["reference", "patient_id"])
_NAMING = Prepared(
    select(consent_actor.c.patient_id)
    .where(consent_actor.c.reference == bindparam("reference"))
    .order_by(consent_actor.c.patient_id)
)


@dataclass(slots=True)
class Directory:
    """Over one consistent state. `named` gathers the collectives that were looked at, and the practitioners whose roles
    were, to be noted with what was compiled: a change of one of them changes whom the patient's consents mean."""

    db: Reader
    named: set[str] = field(default_factory=set)
    _direct: dict[str, list[Belonging]] = field(default_factory=dict)

    def members(self, reference: str) -> list[Member]:
        """Who is meant by `Type/id`, through all that it is made of; a recipient means itself. One who belongs in
        several ways is there several times. Raises Unprocessable for too many."""
        found: list[Member] = []
        seen: set[Belonging] = set()
        ahead = [Belonging(reference, ALWAYS)]
        while ahead:
            one = ahead.pop()
            if one in seen:
                continue
            seen.add(one)
            if len(seen) > MOST_MEMBERS:
                raise too_costly(f"More than {MOST_MEMBERS} members.")
            if one.reference.partition("/")[0] in COLLECTIVES:
                ahead += [
                    below._replace(span=span)
                    for below in self._belonging_to(one.reference)
                    if (span := common(one.span, below.span))
                ]
            else:
                found.append(one.member)
        return found

    def authors(self, reference: str) -> list[str]:
        """All as whom `Type/id` may have signed, whenever: itself, who ever belonged to it, and the roles of these."""
        found: set[str] = set()
        ahead = [reference]
        while ahead:
            one = ahead.pop()
            if one not in found:
                found.add(one)
                ahead += self._signing_as(one)
        return sorted(found)

    def _signing_as(self, reference: str) -> list[str]:
        type, _, id = reference.partition("/")
        if type == "Practitioner":
            self.named.add(reference)
            return [f"PractitionerRole/{role}" for (role,) in self.db.all(_ROLES, {"id": id})]
        if type in COLLECTIVES:
            self.named.add(reference)
            row = self.db.one(_LAST, {"type": type, "id": id})
            return once_of(parse(row[0])) if row else []
        return []

    def _belonging_to(self, reference: str) -> list[Belonging]:
        if reference not in self._direct:
            self.named.add(reference)
            type, _, id = reference.partition("/")
            row = self.db.one(_CONTENT, {"type": type, "id": id})
            self._direct[reference] = belonging_to(parse(row[0])) if row else []
        return self._direct[reference]


def note(writer: Writer, audit: AuditEntry, patient_id: str, named: Iterable[str]) -> None:
    """Which collectives, and practitioners with all their roles, the consents of a patient name now, directly or by way
    of another."""
    writer.run(_FORGET, {"the_patient": patient_id})
    writer.run_many(_ADD, [{"reference": reference, "patient_id": patient_id} for reference in sorted(named)])
    record(writer, audit)


def patients_naming(db: Reader, reference: str) -> list[str]:
    """The patients whose consents name a collective or a practitioner with all roles, directly or not."""
    return [row[0] for row in db.all(_NAMING, {"reference": reference})]
