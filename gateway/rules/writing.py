"""What may be written through the FHIR API, and which labels it gets.

A writer's own labels stay. What only the gateway gives is refused: AI content enters as a submission, where its model,
prompt and evidence come with it. Codes: HL7 v3-Confidentiality, v3-ActCode, v3-ObservationValue.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gateway.errors import Issue
from gateway.fhir.elements import objects_of
from gateway.fhir.labels import (
    AIAST,
    CLINAST,
    CONFIDENTIALITY,
    CONFIDENTIALITY_SYSTEM,
    DRAFT_MARK,
    HIPAA_PSY_NOTES,
    HUAPRV,
    NORMAL,
    PART_2,
    PATAST,
    RESTRICTED,
    confidentiality_of,
    highest,
    inline_of,
    label,
    security_of,
    spoken,
)
from gateway.fhir.references import literal
from gateway.rules.codes import AI_DEVICE, AI_INPUT_PROMPT, AI_MODEL_CARD, AI_PROVENANCE
from gateway.rules.subjects import patients_of

# Whom and what everybody may know of; it is about no patient.
DIRECTORY = frozenset(
    {"HealthcareService", "Location", "Medication", "Organization", "Practitioner", "PractitionerRole", "Questionnaire"}
)
_LABELS = {(each["system"], each["code"]) for each in (AIAST, CLINAST, HUAPRV, DRAFT_MARK)}
_LABEL_CODES = {code for _, code in _LABELS}
_PROFILES = {AI_DEVICE, AI_MODEL_CARD, AI_INPUT_PROMPT, AI_PROVENANCE}
_LAWS = (PART_2, HIPAA_PSY_NOTES)


def admit(resource: Mapping[str, Any]) -> list[Issue]:
    """Every element that a writer may not send; the resource has passed the door check."""
    kind = resource["resourceType"]
    issues = [
        Issue(f"Only the gateway gives this {what}: AI content enters as a submission.", path, "business-rule")
        for path, what in (_reserved(resource, kind) if is_reserved(resource) else ())
    ]
    if kind == "Subscription" and resource.get("status") != "off":
        text = "Nothing is delivered here yet: a Subscription is kept with the status off."
        issues.append(Issue(text, "Subscription.status", "not-supported"))
    return issues


def is_reserved(resource: Mapping[str, Any]) -> bool:
    """Whether only the gateway can have made it."""
    return any(_what_is_reserved(each) for each in objects_of(resource))


def _reserved(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """The places of labels and profiles that only the gateway gives, each with what it is."""
    if isinstance(value, list):
        for number, item in enumerate(value):
            if isinstance(item, dict | list):
                yield from _reserved(item, f"{path}[{number}]")
    elif isinstance(value, dict):
        for what in _what_is_reserved(value):
            yield (f"{path}.meta.profile" if what == "profile" else path), what
        for name, child in value.items():
            if isinstance(child, dict | list):
                yield from _reserved(child, f"{path}.{name.lstrip('_')}")


def _what_is_reserved(value: Mapping[str, Any]) -> list[str]:
    """What of one object, apart from those inside it, only the gateway gives."""
    found = []
    if isinstance(code := value.get("code"), str) and code in _LABEL_CODES and spoken(value) in _LABELS:
        found.append("label")
    if "meta" in value and _PROFILES & {str(each).partition("|")[0] for each in value["meta"].get("profile", ())}:
        found.append("profile")
    return found


def label_written(resource: dict[str, Any], former: Mapping[str, Any] | None) -> dict[str, Any]:
    """Label what was written (in place). A version does not lose the protection that the one before it had; what is no
    directory entry, and about nobody's record here, is not opened to everybody."""
    kind = resource["resourceType"]
    if not any(system == CONFIDENTIALITY_SYSTEM for system, _ in security_of(resource)):
        label(resource, NORMAL if kind in DIRECTORY else RESTRICTED)
    within = list(_labels_within(resource))
    least = [code for system, code in within if system == CONFIDENTIALITY_SYSTEM]
    laws = set(within)
    if former is not None:
        least.append(confidentiality_of(former))
        laws |= {*security_of(former), *inline_of(former)}
    if kind not in DIRECTORY and not patients_of({"id": "", **resource}):
        least.append(RESTRICTED["code"])
    label_at_least(resource, least)
    label(resource, *(law for law in _LAWS if (law["system"], law["code"]) in laws))
    if _is_patient_asserted(resource):
        label(resource, PATAST)
    return resource


def label_at_least(resource: dict[str, Any], codes: Iterable[str]) -> None:
    """Label it no lower than these."""
    least, now = highest([*codes, "U"]), confidentiality_of(resource)
    if highest([now, least]) != now:
        label(resource, CONFIDENTIALITY[least])


def _labels_within(resource: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What the resource says of its parts, or of the document that it holds."""
    yield from inline_of(resource)
    for concept in resource.get("securityLabel", ()) if resource["resourceType"] == "DocumentReference" else ():
        yield from map(spoken, concept.get("coding", ()))
    if resource["resourceType"] == "Composition" and "confidentiality" in resource:
        yield CONFIDENTIALITY_SYSTEM, resource["confidentiality"]


def _is_patient_asserted(resource: Mapping[str, Any]) -> bool:
    """A note of which every author is the patient. https://hl7.org/fhir/us/core/writing-clinical-notes.html"""
    authors = resource.get("author", ()) if resource["resourceType"] == "DocumentReference" else ()
    found = [literal(author.get("reference", "")) for author in authors]
    return bool(found) and all(each is not None and each.type == "Patient" for each in found)
