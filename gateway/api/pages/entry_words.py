"""Entries in a person's words: the heading they stand under, what each value is called, dates and numbers as one says
them. What FHIR calls them is for programs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.api.pages.words import day
from gateway.rules.entry_kinds import SURVEY, has_coding
from gateway.rules.entry_leaves import Leaf, leaves

JOURNAL = "51855-5"  # LOINC: Patient Note
_INDEX = re.compile(r"\[\d+\]")
_ANNOTATION = re.compile(r"\s*\{[^}]*\}")  # of UCUM: `{score}` is no unit
_MOMENTS = ("date", "dateTime", "instant")
_COMPARED = {"<": "less than", "<=": "at most", ">": "more than", ">=": "at least"}


@dataclass(frozen=True, slots=True)
class Group:
    """Entries of one kind, as a heading and in a count."""

    title: str
    one: str
    many: str


_MOOD, _THEME = Group("Mood", "mood", "moods"), Group("Themes", "theme", "themes")
_SCORES = Group("Scores", "score", "scores")
_JOURNAL = Group("Journal", "journal entry", "journal entries")
_GROUPS = {
    "CarePlan": Group("Care plan", "care plan", "care plans"),
    "Goal": Group("Goals", "goal", "goals"),
    "CareTeam": Group("Care team", "care team", "care teams"),
    "Task": Group("Homework", "piece of homework", "pieces of homework"),
    "QuestionnaireResponse": Group("Answers", "set of answers", "sets of answers"),
    "Observation": Group("Observations", "observation", "observations"),
    "RiskAssessment": Group("Risk", "risk estimate", "risk estimates"),
    "Communication": Group("Messages to the patient", "message", "messages"),
    "DocumentReference": Group("Notes and documents", "document", "documents"),
    "Composition": Group("Notes", "note", "notes"),
    "Condition": Group("Diagnoses and problems", "diagnosis or problem", "diagnoses and problems"),
    "Flag": Group("Flags", "flag", "flags"),
}
# By place without indices; what comes first is told first.
_NAMES: Mapping[str, Mapping[str, str]] = {
    "CarePlan": {
        "title": "Title",
        "description": "What is planned",
        "addresses": "For",
        "period.start": "From",
        "period.end": "Until",
        "activity.detail.code": "Step",
        "activity.detail.description": "How",
        "activity.detail.scheduled": "When",
        "activity.progress": "Progress",
    },
    "Goal": {
        "description": "Goal",
        "priority": "Priority",
        "achievementStatus": "How far it is",
        "start": "From",
        "target.measure": "Measured by",
        "target.detail": "To reach",
        "target.due": "By",
    },
    "CareTeam": {"name": "Name", "participant.role": "Role", "participant.member": "Who"},
    "Task": {
        "code": "Homework",
        "description": "What to do",
        "restriction.period.start": "From",
        "restriction.period.end": "Until",
        "restriction.repetitions": "How many times",
        "executionPeriod.start": "Begun",
        "executionPeriod.end": "Ended",
        "reasonCode": "Why",
    },
    "QuestionnaireResponse": {"authored": "Answered"},
    "Observation": {
        "code": "What was observed",
        "value": "Value",
        "referenceRange.low": "Lowest possible",
        "referenceRange.high": "Highest possible",
        "interpretation": "That means",
        "effectivePeriod.start": "From",
        "effectivePeriod.end": "Until",
        "effective": "When",
    },
    "RiskAssessment": {
        "prediction.outcome": "Risk of",
        "prediction.qualitativeRisk": "How high",
        "prediction.probability": "Probability",
        "prediction.whenPeriod.start": "From",
        "prediction.whenPeriod.end": "Until",
        "prediction.rationale": "Why",
        "mitigation": "What lowers it",
        "method": "How it was estimated",
        "occurrence": "Estimated",
    },
    "Communication": {"topic": "Kind", "payload": "What it says", "sent": "Shown", "reasonCode": "Why"},
    "DocumentReference": {
        "description": "Title",
        "content": "What it says",
        "context.period.start": "Written",
        "context.period.end": "Until",
        "type": "Kind",
    },
}
_INSTRUMENTS = {
    "http://loinc.org/q/44249-1": "PHQ-9",
    "http://loinc.org/q/89206-7": "PHQ-A",
    "http://loinc.org/q/55757-9": "PHQ-2",
    "http://loinc.org/q/69737-5": "GAD-7",
    "http://loinc.org/q/93373-9": "C-SSRS",
    "http://loinc.org/q/101697-1": "PCL-5",
}
_HEADS = ("title", "description", "name", "code", "topic", "prediction.outcome", "type")
_HEADS_OF = {"Task": ("code", "description")}
_WHEN = ("effectiveDateTime", "effectivePeriod", "authored", "occurrenceDateTime", "sent", "context", "date", "created")


def plain(path: str) -> str:
    return _INDEX.sub("", path)


def group_of(resource: Mapping[str, Any]) -> Group:
    """What it is; an observation by what it observes."""
    kind = str(resource["resourceType"])
    if kind == "Observation":
        named = {"Mood": _MOOD, "Theme": _THEME}.get(resource.get("code", {}).get("text", ""))
        return named or (_SCORES if has_coding(resource.get("category"), SURVEY) else _GROUPS[kind])
    if kind == "DocumentReference" and any(
        each.get("code") == JOURNAL for each in resource.get("type", {}).get("coding", ())
    ):
        return _JOURNAL
    return _GROUPS.get(kind, Group(kind, kind, kind))


def head_of(resource: Mapping[str, Any], found: Sequence[Leaf]) -> Leaf | None:
    """The value that tells it from others of its kind."""
    wanted: tuple[str, ...] = _HEADS_OF.get(str(resource["resourceType"]), _HEADS)
    if group_of(resource) is _THEME:
        wanted = ("value",)
    return next((leaf for start in wanted for leaf in found if _is_at(start, leaf.path)), None)


def title_of(resource: Mapping[str, Any], found: Sequence[Leaf] | None = None) -> str:
    """A heading for it: its own, else what it is."""
    found = leaves(resource) if found is None else found
    head = head_of(resource, found)
    if head and head.text:
        return head.text
    if name := _INSTRUMENTS.get(str(resource.get("questionnaire", ""))):
        return name
    one = group_of(resource).one
    return f"{one[:1].upper()}{one[1:]}"


def when_of(resource: Mapping[str, Any]) -> str:
    """The moment it is about, as one says it; empty without one."""
    value = next((resource[name] for name in _WHEN if name in resource), None)
    while isinstance(value, Mapping):
        value = value.get("period", value.get("start"))
    return moment(str(value)) if value else ""


def name_of(kind: str, leaf: Leaf) -> str:
    """What a value is called; a question keeps its words."""
    names = _NAMES.get(kind, {})
    found = next((name for start, name in names.items() if _is_at(start, leaf.path)), None)
    return found or leaf.name or "What it says"


def order_of(kind: str, leaf: Leaf) -> tuple[int, int, int]:
    """Where it is told: by its first step, the number of that, and its place there, so that what belongs together
    stays together."""
    step = leaf.path.partition(".")[0]
    starts, index = list(_NAMES.get(kind, ())), _INDEX.search(step)
    first = (number for number, start in enumerate(starts) if plain(step).startswith(start.partition(".")[0]))
    within = (number for number, start in enumerate(starts) if _is_at(start, leaf.path))
    return next(first, len(starts)), int(index[0][1:-1]) if index else 0, next(within, len(starts))


def spoken(type: str, path: str, text: str) -> str:
    """A value as one says it: dates and moments, codes without hyphens, numbers without a unit that is none."""
    if type in _MOMENTS:
        return moment(text)
    if type == "code":
        return text.replace("-", " ")
    if type == "decimal":
        if plain(path).endswith("probabilityDecimal"):
            return f"{text} %"
        bare = _ANNOTATION.sub("", text)
        sign, _, rest = bare.partition(" ")
        return f"{_COMPARED[sign]} {rest}" if sign in _COMPARED else bare
    return text


def moment(text: str) -> str:
    """`2026-09-01T08:00:00+02:00` as `1 September 2026, 08:00`; what is no day stays as it is."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    if "T" not in text:
        return day(found)
    return f"{day(found)}, {found:%H:%M}{' UTC' if text.endswith('Z') else ''}"


def _is_at(start: str, path: str) -> bool:
    """Whether a place is one of `start`, whatever the type its last step names: `value` has valueString."""
    bare = plain(path)
    return bare == start or (bare.startswith(start) and (bare[len(start)] == "." or bare[len(start)].isupper()))
