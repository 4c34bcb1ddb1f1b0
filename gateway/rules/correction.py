"""A patient's request for a correction: its stages, and which of them may follow. `check_…` raises.

Patient Request for Corrections, http://hl7.org/fhir/uv/patient-corrections (1.0.0): a Task whose business status is the
stage. The custodian has sixty days to decide, and may within them take up to thirty more, once, if the patient is told
why and until when (45 CFR 164.526(b)(2)); whoever is refused may have a disagreement kept beside what it is about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from gateway.errors import Conflict, Issue, Unprocessable
from gateway.fhir.references import Reference, literal

GUIDE = "http://hl7.org/fhir/uv/patient-corrections"
COMMUNICATION_PROFILE = f"{GUIDE}/StructureDefinition/patient-correction-communication"
TASK_PROFILE = f"{GUIDE}/StructureDefinition/patient-correction-task"
BUNDLE_PROFILE = f"{GUIDE}/StructureDefinition/patient-correction-bundle"
OPERATION = f"{GUIDE}/OperationDefinition/correction-request"
COMMUNICATION_TYPES = f"{GUIDE}/CodeSystem/PatientCorrectionCommunicationTypes"
TASK_TYPES = f"{GUIDE}/CodeSystem/PatientCorrectionTaskTypes"
BUSINESS_STATUS = f"{GUIDE}/CodeSystem/PatientCorrectionBusinessStatus"
OUTPUT_TYPES = f"{GUIDE}/CodeSystem/PatientCorrectionOutputTypes"
REQUEST, DISAGREEMENT, RESOLUTION = "medRecCxReq", "medRecCxDenialDisagree", "medRecCxReqResolution"
CORRECTIONS = frozenset({"Task", "Communication"})
TIME_TO_DECIDE, AT_MOST_LONGER = timedelta(days=60), timedelta(days=30)


class Stage(StrEnum):
    """Where a request stands, in the codes of the guide."""

    QUEUED = "queued"
    IN_REVIEW = "in-review"
    WAITING = "waiting-for-information"
    CANCELLED = "requester-cancelled"
    AMENDED = "amendment-completed"
    PARTLY = "partial-accept"
    DENIED = "denied"
    LOGGED = "disagreement-logged"
    REBUTTED = "completed"


class Step(StrEnum):
    ASK = "ask"
    ANSWER = "answer"
    EXTEND = "extend"
    WITHDRAW = "withdraw"
    ACCEPT = "accept"
    PARTIAL = "partial"
    DENY = "deny"
    REBUT = "rebut"


DECISIONS = {Step.ACCEPT: Stage.AMENDED, Step.PARTIAL: Stage.PARTLY, Step.DENY: Stage.DENIED}
_OPEN = {Step.ASK: Stage.WAITING, Step.ANSWER: Stage.IN_REVIEW, Step.WITHDRAW: Stage.CANCELLED, **DECISIONS}
STEPS: Mapping[Stage, Mapping[Step, Stage]] = {
    Stage.QUEUED: {**_OPEN, Step.EXTEND: Stage.IN_REVIEW},
    Stage.IN_REVIEW: {**_OPEN, Step.EXTEND: Stage.IN_REVIEW},
    Stage.WAITING: {**_OPEN, Step.EXTEND: Stage.WAITING},
    Stage.CANCELLED: {},
    Stage.AMENDED: {},
    Stage.PARTLY: {},
    Stage.DENIED: {},
    Stage.LOGGED: {Step.REBUT: Stage.REBUTTED},
    Stage.REBUTTED: {},
}
# The statuses that the guide allows a Task, by stage.
STATUS: Mapping[Stage, str] = {
    Stage.QUEUED: "ready",
    Stage.IN_REVIEW: "in-progress",
    Stage.WAITING: "in-progress",
    Stage.CANCELLED: "cancelled",
    **dict.fromkeys((Stage.AMENDED, Stage.PARTLY, Stage.DENIED, Stage.LOGGED, Stage.REBUTTED), "completed"),
}
# What a patient may disagree with.
REFUSED = frozenset({Stage.DENIED, Stage.PARTLY})


def check_step(stage: Stage, step: Step) -> Stage:
    """The stage that the step leads to. Raises Conflict."""
    if step not in STEPS[stage]:
        raise Conflict(f"A request that is {stage} cannot take the step '{step}'.")
    return STEPS[stage][step]


def is_open(stage: Stage) -> bool:
    return Step.DENY in STEPS[stage]


def is_correction(resource: Mapping[str, Any]) -> bool:
    """Whether it is a Task or Communication of the guide, which only its operation writes."""
    return kind_of(resource) is not None


def kind_of(resource: Mapping[str, Any]) -> str | None:
    """Whether it is about a request or a disagreement, of what the guide knows; None for anything else."""
    if resource["resourceType"] == "Task":
        return _code(TASK_TYPES, [resource.get("code", {})])
    if resource["resourceType"] == "Communication":
        return _code(COMMUNICATION_TYPES, resource.get("category", []))
    return None


def is_followed(task: Mapping[str, Any]) -> bool:
    """Whether it is a Task that the operation began: others may have come before it was the only way."""
    return kind_of(task) is not None and _code(BUSINESS_STATUS, [task.get("businessStatus", {})]) in set(Stage)


def stage_of(task: Mapping[str, Any]) -> Stage:
    return Stage(str(_code(BUSINESS_STATUS, [task["businessStatus"]])))


def asker_of(task: Mapping[str, Any]) -> str:
    """The id of the patient who asks; what is disputed may be about others too."""
    return str(task["for"]["reference"]).removeprefix("Patient/")


def due_at(task: Mapping[str, Any]) -> datetime:
    """Until when it has to be decided: while it is open, the end of a Task is the day it was extended to."""
    if is_extended(task):
        return datetime.fromisoformat(task["executionPeriod"]["end"])
    return datetime.fromisoformat(task["authoredOn"]) + TIME_TO_DECIDE


def is_extended(task: Mapping[str, Any]) -> bool:
    return "end" in task.get("executionPeriod", {})


def extended_to(task: Mapping[str, Any], until: date, now: datetime) -> datetime:
    """The end of that day, and of the thirty days at the latest. Raises Conflict where it was extended before or the
    sixty days are over, Unprocessable for a day that is not among the thirty after them."""
    due = due_at(task)
    if is_extended(task):
        raise Conflict("The time to decide is extended once only.")
    if now > due:
        raise Conflict("The time to decide is over: it is extended within its sixty days.")
    latest = due + AT_MOST_LONGER
    if not due.date() < until <= latest.date():
        text = f"A day after {due.date()} and not after {latest.date()}."
        raise Unprocessable("The time cannot be extended so.", issues=[Issue(text, "until", "business-rule")])
    return min(datetime.combine(until, time(23, 59, 59), due.tzinfo), latest)


def disputed(resource: Mapping[str, Any]) -> list[Reference]:
    """What a Task or Communication of the guide is about: what is kept here and holds in the patient's eyes a fault."""
    if resource["resourceType"] == "Task":
        return _kept_here([resource.get("focus", {})])
    return _kept_here(each.get("contentReference", {}) for each in resource.get("payload", ()))


def also_about(letter: Mapping[str, Any]) -> list[Reference]:
    """What a letter says to be about beside a Task: where others, who do not put it into the payload, name the item."""
    return [each for each in _kept_here(letter.get("about", ())) if each.type not in ("Task", "Patient")]


def named_in(resource: Mapping[str, Any]) -> list[Reference]:
    """What a Task or Communication of the guide gives away: what is disputed, and what was put right."""
    return list(dict.fromkeys(disputed(resource))) if is_correction(resource) else []


def original_of(task: Mapping[str, Any]) -> str:
    """The reference of the Communication that began it."""
    return str(task["input"][0]["valueReference"]["reference"])


def _kept_here(named: Iterable[Mapping[str, Any]]) -> list[Reference]:
    """No letter is about another in the sense of these."""
    found = (literal(each.get("reference", "")) for each in named)
    return [each for each in found if each is not None and each.is_local and each.type != "Communication"]


def _code(system: str, concepts: list[Mapping[str, Any]]) -> str | None:
    codings = (coding for concept in concepts for coding in concept.get("coding", ()))
    return next((each.get("code") for each in codings if each.get("system") == system), None)
