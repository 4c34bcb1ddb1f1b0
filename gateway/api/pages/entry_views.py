"""What a reviewer reads of the entries of a draft, and which of it she may change in a form. Plain values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from gateway.rules.entry_amending import WantedEntry
from gateway.rules.entry_kinds import KINDS
from gateway.rules.entry_leaves import Leaf, headline
from gateway.rules.evidence import Origin
from gateway.usecases.drafts import View
from gateway.usecases.reviewed_entries import ReviewedEntry, Said

MARKS = {Origin.MACHINE: "machine", Origin.REVISION: "edited", Origin.HUMAN: "own", Origin.PATIENT: "patient"}


@dataclass(frozen=True, slots=True)
class ValueView:
    """`field` is its name in the form, empty where it cannot be changed; `came_as` what the AI wrote, if another."""

    name: str
    text: str
    field: str
    mark: str
    came_as: str
    rows: int


@dataclass(frozen=True, slots=True)
class EntryView:
    key: str
    title: str
    mark: str
    values: tuple[ValueView, ...]


@dataclass(frozen=True, slots=True)
class GoneView:
    key: str
    title: str
    text: str


def entry_views(view: View) -> tuple[EntryView, ...]:
    return tuple(_entry(each) for each in view.entries)


def gone_views(view: View) -> tuple[GoneView, ...]:
    return tuple(GoneView(each.id, _title(each.type), headline(each.resource)) for each in view.removed)


def _title(type: str) -> str:
    name = KINDS[type].one
    return name[:1].upper() + name[1:]


def _entry(reviewed: ReviewedEntry) -> EntryView:
    entry = reviewed.entry
    values = tuple(_value(entry.id, number, said, entry.origin) for number, said in enumerate(reviewed.said))
    return EntryView(entry.id, _title(entry.type), MARKS[entry.origin], values)


def _value(entry_id: str, number: int, said: Said, whole: Origin) -> ValueView:
    """A number is edited as it stands, without its unit."""
    text = str(said.leaf.value) if said.may_set else said.leaf.text
    return ValueView(
        said.leaf.name,
        text,
        f"set-{entry_id}-{number}" if said.may_set else "",
        MARKS[said.origin] if said.origin is not whole else "",
        said.came_as or "" if said.came_as != said.leaf.text else "",
        max(1, len(text) // 48 + 1),
    )


def wanted_entries(view: View, sent: Mapping[str, str]) -> Iterator[WantedEntry]:
    """What the form asks of the entries: only what is another than what stands there."""
    for each in view.entries:
        id = each.entry.id
        if f"drop-{id}" in sent:
            yield WantedEntry(id, remove=True)
            continue
        fields = ((f"set-{id}-{number}", said) for number, said in enumerate(each.said) if said.may_set)
        changed = {
            said.leaf.path: _read(said.leaf, sent[field])
            for field, said in fields
            if field in sent and _plain(sent[field]) != _plain(str(said.leaf.value))
        }
        if changed:
            yield WantedEntry(id, changed)
    yield from (WantedEntry(entry.id) for entry in view.removed if f"back-{entry.id}" in sent)


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def _read(leaf: Leaf, text: str) -> Any:
    """As the kind of value that stands there, where it can be read so; else as text, which is then refused."""
    plain = _plain(text)
    try:
        if leaf.type == "decimal":
            return Decimal(plain)
        return int(plain) if leaf.type in ("integer", "positiveInt", "unsignedInt") else plain
    except (InvalidOperation, ValueError):
        return plain
