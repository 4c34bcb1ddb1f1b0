"""The entries of a draft as its reviewer sees them: what each says, whose words it is, what she may change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.fhir.labels import security_of
from gateway.rules.drafting import drafted_id
from gateway.rules.entries import Entry
from gateway.rules.entry_leaves import Leaf, leaves, may_set, owner_of
from gateway.rules.evidence import Origin
from gateway.rules.revision import Dossier, Revision


@dataclass(frozen=True, slots=True)
class Said:
    """One value of an entry; `came_as` is what was written there when it came."""

    leaf: Leaf
    origin: Origin
    may_set: bool
    came_as: str | None


@dataclass(frozen=True, slots=True)
class ReviewedEntry:
    """`resource` is the whole, as it stands in the draft; `labels` are the codes it carries."""

    entry: Entry
    resource: Mapping[str, Any]
    labels: tuple[str, ...]
    said: tuple[Said, ...]

    @property
    def patient(self) -> str:
        """Whom it is about, as a reference."""
        return str((self.resource.get("subject") or self.resource["for"])["reference"])


def reviewed(dossier: Dossier, revision: Revision) -> tuple[ReviewedEntry, ...]:
    came = {entry.id: entry for entry in dossier.entries}
    made = {(each["resourceType"], each["id"]): each for each in revision.resources}
    return tuple(
        _reviewed(entry, came[entry.id], made[entry.type, drafted_id(dossier.basis.draft_id, entry.id)])
        for entry in revision.entries
    )


def removed(dossier: Dossier, revision: Revision) -> tuple[Entry, ...]:
    """Those that came and were taken out."""
    kept = {entry.id for entry in revision.entries}
    return tuple(entry for entry in dossier.entries if entry.id not in kept)


def _reviewed(entry: Entry, came: Entry, resource: Mapping[str, Any]) -> ReviewedEntry:
    before = {leaf.path: leaf.text for leaf in leaves(came.resource)}
    said = tuple(
        Said(leaf, owner_of(entry, leaf.path), may_set(entry, leaf.path), before.get(leaf.path))
        for leaf in leaves(entry.resource)
    )
    return ReviewedEntry(entry, resource, tuple(code for _, code in security_of(resource)), said)
