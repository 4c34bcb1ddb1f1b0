"""The Task and the Communications of a request for a correction, as the gateway writes them.

Patient Request for Corrections, http://hl7.org/fhir/uv/patient-corrections (1.0.0). Labels are put to them as to
whatever is written: no lower than those of what is disputed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.errors import Issue
from gateway.fhir.labels import CONFIDENTIALITY, confidentiality_of, label
from gateway.fhir.references import literal
from gateway.rules.codes import concept, instant
from gateway.rules.correction import (
    BUSINESS_STATUS,
    COMMUNICATION_PROFILE,
    COMMUNICATION_TYPES,
    DISAGREEMENT,
    OUTPUT_TYPES,
    REQUEST,
    RESOLUTION,
    STATUS,
    TASK_PROFILE,
    TASK_TYPES,
    Stage,
    also_about,
    disputed,
    kind_of,
    original_of,
)
from gateway.rules.labelling_written import label_carried

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Letter:
    """A Communication of the custodian's to the patient: in whose name, what it says, and what came of the request."""

    sender: str
    text: str
    about: tuple[str, ...] = ()


def faults(sent: Mapping[str, Any], custodian: str) -> Iterator[Issue]:
    """What a Communication that asks, answers or disagrees has to be beyond its profile."""
    if kind_of(sent) is None:
        yield Issue("The category is one of the guide's.", "Communication.category", "required")
    if sent.get("status") != "completed":
        yield Issue("What was said is completed.", "Communication.status", "business-rule")
    subject, sender = _named(sent.get("subject")), _named(sent.get("sender"))
    is_theirs = sender == subject or str(sender).startswith("RelatedPerson/")
    if subject is None or ("sender" in sent and not is_theirs):
        yield Issue("The patient, or who speaks for the patient, asks.", "Communication.sender", "business-rule")
    if "payload" not in sent:
        yield Issue("What is wrong has to be said.", "Communication.payload", "required")
    if any(_named(each) != custodian and not _is_person(each) for each in sent.get("recipient", ())):
        yield Issue("It goes to the custodian of the record.", "Communication.recipient", "business-rule")
    if len({*disputed(sent), *also_about(sent)}) > 1:
        yield Issue("One request is about one resource.", "Communication.payload", "business-rule")


def received(
    sent: Mapping[str, Any], custodian: str, task: str, item: str | None, at: datetime, former: str | None = None
) -> Json:
    """What came in, with the Task it belongs to and what is disputed; `former` is the Communication that began it."""
    subject = sent["subject"]
    items = [*([item] if item else []), *(f"{each.type}/{each.id}" for each in also_about(sent))]
    made = {**sent, "meta": _profiled(sent, COMMUNICATION_PROFILE)}
    made |= {"about": [{"reference": task}], "payload": naming(sent.get("payload", ()), items)}
    made.pop("id", None)
    made.setdefault("sender", {"reference": subject["reference"]})
    made.setdefault("recipient", [{"reference": custodian}])
    made.setdefault("sent", instant(at))
    if former is not None:
        made |= {"partOf": [{"reference": former}]}
        made.setdefault("inResponseTo", [{"reference": former}])
    return made


def naming(payload: Iterable[Mapping[str, Any]], items: Iterable[str]) -> list[Mapping[str, Any]]:
    """The payload with a reference to each of the items, as the guide's own letters refer to them: what a letter is
    `about` is its Task, and nothing beside it (the slice there takes whatever is referred to for a Task)."""
    said = [each.get("contentReference", {}).get("reference") for each in payload]
    more = [each for each in dict.fromkeys(items) if each not in said]
    return [*payload, *({"contentReference": {"reference": each}} for each in more)]


