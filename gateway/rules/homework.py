"""The life of an assigned homework: which status may follow, and what of its Task may be changed after approval.

https://hl7.org/fhir/R4/task.html#statemachine
What the approval bound stays as it is: a homework app tells how it goes, adds results and notes, takes nothing away.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from gateway.errors import Issue
from gateway.fhir.elements import elements_of
from gateway.fhir.labels import PROCESSINLINELABEL, label
from gateway.rules.evidence import Origin
from gateway.rules.labelling import label_part
from gateway.rules.writing import admit

STEPS: Mapping[str, tuple[str, ...]] = {
    "requested": ("received", "accepted", "rejected", "cancelled"),
    "received": ("accepted", "rejected", "cancelled"),
    "accepted": ("ready", "in-progress", "cancelled"),
    "ready": ("in-progress", "cancelled"),
    "in-progress": ("on-hold", "completed", "failed", "cancelled"),
    "on-hold": ("in-progress", "completed", "failed", "cancelled"),
}
COMPLETED = "completed"
_BEGINNING, _ENDING = ("accepted", "ready"), (COMPLETED, "failed")
RESULTS = frozenset({"QuestionnaireResponse", "Observation", "DocumentReference"})
_GROWING = ("output", "note")
_TOLD = ("status", "statusReason", "businessStatus", "executionPeriod", "lastModified", *_GROWING)
_NAMED = re.compile(r"Task\.(output\[\d+\]\.value|note\[\d+\]\.author)")
_MEMBER = re.compile(r"[.\[]")
CHANGEABLE = frozenset({*_TOLD, "_status", "_lastModified"})


def may_step(status: str, to: str) -> bool:
    return to in STEPS.get(status, ())


def is_over(status: str) -> bool:
    return status not in STEPS


def way(status: str, to: str) -> tuple[str, ...]:
    """The shortest way from a status to another, step by step, the last of them `to`; empty where none leads there."""
    ways: list[tuple[str, ...]] = [(step,) for step in STEPS.get(status, ())]
    while ways:
        if found := next((each for each in ways if each[-1] == to), None):
            return found
        ways = [(*each, step) for each in ways for step in STEPS.get(each[-1], ()) if step not in each]
    return ()


def faults(former: Mapping[str, Any], sent: Mapping[str, Any], speakers: Collection[str]) -> list[Issue]:
    """Everything in `sent` that an approved homework, which reads `former`, may not become. `speakers` are the
    references under which its writer may sign a note."""
    return [
        *_untouchable(former, sent),
        *_relabelled(former, sent),
        *_steps(former, sent),
        *_taken_away(former, sent),
        *_results(former, sent),
        *_signatures(former, sent, speakers),
        *_elsewhere(former, sent),
        *admit(_said(former, sent)),
    ]


def progressed(former: Mapping[str, Any], sent: Mapping[str, Any], now: str) -> dict[str, Any]:
    """The next version: as approved, but for what was told. Without a time of its own the change is of `now`; a note
    that the patient signs is labelled as the patient's."""
    kept = {name: value for name, value in former.items() if name not in CHANGEABLE}
    told = {name: sent[name] for name in CHANGEABLE if name in sent}
    is_changed = any(former.get(name) != told.get(name) for name in CHANGEABLE)
    if is_changed and told.get("lastModified") == former.get("lastModified"):
        told["lastModified"] = now
    return _signed(former, kept | told)


def cancelled(former: Mapping[str, Any], reason: str) -> dict[str, Any]:
    return {**former, "status": "cancelled", "statusReason": {"text": reason}}


def told_by(patient: str, former: Mapping[str, Any], to: str | None, words: str, now: str) -> dict[str, Any]:
    """The Task as its patient tells it: that it is `to` now (None: as it was), since when it has been going on or was
    over, and words of the own."""
    told: dict[str, Any] = {"status": to or former["status"]}
    if to in _ENDING:
        told["executionPeriod"] = {**former.get("executionPeriod", {}), "end": now}
    elif to == "in-progress" and former["status"] in _BEGINNING:
        told["executionPeriod"] = {"start": now}
    if words:
        note = {"authorReference": {"reference": f"Patient/{patient}"}, "time": now, "text": words}
        told["note"] = [*former.get("note", ()), note]
    return {**former, **told}


def with_results(plan: Mapping[str, Any], reference: str, task: Mapping[str, Any]) -> dict[str, Any]:
    """The CarePlan, each activity that is this Task naming its results (CarePlan.activity.outcomeReference)."""
    activities = [
        _with_outcomes(each, task) if each.get("reference", {}).get("reference") == reference else each
        for each in plan.get("activity", ())
    ]
    return {**plan, **({"activity": activities} if activities else {})}


def added(former: Mapping[str, Any], sent: Mapping[str, Any], name: str) -> list[tuple[int, Any]]:
    """The new items of a list, with their places."""
    start = len(former.get(name, ()))
    return list(enumerate(sent.get(name, ())[start:], start))


