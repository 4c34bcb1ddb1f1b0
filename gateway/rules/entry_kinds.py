"""The types an entry may have: how settled each is before and after its approval, its profiles, what a clinician may
change in it, and what no template of it may say. R4; US Core 6.1.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.fhir.elements import objects_of
from gateway.rules.codes import CAREPLAN_CATEGORY, DOCUMENT_CATEGORY, LOINC, OBSERVATION_CATEGORY, US_CORE, concept


@dataclass(frozen=True, slots=True)
class Kind:
    """`status` is the element that tells how settled it is; `words` are the paths, without indices, of what is written
    in a person's words, numbers and dates; a text beside codes is none of them."""

    one: str
    many: str
    status: str
    drafted: str
    settled: str
    words: frozenset[str]


def _kind(one: str, many: str, status: str, drafted: str, settled: str, words: str) -> Kind:
    return Kind(one, many, status, drafted, settled, frozenset(words.split()))


KINDS: Mapping[str, Kind] = {
    "CarePlan": _kind(
        *("care plan", "care plans", "status", "draft", "active"),
        "title description period.start period.end activity.progress.text activity.detail.description "
        "activity.detail.code.text addresses.display goal.display careTeam.display note.text",
    ),
    "Goal": _kind(
        *("goal", "goals", "lifecycleStatus", "proposed", "active"),
        "description.text startDate statusDate statusReason achievementStatus.text category.text note.text "
        "target.measure.text target.detailString target.detailInteger target.detailQuantity.value "
        "target.detailRange.low.value target.detailRange.high.value target.dueDate",
    ),
    "CareTeam": _kind(
        *("care team", "care teams", "status", "proposed", "active"),
        "name period.start period.end participant.role.text participant.member.display participant.period.start "
        "participant.period.end reasonCode.text note.text",
    ),
    "Task": _kind(
        *("task", "tasks", "status", "draft", "requested"),
        "description code.text restriction.period.start restriction.period.end restriction.repetitions "
        "executionPeriod.start executionPeriod.end input.valueString reasonCode.text note.text",
    ),
    "QuestionnaireResponse": _kind(
        *("set of answers", "sets of answers", "status", "in-progress", "completed"),
        "item.answer.valueString item.answer.valueInteger item.answer.valueDecimal item.answer.valueDate "
        "item.answer.valueDateTime",
    ),
    "Observation": _kind(
        *("observation", "observations", "status", "preliminary", "final"),
        "code.text effectiveDateTime effectivePeriod.start effectivePeriod.end valueString valueInteger "
        "valueQuantity.value valueCodeableConcept.text interpretation.text note.text component.valueString "
        "component.valueInteger component.valueQuantity.value component.valueCodeableConcept.text",
    ),
    "RiskAssessment": _kind(
        *("risk estimate", "risk estimates", "status", "preliminary", "final"),
        "occurrenceDateTime prediction.outcome.text prediction.qualitativeRisk.text prediction.probabilityDecimal "
        "prediction.rationale mitigation note.text",
    ),
    "Communication": _kind(
        *("message", "messages", "status", "preparation", "completed"),
        "payload.contentString sent topic.text note.text",
    ),
    "DocumentReference": _kind(*("document", "documents", "docStatus", "preliminary", "final"), "description"),
}

ASSESSMENT_PLAN = concept(CAREPLAN_CATEGORY, "assess-plan")
SURVEY = concept(OBSERVATION_CATEGORY, "survey")
CLINICAL_NOTE = concept(DOCUMENT_CATEGORY, "clinical-note", "Clinical Note")


def profiles_of(resource: Mapping[str, Any]) -> list[str]:
    """The US Core profiles a completed entry claims: by its type, an observation by its category and code."""
    return [f"{US_CORE}/StructureDefinition/us-core-{name}" for name in _profiles(resource)]


def _profiles(resource: Mapping[str, Any]) -> list[str]:
    kind = resource["resourceType"]
    if kind == "Observation":
        is_survey = has_coding(resource.get("category"), SURVEY)
        is_scored = any(each.get("system") == LOINC for each in objects_of(resource.get("code", {})))
        return ["observation-screening-assessment" if is_survey and is_scored else "simple-observation"]
    if kind == "QuestionnaireResponse":
        return ["questionnaireresponse"] if "questionnaire" in resource else []
    if kind == "DocumentReference":
        return ["documentreference"] if "type" in resource else []
    return [kind.lower()] if kind in ("CarePlan", "Goal", "CareTeam") else []


def has_coding(concepts: Any, wanted: Mapping[str, Any]) -> bool:
    """Whether one of the concepts has the coding of `wanted`."""
    (coding,) = wanted["coding"]
    return any(
        (each.get("system"), each.get("code")) == (coding["system"], coding["code"])
        for each in objects_of(concepts or [])
    )
