"""Content for the truth table, as FHIR. Labels are said in one text: the confidentiality and other codes."""

from __future__ import annotations

from typing import Any

from gateway.fhir.labels import (
    ACT_CODE_SYSTEM,
    AIAST,
    CONFIDENTIALITY,
    CONFIDENTIALITY_ORDER,
    PROCESSINLINELABEL,
    label_inline,
)
from gateway.rules.cases.cast import CLINIC, SAM
from gateway.rules.codes import LOINC

Json = dict[str, Any]
PHQ9, GAD7 = "44261-6", "70274-6"
ENCOUNTER, SCORE, CONDITION = "Encounter/visit", "Observation/score", "Condition/condition"
ESTIMATE = "RiskAssessment/estimate"


def score(labels: str = "N", *, of: str = SAM, code: str = PHQ9, id: str = "score", **elements: Any) -> Json:
    """An Observation with a score."""
    return _labelled(
        {
            "resourceType": "Observation",
            "id": id,
            "status": "final",
            "code": _code(code),
            "subject": {"reference": of},
            "valueInteger": 7,
            **elements,
        },
        labels,
    )


def condition(labels: str = "N", *, of: str = SAM, **elements: Any) -> Json:
    told = {"resourceType": "Condition", "id": "condition", "subject": {"reference": of}, "code": {"text": "Insomnia"}}
    return _labelled({**told, **elements}, labels)


def visit(labels: str = "N", *, of: str = SAM, **elements: Any) -> Json:
    coding = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}
    told = {
        "resourceType": "Encounter",
        "id": "visit",
        "status": "finished",
        "class": coding,
        "subject": {"reference": of},
        "period": {"start": "2026-03-02T10:00:00Z", "end": "2026-03-02T10:50:00Z"},
    }
    return _labelled({**told, **elements}, labels)


def pair(labels: str = "N", **elements: Any) -> Json:
    """A score about Sam that has to do with Kim: of a couple's session."""
    return score(labels, focus=[{"reference": "Patient/kim"}], **elements)


def estimate(labels: str = "R", *, of: str = SAM, **elements: Any) -> Json:
    """An estimate of risk, approved; without AIAST among its labels it is a clinician's own."""
    told = {"resourceType": "RiskAssessment", "id": "estimate", "status": "final", "subject": {"reference": of}}
    return _labelled({**told, **elements}, labels)


def provenance(target: str, labels: str = "", **elements: Any) -> Json:
    told = {
        "resourceType": "Provenance",
        "id": "provenance",
        "target": [{"reference": target}],
        "recorded": "2026-03-02T11:00:00Z",
        "agent": [{"who": {"reference": CLINIC}}],
    }
    return _labelled({**told, **elements}, labels)


def device(labels: str = "N") -> Json:
    return _labelled({"resourceType": "Device", "id": "model", "manufacturer": "Example Ltd"}, labels)


def inline(labels: str, inner: str) -> Json:
    """A score whose note is labelled for itself."""
    remark = {"text": "Said in confidence."}
    for code in inner.split():
        label_inline(remark, _coding(code))
    made = score(labels, note=[remark])
    made["meta"]["security"].append(dict(PROCESSINLINELABEL))
    return made


def _labelled(resource: Json, labels: str) -> Json:
    codings = [_coding(code) for code in labels.split()]
    return {**resource, "meta": {"security": codings}} if codings else resource


def _coding(code: str) -> Json:
    if code == AIAST["code"]:
        return dict(AIAST)
    return dict(CONFIDENTIALITY[code]) if code in CONFIDENTIALITY_ORDER else {"system": ACT_CODE_SYSTEM, "code": code}


def _code(code: str) -> Json:
    return {"coding": [{"system": LOINC, "code": code}]}
