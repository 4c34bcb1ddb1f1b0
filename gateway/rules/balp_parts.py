"""What every AuditEvent is made of: the row it tells of, the codes it is told in, and who is named how."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway.rules.audit import Act, Outcome
from gateway.rules.codes import TERMINOLOGY, URI
from gateway.rules.subjects import SEVERAL

PROFILE = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."
DICOM = "http://dicom.nema.org/resources/ontology/DCM"
LIFECYCLE = f"{TERMINOLOGY}/iso-21089-lifecycle"
ENTITY_TYPE = f"{TERMINOLOGY}/audit-entity-type"
ROLE = f"{TERMINOLOGY}/object-role"
REST = (f"{TERMINOLOGY}/audit-event-type", "rest")
INTERACTION = "http://hl7.org/fhir/restful-interaction"
REQUEST_ID = "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType"
PARTICIPATION = f"{TERMINOLOGY}/v3-ParticipationType"
OUR_ACT = "urn:care-continuity-gateway:act"
CLIENT_ID = "urn:care-continuity-gateway:client"


@dataclass(frozen=True, slots=True)
class Recorded:
    """One row of the audit log. `target` is `Type`, `Type/id` or `Type/id/_history/version`."""

    id: str
    at: datetime
    act: Act
    outcome: Outcome
    patient_id: str | None = None
    target: str | None = None
    client_id: str | None = None
    organization_id: str | None = None
    practitioner_id: str | None = None
    token_id: str | None = None
    purpose: str | None = None
    request_id: str | None = None
    address: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    user_patient_id: str | None = None

    @property
    def user(self) -> str | None:
        """The person who did it, a clinician or a patient; none for a machine."""
        if self.practitioner_id:
            return f"Practitioner/{self.practitioner_id}"
        return f"Patient/{self.user_patient_id}" if self.user_patient_id else None

    @property
    def patient(self) -> str | None:
        """The one patient it is about."""
        return None if self.patient_id == SEVERAL else self.patient_id


def about_patient(row: Recorded) -> Iterator[dict[str, Any]]:
    """The entity of the one patient it is about."""
    if row.patient:
        patient = {"reference": f"Patient/{row.patient}"}
        yield {"type": coding(ENTITY_TYPE, "1"), "role": coding(ROLE, "1"), "what": patient}


def under_consents(row: Recorded) -> Iterator[dict[str, Any]]:
    """The entities of the Consent versions that decided; which of their provisions stands in the description."""
    paths: dict[str, list[str]] = {}
    for reason in row.detail.get("consents", ()):
        consent, _, path = reason.partition("#")
        paths.setdefault(consent, []).extend([path] if path else [])
    for consent, found in paths.items():
        told = {"description": ", ".join(found)} if found else {}
        yield {"type": coding("http://hl7.org/fhir/resource-types", "Consent"), "what": {"reference": consent}, **told}


def client_of(row: Recorded) -> dict[str, Any]:
    """The OAuth client; an act without one came from the gateway's own command line."""
    if row.client_id is None:
        return {"display": "Command line of the gateway"}
    return {"type": "Device", "identifier": {"system": CLIENT_ID, "value": row.client_id}}


def server(base: str) -> dict[str, Any]:
    return {"type": "Device", "identifier": {"system": URI, "value": base}}


def coding(system: str, code: str) -> dict[str, str]:
    return {"system": system, "code": code}
