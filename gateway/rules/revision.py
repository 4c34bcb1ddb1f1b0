"""A revision of a draft, what all revisions hang on, and what an approval publishes: content with its Provenances."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid5

import msgspec

from gateway.rules.composition import Outline
from gateway.rules.document import Basis, Ids, document
from gateway.rules.entries import Entry
from gateway.rules.evidence import Origin, Statement
from gateway.rules.protection import SESSION, Protection
from gateway.rules.provenance import Act, of_resource, of_statement
from gateway.rules.review import content_digest

Companions = Mapping[str, Mapping[str, Any]]


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


def drafted(
    act: Act, outline: Outline, statements: Sequence[Statement], author: str, companions: Companions, base: str
) -> Revision:
    """The revision that `act` makes. The document keeps its ids; its version is the number of the revision."""
    draft = UUID(act.basis.draft_id)

    def name(what: str) -> str:
        return str(uuid5(draft, what if what in ("Composition", "DocumentReference") else f"{act.revision} {what}"))

    resources = _resources(act, outline, statements, companions, base, name)
    return Revision(act.revision, author, tuple(statements), resources, act.editors, act.protection)


def published(
    act: Act,
    outline: Outline,
    statements: Sequence[Statement],
    companions: Companions,
    base: str,
    new_id: Callable[[], str],
) -> tuple[dict[str, Any], ...]:
    """What the approval in `act` publishes: version 1 under new ids, the Composition and its entry first."""
    return _resources(act, outline, statements, companions, base, lambda _: new_id())


def _resources(
    act: Act,
    outline: Outline,
    statements: Sequence[Statement],
    companions: Companions,
    base: str,
    name: Callable[[str], str],
) -> tuple[dict[str, Any], ...]:
    ids = Ids(name("Composition"), name("DocumentReference"))
    made = document(
        act.basis,
        outline,
        statements,
        ids,
        at=act.at,
        editors=act.editors,
        approval=act.approval,
        protection=act.protection,
        companions=companions,
        base=base,
    )
    version = 1 if act.approval else act.revision
    targets = [f"{resource['resourceType']}/{resource['id']}/_history/{version}" for resource in made]
    return (
        *made,
        *(of_resource(name(f"of {target}"), target, statements, act) for target in targets),
        *(of_statement(name(f"of {s.id}"), targets[0], s, act) for s in statements),
    )


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
