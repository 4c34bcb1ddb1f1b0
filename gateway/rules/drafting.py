"""What a revision of a draft is made of and, by its approval, what is published: content with its Provenances."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid5

from gateway.rules.basis import Basis
from gateway.rules.composition import Outline, fill
from gateway.rules.document import Ids, document
from gateway.rules.entries import Entry, named_in
from gateway.rules.entry_made import made, references_of
from gateway.rules.evidence import Statement
from gateway.rules.labelling_written import label_carried
from gateway.rules.provenance import Act, of_entry, of_note, of_part, of_statement
from gateway.rules.revision import Revision
from gateway.rules.succeeding import succeeding, version_of

Json = dict[str, Any]
Companions = Mapping[str, Mapping[str, Any]]
# An estimate of risk stays with the custodian: no document takes it along.
_STAYS = frozenset({"RiskAssessment"})


@dataclass(frozen=True, slots=True)
class Content:
    """What a revision says: the statements of its note, where it has one, and its entries."""

    outline: Outline | None
    statements: tuple[Statement, ...]
    entries: tuple[Entry, ...]


def drafted(act: Act, content: Content, author: str, companions: Companions, base: str) -> Revision:
    """The revision that `act` makes. Content keeps its ids; its version is the number of the revision."""
    draft = act.basis.draft_id
    kept = {"Composition", *_documents(act.basis).values(), *(entry.id for entry in content.entries)}

    def name(what: str) -> str:
        return drafted_id(draft, what if what in kept else f"{act.revision} {what}")

    resources = _resources(act, content, companions, base, name)
    return Revision(
        act.revision,
        author,
        content.statements,
        resources,
        act.editors,
        act.protection,
        entries=content.entries,
    )


def drafted_id(draft_id: str, what: str) -> str:
    """The id in a draft of its note, or of an entry: the same in every revision."""
    return str(uuid5(UUID(draft_id), what))


def published(act: Act, content: Content, companions: Companions, base: str) -> tuple[Json, ...]:
    """What the approval in `act` publishes: version 1 under new ids, the note first."""
    draft = act.basis.draft_id
    return _resources(act, content, companions, base, lambda what: published_id(draft, what))


def owners(entries: Sequence[Entry], draft_id: str) -> dict[str, str]:
    """The patient of what an approval publishes of each entry that is about one of several, by its reference."""
    return {f"{each.type}/{published_id(draft_id, each.id)}": each.patient for each in entries if each.patient}


def published_id(draft_id: str, what: str) -> str:
    """The id under which an approval publishes an entry: nothing to guess from, as that of the draft is told nobody."""
    return str(uuid5(UUID(draft_id), f"published {what}"))


def corrected(
    act: Act, content: Content, companions: Companions, base: str, formers: Mapping[str, Json]
) -> tuple[tuple[Json, ...], tuple[Json, ...]]:
    """The next version of a published note, of which an edition is approved in `act`, and its Provenances. `formers`
    are the versions it replaces, by reference; `companions` hold the entries it takes along, as they are now."""
    draft, outline = act.basis.draft_id, content.outline
    assert outline is not None
    kept = {"Composition", *_documents(act.basis).values()}
    named = {entry.name: f"{entry.type}/{published_id(draft, entry.id)}" for entry in content.entries if entry.name}
    relations = [
        {"code": "replaces", "targetReference": {"reference": version_of(former)}}
        for former in formers.values()
        if former["resourceType"] == "Composition"
    ]
    related = replace(outline, composition=outline.composition | {"relatesTo": relations})

    def name(what: str) -> str:
        return published_id(draft, what if what in kept else f"{act.revision} {what}")

    versions = {reference: int(former["meta"]["versionId"]) + 1 for reference, former in formers.items()}
    references = references_of(act, named)
    note, told = _note(act, replace(content, outline=related), companions, references, base, name, versions)
    return tuple(_succeeding(each, formers) for each in note), told


def _succeeding(made: Json, formers: Mapping[str, Json]) -> Json:
    """As the version after the former, and labelled no lower."""
    former = formers.get(f"{made['resourceType']}/{made['id']}")
    if former is None:
        return made
    return label_carried(succeeding(made, former) if made["resourceType"] == "DocumentReference" else made, [former])


def taken(content: Content) -> list[Entry]:
    """The entries that a published note takes along."""
    names = _taken(content) if content.outline else []
    return [entry for entry in content.entries if entry.name in names]


def _resources(
    act: Act, content: Content, companions: Companions, base: str, name: Callable[[str], str]
) -> tuple[Json, ...]:
    ids = {entry.id: name(entry.id) for entry in content.entries}
    named = {entry.name: f"{entry.type}/{ids[entry.id]}" for entry in content.entries if entry.name}
    acts = [act.about(entry.patient) for entry in content.entries]
    entries = [
        made(entry, own, ids[entry.id], references_of(own, named))
        for entry, own in zip(content.entries, acts, strict=True)
    ]
    version = 1 if act.approval else act.revision
    targets = [f"{each['resourceType']}/{each['id']}/_history/{version}" for each in entries]
    told = list(_told(content.entries, targets, acts, name))
    if content.outline is None:
        return (*entries, *told)
    within = {f"{each['resourceType']}/{each['id']}": each for each in entries}
    taken = {named[each]: within[named[each]] for each in _taken(content) if each in named}
    note, of_note = _note(act, content, {**companions, **taken}, references_of(act, named), base, name)
    return (*note, *entries, *of_note, *told)


def _documents(basis: Basis) -> dict[str, str]:
    """What the entry of each patient is called."""
    several = {patient: f"DocumentReference of {patient}" for patient in basis.several}
    return several or {basis.patient_id: "DocumentReference"}


def _note(
    act: Act,
    content: Content,
    companions: Companions,
    references: Mapping[str, str],
    base: str,
    name: Callable[[str], str],
    versions: Mapping[str, int] = MappingProxyType({}),
) -> tuple[tuple[Json, ...], tuple[Json, ...]]:
    """The Composition with its index entries, and the Provenances of each of them and of each statement. `versions` are
    told of those which are there before."""
    outline, statements = content.outline, content.statements
    assert outline is not None
    note = document(
        act.basis,
        outline,
        statements,
        Ids(name("Composition"), {patient: name(what) for patient, what in _documents(act.basis).items()}),
        at=act.at,
        editors=act.editors,
        approval=act.approval,
        protection=act.protection,
        companions=companions,
        references=references,
        base=base,
    )
    version = 1 if act.approval else act.revision
    named = [f"{each['resourceType']}/{each['id']}" for each in note]
    targets = [f"{each}/_history/{versions.get(each, version)}" for each in named]
    return note, (
        *(of_note(name(f"of {target}"), target, outline.origin, statements, act) for target in targets),
        *(of_statement(name(f"of {each.id}"), targets[0], each, act) for each in statements),
    )


def _told(
    entries: Sequence[Entry], targets: Sequence[str], acts: Sequence[Act], name: Callable[[str], str]
) -> Iterator[Json]:
    for entry, target, act in zip(entries, targets, acts, strict=True):
        yield of_entry(name(f"of {entry.id}"), target, entry, act)
        for part in entry.parts:
            yield of_part(name(f"of {entry.id} {part.id}"), target, part, act)


def _taken(content: Content) -> list[str]:
    """The names of the entries a document takes along: those its note refers to, and those they refer to."""
    assert content.outline is not None
    by_name = {entry.name: entry for entry in content.entries if entry.name and entry.type not in _STAYS}
    waiting, found = sorted(named_in(fill(content.outline, content.statements))), list[str]()
    while waiting:
        name = waiting.pop(0)
        if name in by_name and name not in found:
            found.append(name)
            waiting += sorted(named_in(by_name[name].resource))
    return found
