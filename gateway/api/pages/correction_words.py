"""What the use cases tell of a request for a correction, as the patient and the clinician read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gateway.api.pages.entry_words import group_of, moment, name_of, order_of, spoken, title_of, when_of
from gateway.api.pages.words import day, plural
from gateway.rules.correction import AT_MOST_LONGER, DISAGREEMENT, REFUSED, Stage, is_open, kind_of
from gateway.rules.entry_leaves import leaves
from gateway.usecases.correction_views import Correction

_STAGES = {
    Stage.QUEUED: "Received, not looked at yet",
    Stage.IN_REVIEW: "Being looked at",
    Stage.WAITING: "The clinic asks for more",
    Stage.CANCELLED: "Taken back",
    Stage.AMENDED: "Put right",
    Stage.PARTLY: "Put right in part",
    Stage.DENIED: "Denied",
    Stage.LOGGED: "Disagreement kept with the record",
    Stage.REBUTTED: "Disagreement kept with the record, and the clinic’s answer to it",
}


_LONGEST = 160


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Item:
    """Something in the record: `title` tells it from others, `what` its kind and day, `lines` all it says."""

    reference: str
    title: str
    what: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """One letter. `is_patients`: it came from the patient's side."""

    who: str
    day: str
    texts: tuple[str, ...]
    is_patients: bool


@dataclass(frozen=True, slots=True)
class Request:
    """A request or a disagreement; what may be done next is told by the `may_…`. `days_left` are the first and the last
    day to which the time to decide may be extended."""

    id: str
    version: int
    patient: str
    title: str
    stage: str
    received: str
    due: str
    days_left: tuple[str, str] | None
    letters: tuple[Said, ...]
    item: Item | None
    told: str
    is_disagreement: bool
    is_open: bool
    is_waiting: bool
    may_disagree: bool
    may_rebut: bool


def item_of(resource: Mapping[str, Any]) -> Item:
    kind, found = str(resource["resourceType"]), leaves(resource)
    one = group_of(resource).one
    when = when_of(resource)
    told = sorted(found, key=lambda leaf: order_of(kind, leaf))
    said = tuple(Line(name_of(kind, leaf), spoken(leaf.type, leaf.path, leaf.text)) for leaf in told)
    what = f"{one[:1].upper()}{one[1:]}{f' of {when}' if when else ''}"
    return Item(f"{kind}/{resource['id']}", title_of(resource, found)[:_LONGEST], what, said)


def request_of(found: Correction, now: datetime) -> Request:
    is_disagreement = kind_of(found.task) == DISAGREEMENT
    return Request(
        id=found.task["id"],
        version=found.version,
        patient=found.patient,
        title="Disagreement" if is_disagreement else "Request for a correction",
        stage=_STAGES[found.stage],
        received=day(datetime.fromisoformat(found.task["authoredOn"])),
        due=_due(found, now),
        days_left=_days_left(found, now),
        letters=_said(found.letters),
        item=item_of(found.item) if found.item else None,
        told=plural(len(found.told), "organization was told", "organizations were told") if found.told else "",
        is_disagreement=is_disagreement,
        is_open=is_open(found.stage),
        is_waiting=found.stage is Stage.WAITING,
        may_disagree=found.stage in REFUSED,
        may_rebut=found.stage is Stage.LOGGED,
    )


def _said(letters: Sequence[Mapping[str, Any]]) -> tuple[Said, ...]:
    return tuple(
        Said(
            "The clinic" if each["sender"].get("reference", "").startswith("Practitioner/") else "The patient",
            moment(str(each["sent"])[:10]),
            tuple(part["contentString"] for part in each.get("payload", ()) if "contentString" in part),
            not each["sender"].get("reference", "").startswith("Practitioner/"),
        )
        for each in letters
    )


def _due(found: Correction, now: datetime) -> str:
    """The clock of sixty days, as it stands."""
    if (due := found.due) is None:
        return ""
    left = (due - now).days
    clock = f"{plural(left, 'day', 'days')} left" if left >= 0 else f"{plural(-left, 'day', 'days')} over time"
    return f"To be decided by {day(due)}{', which is later than usual' if found.is_extended else ''}: {clock}"


def _days_left(found: Correction, now: datetime) -> tuple[str, str] | None:
    due = found.due
    if due is None or found.is_extended or now > due:
        return None
    return (due.date() + timedelta(days=1)).isoformat(), (due + AT_MOST_LONGER).date().isoformat()
