"""Homework as a person reads it: what to do, how it went so far, and what its patient can say of it now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.api.pages.entry_words import moment, title_of
from gateway.rules.homework import is_over
from gateway.usecases.homework_views import Homework

_SAID = {
    "requested": "Agreed on",
    "received": "Received",
    "accepted": "Taken on",
    "ready": "Taken on",
    "in-progress": "Begun",
    "on-hold": "Paused",
    "completed": "Done",
    "failed": "It did not work out",
    "cancelled": "Called off",
    "rejected": "Declined",
}
_GONE_ON = "Gone on"
_DONE, _FAILED = ("completed", "I have done it"), ("failed", "It did not work out")
_BEGIN = ("in-progress", "I have begun")
_NEW = (("accepted", "I will do it"), _DONE, ("rejected", "I will not do it"))
_CHOICES = {
    "requested": _NEW,
    "received": _NEW,
    "accepted": (_BEGIN, _DONE, _FAILED),
    "ready": (_BEGIN, _DONE, _FAILED),
    "in-progress": (_DONE, _FAILED),
    "on-hold": (("in-progress", "I go on"), _DONE, _FAILED),
}


@dataclass(frozen=True, slots=True)
class Line:
    """Something that is said of it; `link` leads to what it names."""

    name: str
    text: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """`by` is patient, clinic or app."""

    by: str
    day: str
    text: str


@dataclass(frozen=True, slots=True)
class Choice:
    """What its patient can say: the status it becomes, in words."""

    to: str
    words: str


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of homework. `may_tell`: nothing of it is kept from who reads it, so that it can be changed."""

    id: str
    version: int
    patient: str
    title: str
    task: str
    stage: str
    why: str
    lines: tuple[Line, ...]
    steps: tuple[Line, ...]
    results: tuple[str, ...]
    notes: tuple[Note, ...]
    choices: tuple[Choice, ...]
    is_over: bool
    may_tell: bool


def piece_of(found: Homework) -> Piece:
    task, title = found.task, title_of(found.task)
    description = str(task.get("description", ""))
    return Piece(
        id=task["id"],
        version=found.version,
        patient=found.patient,
        title=title,
        task=description if description != title else "",
        stage=_SAID[task["status"]],
        why=task.get("statusReason", {}).get("text", ""),
        lines=tuple(_lines(task)),
        steps=tuple(_steps(found.versions)),
        results=tuple(_results(task)),
        notes=tuple(_note(each) for each in task.get("note", ())),
        choices=tuple(Choice(to, words) for to, words in _CHOICES.get(task["status"], ())),
        is_over=is_over(task["status"]),
        may_tell=found.may_tell,
    )


def _lines(task: Mapping[str, Any]) -> Iterator[Line]:
    period = task.get("restriction", {}).get("period", {})
    for name, edge in (("From", "start"), ("Until", "end")):
        if edge in period:
            yield Line(name, moment(period[edge]))
    for each in task.get("input", ()):
        name, address = each.get("type", {}).get("text", ""), str(each.get("valueUrl", ""))
        if address.startswith(("https://", "http://")):
            yield Line("To read or use", name or address, address)
        elif "valueString" in each:
            yield Line(name, each["valueString"])


def _steps(versions: Sequence[Mapping[str, Any]]) -> Iterator[Line]:
    """Each status it came to, with the day."""
    former = ""
    for version in versions:
        status = version["status"]
        if status != former:
            words = _GONE_ON if former == "on-hold" and status == "in-progress" else _SAID[status]
            yield Line(words, moment(str(version.get("lastModified", version["meta"]["lastUpdated"]))[:10]))
        former = status


def _results(task: Mapping[str, Any]) -> Iterator[str]:
    for each in task.get("output", ()):
        yield str(each.get("type", {}).get("text") or "Result")


def _note(note: Mapping[str, Any]) -> Note:
    author = note.get("authorReference", {}).get("reference", "")
    by = "patient" if author.startswith("Patient/") else "clinic" if author.startswith("Practitioner/") else "app"
    return Note(by, moment(str(note.get("time", ""))[:10]), note.get("text", ""))