def _signed(former: Mapping[str, Any], made: dict[str, Any]) -> dict[str, Any]:
    """The same, with inline labels: what a machine wrote and the patient's own words must be told apart."""
    notes = list(made.get("note", ()))
    hers = [number for number, note in added(former, made, "note") if _author(note).startswith("Patient/")]
    for number in hers:
        notes[number] = label_part({**notes[number]}, Origin.PATIENT)
    if not hers:
        return made
    meta = {**made.get("meta", {}), "security": list(made.get("meta", {}).get("security", ()))}
    return label({**made, "meta": meta, "note": notes}, PROCESSINLINELABEL)


def _author(note: Mapping[str, Any]) -> str:
    return str(note.get("authorReference", {}).get("reference", ""))


def _with_outcomes(activity: Mapping[str, Any], task: Mapping[str, Any]) -> Mapping[str, Any]:
    named = list(activity.get("outcomeReference", ()))
    results = (output.get("valueReference", {}).get("reference") for output in task.get("output", ()))
    known = {each.get("reference") for each in named}
    named += [{"reference": each} for each in dict.fromkeys(results) if each and each not in known]
    return {**activity, "outcomeReference": named} if named else activity


def _untouchable(former: Mapping[str, Any], sent: Mapping[str, Any]) -> Iterator[Issue]:
    for name in sorted({*former, *sent} - CHANGEABLE - {"meta"}):
        if former.get(name) != sent.get(name):
            yield _issue("This is as it was approved: only how the homework goes can be told.", f"Task.{name}")


def _relabelled(former: Mapping[str, Any], sent: Mapping[str, Any]) -> Iterator[Issue]:
    """Who leaves out what is said in meta changes nothing; who adds to it would speak for the reviewer."""
    known, told = former.get("meta", {}), sent.get("meta", {})
    for name in ("profile", "security", "tag"):
        if any(each not in known.get(name, ()) for each in told.get(name, ())):
            yield _issue("This is as it was approved.", f"Task.meta.{name}")


def _steps(former: Mapping[str, Any], sent: Mapping[str, Any]) -> Iterator[Issue]:
    before, after = former["status"], sent.get("status")
    if before != after and not may_step(before, str(after)):
        yield _issue("This status cannot follow the one before it.", "Task.status")
    elif before == after and is_over(before):
        for name in sorted(CHANGEABLE - {*_GROWING, "lastModified", "_lastModified"}):
            if former.get(name) != sent.get(name):
                yield _issue("The homework is over: results and notes can still be added.", f"Task.{name}")


def _taken_away(former: Mapping[str, Any], sent: Mapping[str, Any]) -> Iterator[Issue]:
    for name in _GROWING:
        before = former.get(name, [])
        if list(sent.get(name, ())[: len(before)]) != before:
            yield _issue("What is there stays; more can be added after it.", f"Task.{name}")


def _results(former: Mapping[str, Any], sent: Mapping[str, Any]) -> Iterator[Issue]:
    for number, output in added(former, sent, "output"):
        text = output.get("valueReference", {}).get("reference")
        if "valueReference" in output and str(text).partition("/")[0] not in RESULTS:
            yield _issue(f"A result is one of {', '.join(sorted(RESULTS))}.", f"Task.output[{number}].valueReference")


def _signatures(former: Mapping[str, Any], sent: Mapping[str, Any], speakers: Collection[str]) -> Iterator[Issue]:
    for number, note in added(former, sent, "note"):
        if "authorReference" in note and note["authorReference"].get("reference") not in speakers:
            yield _issue(
                "A note is signed by who writes it, or by the patient.", f"Task.note[{number}].authorReference"
            )


def _elsewhere(former: Mapping[str, Any], sent: Mapping[str, Any]) -> Iterator[Issue]:
    """What is told leads nowhere but to results, and to who signs: readers follow references and addresses."""
    for type, leading, may_lead in (("Reference", "reference", _NAMED), ("Attachment", "url", None)):
        known = dict(elements_of(former, type))
        for path, value in elements_of(sent, type):
            is_told = _MEMBER.split(path)[1] in CHANGEABLE and value != known.get(path)
            if is_told and leading in value and not (may_lead and may_lead.fullmatch(path)):
                yield _issue("Nothing is named here but results, and who signs a note.", path)


def _said(former: Mapping[str, Any], sent: Mapping[str, Any]) -> dict[str, Any]:
    """What is new in it, as a Task of its own."""
    told = {name: sent[name] for name in CHANGEABLE - {*_GROWING} if name in sent and sent[name] != former.get(name)}
    more = {name: [item for _, item in added(former, sent, name)] for name in _GROWING}
    return {"resourceType": "Task", **told, **{name: items for name, items in more.items() if items}}


def _issue(text: str, place: str) -> Issue:
    return Issue(text, place, "business-rule")
