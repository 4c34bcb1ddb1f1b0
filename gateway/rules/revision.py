"""A revision of a draft and what all revisions hang on, as they are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from gateway.rules.basis import Basis
from gateway.rules.composition import Outline
from gateway.rules.entries import Entry
from gateway.rules.evidence import Origin, Statement
from gateway.rules.protection import SESSION, Protection
from gateway.rules.review import content_digest


@dataclass(frozen=True, slots=True)
class Revision:
    """One version of a draft. `author` is a reference, `editors` the practitioners whose changes are in its note."""

    number: int
    author: str
    statements: tuple[Statement, ...]
    resources: tuple[dict[str, Any], ...]
    editors: tuple[str, ...] = ()
    protection: Protection = SESSION
    digest: str = field(default="")
    entries: tuple[Entry, ...] = ()

    def __post_init__(self) -> None:
        if not self.digest:
            object.__setattr__(self, "digest", content_digest(self.resources))


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row of the payload that could not be read and was left out: where, and why."""

    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class Dossier:
    """What every revision hangs on: kept once, with the machine's. `attributed` are Device, card and prompt, which an
    approval makes known: before it, not even the model may be seen outside. `mapping` is the one it came by, `outline`
    the note where one came, `entries` what came beside it, `skipped` what of the payload could not be read."""

    basis: Basis
    outline: Outline | None
    attributed: tuple[dict[str, Any], ...]
    mapping: str | None = None
    entries: tuple[Entry, ...] = ()
    skipped: tuple[Skipped, ...] = ()

    @property
    def statements(self) -> tuple[Statement, ...]:
        """Those of the note as it came."""
        return self.outline.statements if self.outline else ()

    @property
    def sections(self) -> dict[str, str]:
        return self.outline.sections if self.outline else {}


def revision_to(revision: Revision) -> dict[str, Any]:
    """The stored form."""
    return {
        "author": revision.author,
        "editors": list(revision.editors),
        "digest": revision.digest,
        "protection": msgspec.to_builtins(revision.protection),
        "statements": msgspec.to_builtins(revision.statements),
        "entries": [_entry_to(entry) for entry in revision.entries],
        "resources": list(revision.resources),
    }


def revision_from(number: int, stored: Mapping[str, Any]) -> Revision:
    statements = msgspec.convert(stored["statements"], tuple[Statement, ...])
    resources, editors = tuple(stored["resources"]), tuple(stored["editors"])
    protection = msgspec.convert(stored["protection"], Protection) if "protection" in stored else SESSION
    entries = tuple(map(_entry_from, stored.get("entries", ())))
    return Revision(number, stored["author"], statements, resources, editors, protection, stored["digest"], entries)


def dossier_to(dossier: Dossier) -> dict[str, Any]:
    """The stored form, beside the first revision."""
    outline = dossier.outline
    return {
        "basis": msgspec.to_builtins(dossier.basis),
        "outline": outline.composition if outline else None,
        "machine": msgspec.to_builtins(dossier.statements),
        "origin": outline.origin.value if outline else None,
        "came": [_entry_to(entry) for entry in dossier.entries],
        "skipped": msgspec.to_builtins(dossier.skipped),
        "attributed": list(dossier.attributed),
        "mapping": dossier.mapping,
    }


def dossier_from(stored: Mapping[str, Any]) -> Dossier:
    statements = msgspec.convert(stored["machine"], tuple[Statement, ...])
    origin = Origin(stored.get("origin") or Origin.MACHINE)
    outline = Outline(stored["outline"], statements, origin) if stored["outline"] else None
    return Dossier(
        msgspec.convert(stored["basis"], Basis),
        outline,
        tuple(stored["attributed"]),
        stored.get("mapping"),
        tuple(map(_entry_from, stored.get("came", ()))),
        msgspec.convert(stored.get("skipped", ()), tuple[Skipped, ...]),
    )


def _entry_to(entry: Entry) -> dict[str, Any]:
    """Its resource stays as it is: decimals keep their lexemes."""
    rest: dict[str, Any] = msgspec.to_builtins(replace(entry, resource={}))
    return rest | {"resource": entry.resource}


def _entry_from(stored: Mapping[str, Any]) -> Entry:
    return replace(msgspec.convert({**stored, "resource": {}}, Entry), resource=stored["resource"])
