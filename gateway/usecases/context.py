"""The context of a submission: whom and which session it is about, and which model wrote it from which prompt, or which
app carried what people wrote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from gateway.errors import Issue, Unprocessable
from gateway.mapping.schema import DIALECT, InputSchema
from gateway.rules.model_card import card_faults
from gateway.rules.source_attributes import ATTRIBUTES

NAME = "context"  # of the part that holds it
_ID = "[A-Za-z0-9.-]{1,64}"
# What FHIR takes: no control characters, in one line or in several.
_WORDS = r"^[^\s\x00-\x1f]([^\x00-\x1f]*[^\s\x00-\x1f])?$"
_LINES = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f]*$"
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
_SAID = {"type": "string", "pattern": r"\S", "allOf": [{"pattern": _LINES}]}
_LONG = _SAID | {"minLength": 1, "maxLength": 200_000}
_TOLD = _SAID | {"maxLength": 20_000}
_IDENTIFIER = _object(["system", "value"], system=_text(), value=_text())
_CALLED = _text() | {"description": "What the payload calls the patient; without it, what is said here."}
_PATIENT = _object([], reference=_reference("Patient"), identifier=_IDENTIFIER, called=_CALLED) | {
    "oneOf": [{"required": ["reference"]}, {"required": ["identifier"]}]
}
_SEVERAL = {"type": "array", "minItems": 2, "maxItems": 20, "uniqueItems": True, "items": _PATIENT}
_ATTRIBUTES = {id: _TOLD | {"title": title} for id, title in ATTRIBUTES.items()}
_CARD = {
    "markdown": _LONG,
    "url": {"type": "string", "pattern": r"^https://\S+$"},
    "dsi": _object([], **_ATTRIBUTES)
    | {"minProperties": 1, "title": "Source attributes of a predictive intervention, 45 CFR 170.315(b)(11)"},
    "chai": _LONG | {"title": "CHAI Applied Model Card, the XML as text"},
}
_MODEL_CARD = _object([], title=_text(), **_CARD) | {"oneOf": [{"required": [form]} for form in _CARD]}
SCHEMA: dict[str, Any] = (
    _object(
        [],
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
        modelCard=_MODEL_CARD,
        prompt=_object(["text", "version"], text=_LONG, version=_text()),
        source=_object(["name", "version", "manufacturer"], name=_text(), version=_text(), manufacturer=_text())
        | {"description": "The app, which is no AI, that carries what patients or clinicians write."},
        clinician=_object(["reference"], reference=_reference("Practitioner")),
    )
    | {"dependentRequired": {"modelCard": ["model"], "prompt": ["model"]}}
    | {"if": {"required": ["patients"]}, "then": {"properties": {"patient": False}}, "else": {"required": ["patient"]}}
)
_CARD_CHECKED = InputSchema({"$schema": DIALECT, "type": "object", "properties": {"modelCard": _MODEL_CARD}})
_CHECKED = InputSchema({"$schema": DIALECT, "type": "object", "required": [NAME], "properties": {NAME: SCHEMA}})


def check_context(parts: dict[str, Any]) -> dict[str, Any]:
    """The context among the parsed parts. Raises Unprocessable with one issue per fault, each by its place."""
    given = {NAME: parts[NAME]} if NAME in parts else {}
    issues = _CHECKED.faults(given) or [
        *_sender_faults(given[NAME]),
        *_time_faults(given[NAME].get("session", {})),
        *_name_faults(given[NAME]),
        *card_faults(given[NAME].get("modelCard", {}), f"{NAME}.modelCard"),
    ]
    if issues:
        raise Unprocessable("The context of the submission has faults.", issues=issues)
    context: dict[str, Any] = given[NAME]
    return context


def check_card(card: Mapping[str, Any]) -> list[Issue]:
    """What is wrong with a model card by itself."""
    return _CARD_CHECKED.faults({"modelCard": card}) or card_faults(card, "modelCard")


def patients_of(context: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """How each patient is named, with its place; nothing is checked."""
    several = context.get("patients")
    if isinstance(several, list):
        return [(f"{NAME}.patients[{number}]", each) for number, each in enumerate(several)]
    return [(f"{NAME}.patient", context.get("patient"))]


def called(wanted: Mapping[str, Any]) -> str:
    """What a payload calls a patient of its context."""
    name = wanted.get("called") or wanted.get("reference") or wanted["identifier"]["value"]
    return str(name)


def _name_faults(context: Mapping[str, Any]) -> Iterator[Issue]:
    names = [called(wanted) for _, wanted in patients_of(context)]
    for number, (place, _) in enumerate(patients_of(context)):
        if names[number] in names[:number]:
            yield Issue("Two patients are called the same.", place, "duplicate")


def _sender_faults(context: Mapping[str, Any]) -> list[Issue]:
    if "model" in context or "source" in context:
        return []
    text = "The model that wrote it has to be named, or the app (source) that carries what people wrote."
    return [Issue(text, f"{NAME}.model", "required")]


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