def opened(
    letter: Mapping[str, Any], id: str, custodian: str, at: datetime, item: str | None, original: str | None = None
) -> Json:
    """The Task of a Communication that begins something: a request about `item`, or a disagreement with what became of
    the Task `original`, which is logged as it comes."""
    kind = DISAGREEMENT if original else REQUEST
    task: Json = {
        "resourceType": "Task",
        "id": id,
        "meta": {"profile": [TASK_PROFILE]},
        "intent": "order",
        "code": concept(TASK_TYPES, kind),
        **({"focus": {"reference": item}} if item else {}),
        "for": letter["subject"],
        "authoredOn": instant(at),
        "requester": letter["sender"],
        "owner": {"reference": custodian},
        **({"reasonReference": {"reference": original}} if original else {}),
    }
    return staged(task, Stage.LOGGED if original else Stage.QUEUED, at)


def staged(task: Mapping[str, Any], stage: Stage, at: datetime, outcome: str | None = None) -> Json:
    """The Task at a stage; `outcome` is the Communication that tells the patient what became of it."""
    made = {
        **task,
        "status": STATUS[stage],
        "businessStatus": concept(BUSINESS_STATUS, stage.value),
        "lastModified": instant(at),
    }
    if "executionPeriod" in task and STATUS[stage] in ("completed", "cancelled"):
        made["executionPeriod"] = {"end": instant(at)}  # no longer when it was to end
    if outcome:
        given = {"type": concept(OUTPUT_TYPES, RESOLUTION), "valueReference": {"reference": outcome}}
        made["output"] = [*task.get("output", ()), given]
    return made


def extended(task: Mapping[str, Any], due: datetime) -> Json:
    """The Task with the day until which it is to be decided."""
    return {**task, "executionPeriod": {"end": instant(due)}}


def of_extension(reason: str, due: datetime) -> str:
    """What the patient is told: why it takes longer, and until when."""
    return f"{reason.strip()}\n\nWe will decide by {due.date().isoformat()}."


def answering(letter: Letter, id: str, task: Mapping[str, Any], at: datetime) -> Json:
    """What the custodian says to the patient in the matter of a Task."""
    item = task.get("focus", {}).get("reference")
    return {
        "resourceType": "Communication",
        "id": id,
        "meta": {"profile": [COMMUNICATION_PROFILE]},
        "status": "completed",
        "category": [concept(COMMUNICATION_TYPES, str(kind_of(task)))],
        "subject": task["for"],
        "about": [{"reference": f"Task/{task['id']}"}],
        "partOf": [{"reference": original_of(task)}],
        "inResponseTo": [{"reference": original_of(task)}],
        "sent": instant(at),
        "recipient": [task["requester"]],
        "sender": {"reference": letter.sender},
        "payload": naming([{"contentString": letter.text}], [*letter.about, *([item] if item else [])]),
    }


def labelled_as(resource: Json, item: Mapping[str, Any] | None) -> Json:
    """As protected as what it is about (in place). What is about a machine's estimate of risk is opened to others by a
    consent to the very restricted only: the estimate itself never is."""
    if item is None:
        return resource
    is_risk = item["resourceType"] == "RiskAssessment"
    return label_carried(label(resource, CONFIDENTIALITY["V" if is_risk else confidentiality_of(item)]), [item])


def input_of(task: Mapping[str, Any], communication: str) -> Json:
    """The input of a Task: the Communication that began it."""
    kind = str(kind_of(task))
    return {"type": concept(COMMUNICATION_TYPES, kind), "valueReference": {"reference": communication}}


def _profiled(sent: Mapping[str, Any], profile: str) -> Json:
    meta = sent.get("meta", {})
    return {**meta, "profile": list(dict.fromkeys((*meta.get("profile", ()), profile)))}


def _named(value: Any) -> str | None:
    found = literal(value.get("reference", "")) if isinstance(value, Mapping) else None
    return f"{found.type}/{found.id}" if found else None


def _is_person(value: Any) -> bool:
    return str(_named(value)).partition("/")[0] in ("Practitioner", "PractitionerRole")
