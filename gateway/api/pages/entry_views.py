"""What a reviewer reads of the entries of a draft, and which of it she may change in a form. Plain values."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from gateway.api.pages.entry_words import Group, group_of, head_of, name_of, order_of, plain, spoken, title_of
from gateway.api.pages.line_views import LineView, line_views
from gateway.api.pages.value_fields import Field, advice, field_of, is_same, read
from gateway.api.pages.words import plural
from gateway.errors import Issue
from gateway.rules.entries import Entry
from gateway.rules.entry_amending import WantedEntry
from gateway.rules.evidence import Origin
from gateway.usecases.drafts import View
from gateway.usecases.reviewed_entries import ReviewedEntry, Said

MARKS = {Origin.MACHINE: "machine", Origin.REVISION: "edited", Origin.HUMAN: "own", Origin.PATIENT: "patient"}
_SEVERAL = ("target", "activity", "participant", "prediction")  # of several values each
_PLACE = re.compile(r"entries\[(\d+)\]\.set\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class ValueView:
    """`field` is None where it cannot be changed; `came_as` what was there first, if another; `is_told` is off for
    what the heading says already; `is_next` begins the next of several (the next target of a goal)."""

    name: str
    text: str
    field: Field | None
    mark: str
    came_as: str
    is_told: bool
    is_next: bool


@dataclass(frozen=True, slots=True)
class EntryView:
    """One entry and the lines it rests on; `rests` tells that it was made from others, `whose` it is among several."""

    key: str
    title: str
    one: str
    mark: str
    values: tuple[ValueView, ...]
    lines: tuple[LineView, ...]
    missing: int
    rests: bool
    whose: str

    @property
    def is_bare(self) -> bool:
        return self.mark not in ("own", "patient") and not self.lines and not self.missing and not self.rests


@dataclass(frozen=True, slots=True)
class GroupView:
    """The entries of one kind; `stays` tells that an AI's estimate never leaves the organization."""

    key: str
    title: str
    entries: tuple[EntryView, ...]
    stays: bool


@dataclass(frozen=True, slots=True)
class GoneView:
    key: str
    kind: str
    title: str


def group_views(view: View, sent: Mapping[str, str], faults: Mapping[str, str]) -> list[GroupView]:
    """The entries by what they are, in the order they came in. `sent` is a form that comes back, with its faults."""
    groups: dict[Group, list[ReviewedEntry]] = {}
    for each in view.entries:
        groups.setdefault(group_of(each.entry.resource), []).append(each)
    return [
        GroupView(
            f"group-{number}", group.title, tuple(_entry(view, each, sent, faults) for each in found), _stay(found)
        )
        for number, (group, found) in enumerate(groups.items(), 1)
    ]


def gone_views(view: View) -> tuple[GoneView, ...]:
    return tuple(GoneView(each.id, _one(each), title_of(each.resource)) for each in view.removed)


def counted(entries: Iterable[ReviewedEntry]) -> list[str]:
    """How many there are of each kind: `2 goals`."""
    kinds = Counter(group_of(each.entry.resource) for each in entries)
    return [plural(count, group.one, group.many) for group, count in kinds.items()]


def _stay(found: Iterable[ReviewedEntry]) -> bool:
    machines = (Origin.MACHINE, Origin.REVISION)
    return any(each.entry.type == "RiskAssessment" and each.entry.origin in machines for each in found)


def _one(entry: Entry) -> str:
    one = group_of(entry.resource).one
    return f"{one[:1].upper()}{one[1:]}"


def _entry(view: View, reviewed: ReviewedEntry, sent: Mapping[str, str], faults: Mapping[str, str]) -> EntryView:
    entry = reviewed.entry
    lines = view.entry_lines[entry.id]
    title = title_of(entry.resource, [said.leaf for said in reviewed.said])
    return EntryView(
        key=entry.id,
        title=title,
        one=_one(entry),
        mark=MARKS[entry.origin],
        values=tuple(_values(reviewed, title, sent, faults)),
        lines=line_views(lines),
        missing=sum(line.segment is None for line in lines),
        rests=any(name in entry.resource for name in ("derivedFrom", "basis", "reasonReference")),
        whose=view.whose.get(entry.id, ""),
    )


def _values(
    reviewed: ReviewedEntry, title: str, sent: Mapping[str, str], faults: Mapping[str, str]
) -> Iterator[ValueView]:
    """In the order of reading, each with its field. Of several fields of a name the later ones are numbered."""
    entry, used = reviewed.entry, Counter[str]()
    head = head_of(entry.resource, [said.leaf for said in reviewed.said])
    ordered = sorted(enumerate(reviewed.said), key=lambda item: order_of(entry.type, item[1].leaf))
    before = ""
    for number, said in ordered:
        leaf, name = said.leaf, name_of(entry.type, said.leaf)
        used[name] += 1
        label = name if used[name] == 1 else f"{name} {used[name]}"
        key = f"set-{entry.id}-{number}"
        element = leaf.path.partition(".")[0]
        came_as = spoken(leaf.type, leaf.path, said.came_as) if said.came_as else ""
        text = spoken(leaf.type, leaf.path, leaf.text)
        is_again = said.leaf is head or leaf.text == title
        yield ValueView(
            name=name,
            text=text,
            field=field_of(key, label, leaf, sent.get(key), faults.get(key, "")) if said.may_set else None,
            mark=MARKS[said.origin] if said.origin is not entry.origin else "",
            came_as=came_as if came_as != text else "",
            is_told=not is_again or came_as != text,
            is_next=plain(element) in _SEVERAL and element != before and before.partition("[")[0] == plain(element),
        )
        before = element


def wanted_entries(view: View, sent: Mapping[str, str]) -> Iterator[WantedEntry]:
    """What the form asks of the entries: only what is another than what stands there."""
    for each in view.entries:
        id = each.entry.id
        if f"drop-{id}" in sent:
            yield WantedEntry(id, remove=True)
        elif changed := {said.leaf.path: read(said.leaf, sent[field]) for field, said in _changed(each, sent)}:
            yield WantedEntry(id, changed)
    yield from (WantedEntry(entry.id) for entry in view.removed if f"back-{entry.id}" in sent)


def typed(view: View, sent: Mapping[str, str]) -> list[str]:
    """The values of entries that somebody has written anew."""
    return [sent[field] for each in view.entries for field, _ in _changed(each, sent)]


def entry_faults(view: View, wanted: list[WantedEntry], issues: Iterable[Issue]) -> dict[str, str]:
    """What was refused, by the name of its field, and what to type there instead."""
    fields = {
        (each.entry.id, said.leaf.path): (f"set-{each.entry.id}-{number}", said)
        for each in view.entries
        for number, said in enumerate(each.said)
    }
    faults = {}
    for issue in issues:
        if place := _PLACE.match(issue.expression or ""):
            want = wanted[int(place[1])]
            field, said = fields[want.id, list(want.set)[int(place[2])]]
            faults[field] = issue.text if issue.code == "business-rule" else advice(said.leaf)
    return faults


def _changed(reviewed: ReviewedEntry, sent: Mapping[str, str]) -> Iterator[tuple[str, Said]]:
    fields = ((f"set-{reviewed.entry.id}-{number}", said) for number, said in enumerate(reviewed.said) if said.may_set)
    yield from ((field, said) for field, said in fields if field in sent and not is_same(said.leaf, sent[field]))
