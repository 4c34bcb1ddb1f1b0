"""What a patient filled in, as the form that a consent is made from; and what is at fault, by field."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from gateway.api.pages.consent_words import (
    ANSWERS,
    EVEN_VERY_RESTRICTED,
    EVERYBODY,
    LAWS,
    LEVELS,
    ONLY_NORMAL,
    REFUSABLE,
    TOPICS,
    TRAINING,
    Kind,
    Option,
)
from gateway.api.pages.session import Fields
from gateway.errors import Issue
from gateway.rules.consent_codes import Concern
from gateway.rules.consent_form import Clause, Form

SOURCE = "Given by the patient on the page My record"
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
# By question its fields; that of a box goes on with what it stands for.
_FIELDS = {
    "who": ("who",),
    "purposes": ("purpose",),
    "limits": ("level", "leave"),
    "open": ("open",),
    "about": ("about",),
    "answer": ("answer",),
}
# Where on the page a fault belongs that the recording itself finds.
_PLACES = (
    (".actor", "who"),
    (".purpose", "purposes"),
    (".period.start", "start"),
    (".period", "end"),
    (".securityLabel", "open"),
)


@dataclass(frozen=True, slots=True)
class Entered:
    """`form` is what it means, if `faults` are none; `values` what a browser sends to say it again."""

    form: Form
    faults: Mapping[str, str]
    values: Mapping[str, str]


def read(kind: Kind, sent: Fields, patient: str, known: Iterable[str], today: date) -> Entered:
    """`known` are those who can be named."""
    fields = {"start", "end"}.union(*(_FIELDS.get(question, ()) for question in kind.asks))
    values = {name: text for name, text in sent.items() if text and name.partition("-")[0] in fields}
    values.setdefault("start", today.isoformat())
    faults = dict(_faults(kind, values, frozenset(known), today))
    concern = Concern.AI_PROCESSING if "answer" in kind.asks else Concern.DISCLOSURE
    return Entered(Form(patient, _clause(kind, values), concern, source=SOURCE), faults, values)


def placed(issues: Iterable[Issue]) -> dict[str, str]:
    """The faults of a refusal by field; "" is the whole form."""
    return {_place(issue.expression or ""): issue.text for issue in issues}


def _place(path: str) -> str:
    return next((field for part, field in _PLACES if part in path), "")


def _clause(kind: Kind, values: Fields) -> Clause:
    is_permit = values.get("answer") == "yes" if "answer" in kind.asks else "about" not in kind.asks
    who = values.get("who", EVERYBODY)
    chosen = tuple(option.key for option in _chosen("purpose", REFUSABLE, values))
    return Clause(
        "permit" if is_permit else "deny",
        recipients=() if who == EVERYBODY else (who,),
        purposes=(TRAINING,) if kind.key == "training" else chosen,
        start=values["start"],
        end=values.get("end"),
        labels=_codes(_chosen("about", TOPICS, values)),
        exceptions=tuple(_limits(values)),
    )


def _limits(values: Fields) -> Iterator[Clause]:
    """As exceptions, so that a later consent for the same recipient and purposes takes the place of this whole one."""
    if values.get("level") == ONLY_NORMAL:
        yield Clause("deny", labels=("R",))
    if values.get("level") == EVEN_VERY_RESTRICTED:
        yield Clause(labels=("V",))
    if left_out := _codes(_chosen("leave", TOPICS, values)):
        yield Clause("deny", labels=left_out)
    yield from (Clause(labels=law.codes) for law in _chosen("open", LAWS, values))


def _chosen(group: str, options: Iterable[Option], values: Fields) -> Iterator[Option]:
    return (option for option in options if f"{group}-{option.key}" in values)


def _codes(options: Iterable[Option]) -> tuple[str, ...]:
    return tuple(code for option in options for code in option.codes)


def _faults(kind: Kind, values: Fields, known: frozenset[str], today: date) -> Iterator[tuple[str, str]]:
    who = values.get("who")
    if "who" in kind.asks and who not in known and not (who == EVERYBODY and "everybody" in kind.asks):
        yield "who", "Choose somebody from the list."
    if "answer" in kind.asks and values.get("answer") not in {answer.key for answer in ANSWERS}:
        yield "answer", "Choose yes or no."
    is_aimless = "purposes" in kind.asks and not any(_chosen("purpose", REFUSABLE, values))
    if is_aimless and "about" not in kind.asks:
        yield "purposes", "Choose one purpose at least."
    if values.get("level", "") not in {level.key for level in LEVELS}:
        yield "level", "Choose how much."
    yield from _undone(values)
    yield from _days(values, today)


def _undone(values: Fields) -> Iterator[tuple[str, str]]:
    """What is opened in one place and closed in another."""
    for law in _chosen("open", LAWS, values):
        if values.get("level") == ONLY_NORMAL:
            yield "open", f"“{law.name}” is sensitive: choose more above, or leave it out here."
        elif f"leave-{law.key}" in values:
            yield "open", f"“{law.name}” is part of what you leave out above: choose one of the two."


def _days(values: Fields, today: date) -> Iterator[tuple[str, str]]:
    start, end = (_day(values.get(name)) for name in ("start", "end"))
    if start is None:
        yield "start", "This is no day of the calendar."
    if "end" not in values:
        return
    if end is None:
        yield "end", "This is no day of the calendar."
    elif end < today:
        yield "end", "This day is over: choose today or later."
    elif start is not None and end < start:
        yield "end", "This is before the first day."


def _day(text: str | None) -> date | None:
    """None unless it is a day as browsers send it."""
    if text is None or not _DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
