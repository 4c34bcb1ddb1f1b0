"""The entries of a Bundle, one by one: how each is judged, what it is answered, and how its faults are told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from gateway.errors import Issue, Refusal
from gateway.fhir.transaction.requests import Entry
from gateway.store.resources import Stored
from gateway.usecases.asked import Asked
from gateway.usecases.changes import Written
from gateway.usecases.incoming import judge
from gateway.usecases.search import Found

MOST_ISSUES = 500
_INTERACTIONS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of an entry: the version written or read, what a search found, or the refusal."""

    entry: Entry
    status: int
    stored: Stored | None = None
    found: Found | None = None
    refusal: Refusal | None = None
    created: bool = False
    changed: bool = False


def done(entry: Entry, written: Written | None) -> Answered:
    """The answer to a write; None where there was nothing to delete."""
    if written is None or entry.method == "DELETE":
        return Answered(entry, 204, written.stored if written else None)
    return Answered(
        entry, 201 if written.created else 200, written.stored, None, None, written.created, written.changed
    )


def judge_write(asked: Asked, entry: Entry) -> None:
    """Whether the caller may ask for this at all. Raises what `judge` raises."""
    interaction = _INTERACTIONS[entry.method]
    is_conditional = entry.if_none_exist is not None or entry.address.query is not None
    judge(asked, entry.address.type, f"conditional-{interaction}" if is_conditional else interaction)


def placed(refusal: Refusal, entry: Entry) -> Refusal:
    """The same refusal, its faults at their places in the Bundle."""
    issues = [replace(issue, expression=_place(issue, entry)) for issue in refusal.issues]
    return type(refusal)(refusal.detail, issues=issues, retry_seconds=refusal.retry_seconds)


def _place(issue: Issue, entry: Entry) -> str:
    if (issue.expression or "").startswith(entry.place):
        return str(issue.expression)
    head, dot, rest = (issue.expression or "").partition(".")
    held = entry.resource.get("resourceType") if entry.resource else None
    if head and head == held:
        return f"{entry.place}.resource{dot}{rest}"
    return f"{entry.place}.request" if head == "http" else entry.place


class Faults:
    """What is wrong with the entries of a transaction: everything is told at once, under the first one's status."""

    def __init__(self) -> None:
        self._first: Refusal | None = None
        self._issues: list[Issue] = []

    @contextmanager
    def of(self, entry: Entry) -> Iterator[None]:
        """Note a refusal of this entry, and go on with the next."""
        try:
            yield
        except Refusal as refusal:
            found = placed(refusal, entry)
            self._first = self._first or found
            self._issues += found.issues[: MOST_ISSUES - len(self._issues)]

    def settle(self) -> None:
        """Raise all that was noted."""
        if self._first is not None:
            raise type(self._first)(self._first.detail, issues=self._issues)
