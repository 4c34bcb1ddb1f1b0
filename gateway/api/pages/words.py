"""Plain words for times, counts, speakers and changes: what a person reads instead of data."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from difflib import SequenceMatcher

_TOKEN = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Change:
    """A stretch of text that stayed (`same`), went (`gone`) or came (`new`)."""

    kind: str
    text: str


def changes(before: str, after: str) -> tuple[Change, ...]:
    """From `before` to `after`, word by word; nothing when they are equal."""
    if before == after:
        return ()
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    found: list[Change] = []
    gone = came = ""
    for kind, old_from, old_to, new_from, new_to in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        was, is_now = "".join(old[old_from:old_to]), "".join(new[new_from:new_to])
        if kind != "equal" or (was.isspace() and (gone or came)):  # a gap between two changes belongs to them
            gone, came = gone + was, came + is_now
            continue
        found += [*_replaced(gone, came), Change("same", was)]
        gone = came = ""
    return (*found, *_replaced(gone, came))


def _replaced(gone: str, came: str) -> list[Change]:
    return [Change(kind, text) for kind, text in (("gone", gone), ("new", came)) if text]


def plural(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def lasted(since: datetime, now: datetime) -> str:
    """How long something has waited, as one would say it."""
    gone = max(now - since, timedelta())
    for span, one, many in ((timedelta(days=1), "day", "days"), (timedelta(hours=1), "hour", "hours")):
        if gone >= span:
            return plural(gone // span, one, many)
    minutes = gone // timedelta(minutes=1)
    return plural(minutes, "minute", "minutes") if minutes else "less than a minute"


def day(moment: date) -> str:
    return f"{moment.day} {moment:%B %Y}"


def clock(seconds: Decimal | None) -> str:
    """A place in the recording: `03:07`, `1:02:09`."""
    if seconds is None:
        return ""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


def speaker(role: str | None) -> str:
    """`CLINICIAN_0` and the like as a person would say it; a second voice of a role keeps its number."""
    name, _, number = (role or "").partition("_")
    word = name.replace("_", " ").strip().capitalize() or "Unknown speaker"
    return f"{word} {int(number) + 1}" if number.isdigit() and int(number) else word


def session_day(start: str) -> str:
    """The day of a session from its FHIR time, in the session's own offset; empty when it cannot be told."""
    try:
        return day(datetime.fromisoformat(start))
    except ValueError:
        return ""
