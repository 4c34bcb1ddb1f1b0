"""The context of a submission: whom and which session it is about, and which model wrote it from which prompt."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gateway.errors import Issue, Unprocessable
from gateway.mapping.schema import DIALECT, InputSchema

NAME = "context"  # of the part that holds it
_ID = "[A-Za-z0-9.-]{1,64}"
_WORDS = r"^\S(.*\S)?$"
_KINDS = [
    "Rule-Based-Systems",
    "Machine-Learning-Models",
    "Deep-Learning-Models",
    "Foundation-Models",
    "Large-Language-Models",
    "Vision-Foundation-Models",
    "Vision-Language-Models",
    "Hybrid-Models",
    "Deterministic-AI",
    "Non-Deterministic-AI",
    "Clinical-Monitoring-and-Early-Warning",
    "Clinical-Documentation-and-Workflow",
    "Personalized-Treatment",
    "Intelligent-Diagnosis-and-Treatment",
    "Patient-Services",
    "Population-Health-and-Operations",
    "AI-for-Medical-Text-Data",
    "AI-for-Structured-Clinical-Data",
    "AI-for-Audio-Data",
    "AI-for-Video-Data",
    "AI-for-Multimodal-Data",
    "AI-for-Physiological-Signal-Data",
]


def _text(longest: int = 255) -> dict[str, Any]:
    return {"type": "string", "maxLength": longest, "pattern": _WORDS}


def _object(required: list[str], **members: Any) -> dict[str, Any]:
    return {"type": "object", "required": required, "additionalProperties": False, "properties": members}


def _reference(kind: str) -> dict[str, Any]:
    return {"type": "string", "pattern": f"^{kind}/{_ID}$"}


_TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)$"}
_LONG = {"type": "string", "minLength": 1, "maxLength": 200_000, "pattern": r"\S"}
_IDENTIFIER = _object(["system", "value"], system=_text(), value=_text())
_PATIENT = _object([], reference=_reference("Patient"), identifier=_IDENTIFIER) | {
    "minProperties": 1,
    "maxProperties": 1,
}
_SEVERAL = {"type": "array", "minItems": 2, "maxItems": 20, "uniqueItems": True, "items": _PATIENT}
SCHEMA: dict[str, Any] = _object(
    ["session", "model"],
    patient=_PATIENT,
    patients=_SEVERAL | {"description": "Instead of `patient`: of a couple or a group, whose note is about all."},
    session=_object(["id", "start"], id=_text(), start=_TIME, end=_TIME),
    model=_object(
        ["name", "version", "manufacturer"],
        name=_text(),
        version=_text(),
        manufacturer=_text(),
        kinds={"type": "array", "uniqueItems": True, "minItems": 1, "items": {"enum": _KINDS}},
    ),
    modelCard=_object([], markdown=_LONG, url={"type": "string", "pattern": r"^https://\S+$"}, title=_text())
    | {"oneOf": [{"required": ["markdown"]}, {"required": ["url"]}]},
    prompt=_object(["text", "version"], text=_LONG, version=_text()),
    clinician=_object(["reference"], reference=_reference("Practitioner")),
) | {"if": {"required": ["patients"]}, "then": {"properties": {"patient": False}}, "else": {"required": ["patient"]}}
_CHECKED = InputSchema({"$schema": DIALECT, "type": "object", "required": [NAME], "properties": {NAME: SCHEMA}})


def check_context(parts: dict[str, Any]) -> dict[str, Any]:
    """The context among the parsed parts. Raises Unprocessable with one issue per fault, each by its place."""
    given = {NAME: parts[NAME]} if NAME in parts else {}
    issues = _CHECKED.faults(given) or _time_faults(given[NAME]["session"])
    if issues:
        raise Unprocessable("The context of the submission has faults.", issues=issues)
    context: dict[str, Any] = given[NAME]
    return context


def patients_of(context: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """How each patient is named, with its place; nothing is checked."""
    several = context.get("patients")
    if isinstance(several, list):
        return [(f"{NAME}.patients[{number}]", each) for number, each in enumerate(several)]
    return [(f"{NAME}.patient", context.get("patient"))]


def _time_faults(session: dict[str, str]) -> list[Issue]:
    times: dict[str, datetime] = {}
    issues = []
    for name in ("start", "end"):
        if name not in session:
            continue
        try:
            times[name] = datetime.fromisoformat(session[name])
        except ValueError:
            issues.append(Issue("There is no such time.", f"{NAME}.session.{name}", "value"))
    if len(times) == 2 and times["end"] < times["start"]:
        issues.append(Issue("The session ends before it starts.", f"{NAME}.session.end", "value"))
    return issues
