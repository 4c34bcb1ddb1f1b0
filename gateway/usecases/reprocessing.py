"""A session that is processed again, where its mapping says that this replaces what was made before.

The newer draft takes the place of one that still waits. Where the former was approved already, its document stands
until the newer one is approved, which then replaces it. https://hl7.org/fhir/R4/documentreference.html (relatesTo)
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Any

from gateway.errors import Conflict
from gateway.fhir.json import parse
from gateway.rules.audit import Act, AuditEntry
from gateway.rules.review import REPLACEABLE, State, sight_of
from gateway.rules.witness import witness
from gateway.store import drafts, resources
from gateway.store.database import Reader, Writer
from gateway.store.drafts import Draft
from gateway.store.resources import New, Stored
from gateway.store.succession import Stale
from gateway.usecases.asked import Asked
from gateway.usecases.door import check_all
from gateway.usecases.known import patients_in
from gateway.usecases.services import Services

Json = dict[str, Any]


def take_place(services: Services, writer: Writer, entry: AuditEntry, kept: Draft, mapping: str) -> None:
    """In the transaction that keeps a draft, which `entry` records: of those of its session only the one that was
    received last waits, be it this one or another."""
    if entry.caller is None or not _replaces(services, mapping):
        return
    *formers, last = drafts.of_session(writer, sight_of(entry.caller), kept)
    for former in formers:
        if former.state in REPLACEABLE:
            done = replace(entry, detail={**entry.detail, "draft": former.id, "replaced_by": last.id})
            drafts.replace(writer, done, former, kept.created_at)


def superseding(services: Services, db: Reader, asked: Asked, draft: Draft, mapping: str | None) -> list[Stored]:
    """The documents that approving the draft replaces: those of former drafts that still count, as the reviewer sees
    them. What she sees in part only is left: the rest would be lost."""
    if not _replaces(services, mapping):
        return []
    sight = sight_of(asked.caller)
    received = takewhile(lambda each: each.id != draft.id, drafts.of_session(db, sight, draft))
    approved = (former.id for former in received if former.state is State.APPROVED)
    names = [name for id in approved for name in drafts.published(db, sight, id)]
    found = (resources.read(db, asked.visibility, *_named(name)) for name in names if _is_document(name))
    notes = {f"urn:uuid:{id}" for type, id in map(_named, names) if type == "Composition"}
    return [
        each for each in found if each and not (each.is_deleted or each.redacts) and _counts(parse(each.text), notes)
    ]


def _replaces(services: Services, mapping: str | None) -> bool:
    found = services.catalogue.get(mapping or "")
    return found is not None and found.replaces


def _named(reference: str) -> tuple[str, str]:
    type, _, id = reference.partition("/")
    return type, id


def _is_document(reference: str) -> bool:
    return reference.startswith("DocumentReference/")


def _counts(document: Mapping[str, Any], notes: set[str]) -> bool:
    """Whether it is the index entry of one of the notes, and no later one has replaced it."""
    return document["status"] == "current" and not notes.isdisjoint(_identifiers(document))


def _identifiers(document: Mapping[str, Any]) -> list[str]:
    return [each.get("value", "") for each in document.get("identifier", ())]


def replacing(made: Iterable[Json], formers: Sequence[Stored]) -> tuple[Json, ...]:
    """The same resources; the index entry of the note tells which documents of the same patient it replaces."""
    made = tuple(made)
    notes = {each["identifier"]["value"] for each in made if each["resourceType"] == "Composition"}
    return tuple(_related(each, formers) if _is_entry(each, notes) else each for each in made)


def _is_entry(resource: Json, notes: set[str]) -> bool:
    return resource["resourceType"] == "DocumentReference" and not notes.isdisjoint(_identifiers(resource))


def _related(document: Json, formers: Sequence[Stored]) -> Json:
    same = [each for each in formers if parse(each.text)["subject"] == document["subject"]]
    relations = [{"code": "replaces", "target": {"reference": f"{each.type}/{each.id}"}} for each in same]
    return document | ({"relatesTo": relations} if relations else {})


def supersede(
    services: Services, writer: Writer, asked: Asked, entry: AuditEntry, formers: Sequence[Stored], made: Sequence[Json]
) -> None:
    """In the transaction of the approval: the former documents are superseded, each with its Provenance. Raises
    Conflict where one has changed since it was read."""
    for former in formers:
        newer = [each for each in made if _names(each, former)]
        if newer:
            _supersede(services, writer, asked, entry, former, f"DocumentReference/{newer[0]['id']}")


def _names(resource: Json, former: Stored) -> bool:
    target = f"{former.type}/{former.id}"
    return any(relation["target"]["reference"] == target for relation in resource.get("relatesTo", ()))


def _supersede(services: Services, writer: Writer, asked: Asked, entry: AuditEntry, former: Stored, newer: str) -> None:
    reference, version = f"{former.type}/{former.id}", former.version
    resource = parse(former.text) | {"status": "superseded"}
    target, was = f"{reference}/_history/{version + 1}", f"{reference}/_history/{version}"
    told = witness(str(uuid.uuid4()), target, resource, was, asked.caller, asked.at, [newer])
    check_all(services, [resource, told])
    patients, whose = patients_in(former), (former.patient_id, former.custodian_id)
    done = replace(entry, act=Act.UPDATE, target=target)
    try:
        resources.publish(writer, done, New(resource, *whose, "PUT", after=version, patients=patients))
    except Stale:
        raise Conflict("The document it replaces has changed meanwhile; try again.") from None
    resources.publish(
        writer, replace(entry, act=Act.CREATE, target=f"Provenance/{told['id']}"), New(told, *whose, patients=patients)
    )
