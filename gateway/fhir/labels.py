"""Security labels: the codes the gateway speaks, how they are put on a resource, and how they are read back.

Codes: HL7 terminology v3-Confidentiality, v3-ActCode, v3-ObservationValue; the inline label extension is DS4P's.
Rules of labelling: https://hl7.org/fhir/R4/security-labels.html and HL7 security-label-ds4p.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gateway.fhir.elements import objects_of

Coding = Mapping[str, str]

CONFIDENTIALITY_SYSTEM = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
ACT_CODE_SYSTEM = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
OBSERVATION_VALUE_SYSTEM = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"
INLINE_LABEL = "http://hl7.org/fhir/uv/security-label-ds4p/StructureDefinition/extension-inline-sec-label"

# The same code systems as older content names them: in CDA by OID, in STU3 by their former addresses.
_SAME = {
    "urn:oid:2.16.840.1.113883.5.25": CONFIDENTIALITY_SYSTEM,
    "http://hl7.org/fhir/v3/Confidentiality": CONFIDENTIALITY_SYSTEM,
    "urn:oid:2.16.840.1.113883.5.4": ACT_CODE_SYSTEM,
    "http://hl7.org/fhir/v3/ActCode": ACT_CODE_SYSTEM,
    "urn:oid:2.16.840.1.113883.5.1063": OBSERVATION_VALUE_SYSTEM,
    "http://hl7.org/fhir/v3/ObservationValue": OBSERVATION_VALUE_SYSTEM,
}

# From the most to the least restricted; a code outside this order counts as the most restricted.
CONFIDENTIALITY_ORDER = "VRNMLU"
_RANK = {code: rank for rank, code in enumerate(reversed(CONFIDENTIALITY_ORDER))}


def _coding(system: str, code: str) -> dict[str, str]:
    return {"system": system, "code": code}


CONFIDENTIALITY = {code: _coding(CONFIDENTIALITY_SYSTEM, code) for code in CONFIDENTIALITY_ORDER}
VERY_RESTRICTED, RESTRICTED, NORMAL = CONFIDENTIALITY["V"], CONFIDENTIALITY["R"], CONFIDENTIALITY["N"]

# Sensitivity
MH = _coding(ACT_CODE_SYSTEM, "MH")
PSYTHPN = _coding(ACT_CODE_SYSTEM, "PSYTHPN")
# Who asserted the content
AIAST = _coding(OBSERVATION_VALUE_SYSTEM, "AIAST")
CLINAST = _coding(OBSERVATION_VALUE_SYSTEM, "CLINAST")
PATAST = _coding(OBSERVATION_VALUE_SYSTEM, "PATAST")
# What was done to it
REDACTED = _coding(OBSERVATION_VALUE_SYSTEM, "REDACTED")
SUBSETTED = _coding(OBSERVATION_VALUE_SYSTEM, "SUBSETTED")
# Obligations, privacy laws, marks
HUAPRV = _coding(ACT_CODE_SYSTEM, "HUAPRV")
PROCESSINLINELABEL = _coding(ACT_CODE_SYSTEM, "PROCESSINLINELABEL")
PART_2 = _coding(ACT_CODE_SYSTEM, "42CFRPart2")
HIPAA_PSY_NOTES = _coding(ACT_CODE_SYSTEM, "HIPAAPsyNotes")
DRAFT_MARK = _coding(ACT_CODE_SYSTEM, "DRAFTMark")


def label(resource: dict[str, Any], *codings: Coding) -> dict[str, Any]:
    """Put labels on `resource` (changed in place, and returned), each once; a confidentiality replaces another."""
    security = resource.setdefault("meta", {}).setdefault("security", [])
    for coding in codings:
        if coding["system"] == CONFIDENTIALITY_SYSTEM:
            security[:] = [kept for kept in security if spoken(kept)[0] != CONFIDENTIALITY_SYSTEM]
        if (coding["system"], coding["code"]) not in security_of(resource):
            security.append(dict(coding))
    return resource


def label_inline(element: dict[str, Any], coding: Coding) -> dict[str, Any]:
    """Label one element (for a primitive: its `_sibling`); the resource must carry PROCESSINLINELABEL as well."""
    element.setdefault("extension", []).append({"url": INLINE_LABEL, "valueCoding": dict(coding)})
    return element


def security_of(resource: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The labels of the resource as (system, code), in their order; an absent part is an empty string."""
    codings = (resource.get("meta") or {}).get("security") or ()
    return [spoken(coding) for coding in codings]


def spoken(coding: Mapping[str, Any]) -> tuple[str, str]:
    """A label as (system, code), the system by its present name."""
    system = coding.get("system") or ""
    return _SAME.get(system, system), coding.get("code") or ""


def confidentiality_of(resource: Mapping[str, Any]) -> str:
    """The highest confidentiality of the resource and its inline labels; "V" when it has none: silence means most."""
    own = [code for system, code in security_of(resource) if system == CONFIDENTIALITY_SYSTEM]
    return (
        highest(own + [code for system, code in inline_of(resource) if system == CONFIDENTIALITY_SYSTEM])
        if own
        else "V"
    )


def inline_of(value: Any) -> Iterator[tuple[str, str]]:
    """Every inline label in `value`, depth first, as (system, code)."""
    for each in objects_of(value):
        if each.get("url") == INLINE_LABEL and isinstance(each.get("valueCoding"), dict):
            yield spoken(each["valueCoding"])


def highest(codes: Iterable[str]) -> str:
    """The most restricted of confidentiality codes; an unknown or retired code, or none at all, is "V"."""
    return max((code if code in _RANK else "V" for code in codes), key=_RANK.__getitem__, default="V")
