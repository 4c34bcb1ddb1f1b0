"""The code systems that attribution, documents and Provenance speak, and how a concept and a reference are written.

A fixed CodeableConcept of the AI Transparency guide matches only without `display`, so none is written for those.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

AI_TRANSPARENCY = "http://hl7.org/fhir/uv/aitransparency"
AI_PROVENANCE = f"{AI_TRANSPARENCY}/StructureDefinition/AI-Provenance"
AI_DEVICE = f"{AI_TRANSPARENCY}/StructureDefinition/AI-Device"
AI_MODEL_CARD = f"{AI_TRANSPARENCY}/StructureDefinition/AI-ModelCard"
AI_INPUT_PROMPT = f"{AI_TRANSPARENCY}/StructureDefinition/AI-InputPrompt"
AI_KIND = f"{AI_TRANSPARENCY}/StructureDefinition/aitransparency.AIKind"
MODEL_CARD_DESCRIPTION = f"{AI_TRANSPARENCY}/StructureDefinition/aitransparency.modelCardDescription"
AI_DEVICE_TYPE = f"{AI_TRANSPARENCY}/CodeSystem/AIdeviceTypeCS"
AI_INPUTS = f"{AI_TRANSPARENCY}/CodeSystem/AIinputsCS"

US_CORE = "http://hl7.org/fhir/us/core"
US_CORE_DOCUMENT = f"{US_CORE}/StructureDefinition/us-core-documentreference"
US_CORE_PROVENANCE = f"{US_CORE}/StructureDefinition/us-core-provenance"
US_CORE_PATIENT = f"{US_CORE}/StructureDefinition/us-core-patient"
US_CORE_PRACTITIONER = f"{US_CORE}/StructureDefinition/us-core-practitioner"
US_CORE_ORGANIZATION = f"{US_CORE}/StructureDefinition/us-core-organization"
CAREPLAN_CATEGORY = f"{US_CORE}/CodeSystem/careplan-category"
DOCUMENT_CATEGORY = f"{US_CORE}/CodeSystem/us-core-documentreference-category"

TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
OBSERVATION_CATEGORY = f"{TERMINOLOGY}/observation-category"
OBSERVATION_VALUE = f"{TERMINOLOGY}/v3-ObservationValue"
ACT_REASON = f"{TERMINOLOGY}/v3-ActReason"
DATA_OPERATION = f"{TERMINOLOGY}/v3-DataOperation"
DOCUMENT_COMPLETION = f"{TERMINOLOGY}/v3-DocumentCompletion"
PARTICIPANT = f"{TERMINOLOGY}/provenance-participant-type"
LOINC = "http://loinc.org"
FORMAT = "http://ihe.net/fhir/ihe.formatcode.fhir/CodeSystem/formatcode"
URI = "urn:ietf:rfc:3986"

TARGET_ELEMENT = "http://hl7.org/fhir/StructureDefinition/targetElement"


def concept(system: str, code: str, display: str | None = None) -> dict[str, Any]:
    """A CodeableConcept of one coding."""
    coding = {"system": system, "code": code}
    return {"coding": [coding | {"display": display} if display else coding]}


def reference(kind: str, id: str) -> dict[str, Any]:
    """A literal reference to a resource kept here."""
    return {"reference": f"{kind}/{id}"}


def logical(urn: str) -> dict[str, Any]:
    """A reference by identifier only: names a thing that is not served here, and gives nothing of it away."""
    return {"identifier": {"system": URI, "value": urn}}


def instant(at: datetime) -> str:
    """An instant in UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
