"""What a clinician makes of the entries of a draft: words, numbers and dates set, entries taken out or put back.

Codes, references and structure stay the machine's; the patient's own words can be taken out, not changed.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gateway.errors import Issue
from gateway.fhir.primitives import PRIMITIVES
from gateway.rules.entries import Entry, Part, steps
from gateway.rules.entry_leaves import Leaf, headline, leaves, may_set
from gateway.rules.evidence import LONGEST_STATEMENT, Change, Origin, sentence_identifier


@dataclass(frozen=True, slots=True)
class WantedEntry:
    """`set` gives values by path (`target[0].dueDate`); an entry that was taken out is put back when it is named
    without `remove`."""

    id: str
    set: Mapping[str, Any] = field(default_factory=dict)
    remove: bool = False


def check_entries(came: Sequence[Entry], former: Sequence[Entry], wanted: Sequence[WantedEntry]) -> list[Issue]:
    """Every fault of what is wanted, by its place in the request."""
    known = {entry.id: entry for entry in (*came, *former)}
    issues: list[Issue] = []
    seen: set[str] = set()
    for number, want in enumerate(wanted):
        place = f"entries[{number}]"
        if want.id not in known:
            issues.append(Issue("The draft has no such entry.", f"{place}.id", "not-found"))
        elif want.id in seen:
            issues.append(Issue("The entry is given twice.", f"{place}.id", "duplicate"))
        elif want.remove and want.set:
            issues.append(Issue("An entry is either set or removed.", place, "conflict"))
        else:
            issues += _faults(known[want.id], want, f"{place}.set")
        seen.add(want.id)
    return issues


def _faults(entry: Entry, want: WantedEntry, place: str) -> Iterator[Issue]:
    there = {leaf.path: leaf for leaf in leaves(entry.resource)}
    for path, value in want.set.items():
        leaf = there.get(path)
        where = f"{place}[{list(want.set).index(path)}]"
        if leaf is None or not may_set(entry, path):
            yield Issue("Nothing that can be changed stands there.", where, "not-supported")
        elif reason := PRIMITIVES[leaf.type](value):
            yield Issue(f"The value {reason}.", where, "value")
        elif isinstance(value, str) and len(value) > LONGEST_STATEMENT:
            yield Issue(f"The text is longer than {LONGEST_STATEMENT} characters.", where, "too-long")


def amend_entries(
    came: Sequence[Entry], former: Sequence[Entry], wanted: Sequence[WantedEntry], *, by: str, draft_id: str
) -> tuple[Entry, ...]:
    """The entries of the next revision, in the order they came in. What reads as it came is again whose it was."""
    known, wants = {entry.id: entry for entry in former}, {want.id: want for want in wanted}
    made = []
    for entry in came:
        now, want = known.get(entry.id), wants.get(entry.id)
        if want is None:
            made += [now] if now else []
        elif not want.remove:
            made.append(_amended(entry, now or entry, want, by, draft_id))
    return tuple(made)


def _amended(came: Entry, former: Entry, want: WantedEntry, by: str, draft_id: str) -> Entry:
    resource = copy.deepcopy(former.resource)
    changed = {path: value for path, value in want.set.items() if put(resource, path, value)}
    if resource == came.resource:
        return came
    if not changed:
        return former
    parts = tuple(_part(part, changed, by) for part in former.parts)
    made = replace(former, resource=resource, parts=parts)
    if came.origin is Origin.MACHINE:
        return replace(made, origin=Origin.REVISION, of=sentence_identifier(draft_id, came.id), by=by)
    is_whole = any(not any(_is_in(path, part) for part in parts) for path in changed)
    return replace(made, by=by) if is_whole else made


def _part(part: Part, changed: Mapping[str, Any], by: str) -> Part:
    if not any(_is_in(path, part) for path in changed):
        return part
    return replace(part, origin=Origin.REVISION if part.origin is Origin.MACHINE else part.origin, by=by)


def _is_in(path: str, part: Part) -> bool:
    return path.startswith((f"{part.path}.", f"{part.path}["))


def put(resource: dict[str, Any], path: str, value: Any) -> bool:
    """Whether that changed anything."""
    node: Any = resource
    *way, (name, index) = steps(path)
    for member, number in way:
        node = node[member] if number is None else node[member][number]
    holder, key = (node, name) if index is None else (node[name], index)
    was, holder[key] = holder[key], value
    return bool(was != value)


def diff_entries(former: Sequence[Entry], latter: Sequence[Entry]) -> tuple[Change, ...]:
    """What changed from one revision to another, leaf by leaf; an entry taken out or put back by its first words."""
    before, after = ({entry.id: entry for entry in entries} for entries in (former, latter))
    changes: list[Change] = []
    for entry in latter:
        old = before.get(entry.id)
        if old is None:
            changes.append(Change(entry.id, "added", "entry", None, headline(entry.resource)))
        elif old.resource != entry.resource:
            changes += _differences(entry.id, leaves(old.resource), leaves(entry.resource))
    gone = (entry for entry in former if entry.id not in after)
    return (*changes, *(Change(entry.id, "removed", "entry", headline(entry.resource), None) for entry in gone))


def _differences(id: str, former: Sequence[Leaf], latter: Sequence[Leaf]) -> Iterator[Change]:
    was = {leaf.path: leaf.text for leaf in former}
    for leaf in latter:
        if was.get(leaf.path) != leaf.text:
            yield Change(id, "changed", leaf.path, was.get(leaf.path), leaf.text)
