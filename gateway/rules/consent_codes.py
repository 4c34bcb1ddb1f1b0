"""What a Consent is told in: its codes, its profiles, its policy, and what its category says it is about.

R4 Consent: https://hl7.org/fhir/R4/consent.html; IHE Privacy Consent on FHIR: https://profiles.ihe.net/ITI/PCF/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from gateway.fhir.labels import ACT_CODE_SYSTEM
from gateway.rules.codes import LOINC, TERMINOLOGY

PCF = "https://profiles.ihe.net/ITI/PCF"
# Each allows what the one before it allows, and more.
BASIC, INTERMEDIATE, ADVANCED = (
    f"{PCF}/StructureDefinition/IHE.PCF.consent{level}" for level in ("Basic", "Intermediate", "Advanced")
)

POLICY = "urn:care-continuity-gateway:policy:consent:2"  # the truth table of gateway/README.md
# All mean the same: silence means no. The first form of ours knew permits of organizations only, and these alike.
POLICIES = frozenset({POLICY, "urn:care-continuity-gateway:policy:consent:1", f"{PCF}/Policy-deny"})

SCOPE_SYSTEM, SCOPE = f"{TERMINOLOGY}/consentscope", "patient-privacy"
CATEGORY = (LOINC, "59284-0")
KIND_SYSTEM = "urn:care-continuity-gateway:consent-kind"
ROLE_SYSTEM, RECIPIENT = f"{TERMINOLOGY}/v3-ParticipationType", "IRCP"
ACTION_SYSTEM = f"{TERMINOLOGY}/consentaction"
TYPE_SYSTEM = "http://hl7.org/fhir/resource-types"


class Concern(StrEnum):
    """What a consent is about: giving content out, giving out again what may not be, or letting an AI process it."""

    DISCLOSURE = "disclosure"
    REDISCLOSURE = "redisclosure"
    AI_PROCESSING = "ai-processing"


# What a category says beside CATEGORY, which every Consent has; nothing more than that means disclosure too.
CONCERNS: Mapping[tuple[str, str], Concern] = {
    (ACT_CODE_SYSTEM, "IDSCL"): Concern.DISCLOSURE,
    (ACT_CODE_SYSTEM, "IRDSCL"): Concern.REDISCLOSURE,
    (KIND_SYSTEM, "ai-processing"): Concern.AI_PROCESSING,
}


def categories_of(consent: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every category of the consent, as (system, code)."""
    for category in consent["category"]:
        for coding in category["coding"]:
            yield coding["system"], coding["code"]


def concern_of(consent: Mapping[str, Any]) -> Concern:
    """What an admitted consent is about."""
    told = (CONCERNS[category] for category in categories_of(consent) if category in CONCERNS)
    return next(told, Concern.DISCLOSURE)
