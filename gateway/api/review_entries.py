"""How the entries of a draft are told over the API, and how a change of one is asked for."""

from __future__ import annotations

from decimal import Decimal
from math import isfinite
from typing import Any

import msgspec
from pydantic import Field, StrictBool, StrictInt, StrictStr

from gateway.api.shapes import Shape
from gateway.fhir.json import dump
from gateway.rules.entries import Entry
from gateway.rules.entry_amending import WantedEntry
from gateway.rules.entry_leaves import headline
from gateway.rules.evidence import Origin
from gateway.usecases.reviewed_entries import ReviewedEntry, Said


class SaidView(Shape):
    """One value of an entry, as it can be named in an amendment."""

    path: str
    name: str
    text: str
    origin: Origin
    may_set: bool = Field(description="Whether an amendment may set another value here.")
    came_as: str | None = Field(description="What was written here when it came.")


class EntryView(Shape):
    """One resource of a draft beside its note. `resource` is FHIR, as it would be published but for ids and status, its
    decimals as any JSON reader has them."""

    id: str
    type: str
    patient: str = Field(description="Whom it is about; where the draft is about several, one of them.")
    origin: Origin
    written_by: str | None
    labels: list[str]
    evidence: list[str] = Field(description="Segments of the transcript it rests on.")
    said: list[SaidView]
    resource: dict[str, Any]


class RemovedEntry(Shape):
    """An entry that was taken out; an amendment that names it puts it back."""

    id: str
    type: str
    headline: str


class WantedChange(Shape):
    """What shall be at which path of an entry; or that it goes."""

    id: str = Field(max_length=64)
    set: dict[str, StrictStr | StrictBool | StrictInt | Decimal] = Field(default_factory=dict, max_length=500)
    remove: bool = False

    @property
    def wanted(self) -> WantedEntry:
        return WantedEntry(self.id, self.set, self.remove)


def _number(lexeme: str) -> float | str:
    """What no JSON reader has a number for stays text."""
    number = float(lexeme)
    return number if isfinite(number) else lexeme


_READER = msgspec.json.Decoder(float_hook=_number)


def entry_view(reviewed: ReviewedEntry) -> EntryView:
    entry = reviewed.entry
    return EntryView(
        id=entry.id,
        type=entry.type,
        patient=reviewed.patient,
        origin=entry.origin,
        written_by=f"Practitioner/{entry.by}" if entry.by else None,
        labels=list(reviewed.labels),
        evidence=list(entry.segments),
        said=[_said(each) for each in reviewed.said],
        resource=_READER.decode(dump(reviewed.resource)),
    )


def _said(said: Said) -> SaidView:
    leaf = said.leaf
    return SaidView(
        path=leaf.path,
        name=leaf.name,
        text=leaf.text,
        origin=said.origin,
        may_set=said.may_set,
        came_as=said.came_as,
    )


def removed_view(entry: Entry) -> RemovedEntry:
    return RemovedEntry(id=entry.id, type=entry.type, headline=headline(entry.resource))
