"""A patient's summary, made anew each time of what the caller may see: https://hl7.org/fhir/uv/ips, `$summary`.

Nothing of it is stored. Beside what its sections name it holds what those refer to, and the Provenance of all of it.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gateway import __version__
from gateway.errors import BadRequest, Forbidden, Issue, NotFound, Refusal
from gateway.fhir.bundle import document, document_entry
from gateway.fhir.json import dump
from gateway.fhir.json import parse as parse_json
from gateway.fhir.labels import NORMAL, label
from gateway.fhir.search.query import parse
from gateway.rules.audit import Act
from gateway.rules.codes import URI, instant
from gateway.rules.scopes import allows
from gateway.rules.summary import BUNDLE_PROFILE, PROFILE, SECTIONS, TYPES, Frame, chosen, composition, is_ips, labelled
from gateway.rules.summary_text import Resource
from gateway.store import resources
from gateway.store.database import Reader
from gateway.store.resources import Stored
from gateway.store.search import search
from gateway.usecases import belonging
from gateway.usecases.asked import Answer, Asked, refused
from gateway.usecases.disclosures import disclosures
from gateway.usecases.scoping import scope_of
from gateway.usecases.services import Services

PROFILES = (PROFILE, f"{PROFILE}|2.0.1", BUNDLE_PROFILE, f"{BUNDLE_PROFILE}|2.0.1")


@dataclass(frozen=True, slots=True)
class _Content:
    patient: Stored
    sections: Sequence[tuple[Any, Sequence[Resource]]]
    rows: Sequence[Stored]  # all that goes in, the Patient first
    known: dict[str, Resource]


def summary(
    services: Services, asked: Asked, id: str | None, *, identifier: str | None = None, profile: str | None = None
) -> Answer[bytes]:
    """The document Bundle of the patient with this id, or of the only one with this identifier (`system|value`).

    Refuses with NotFound for who is unknown or hidden, Gone, Forbidden beyond the scopes, and BadRequest for another
    profile than the guide's.
    """
    try:
        if profile not in (None, *PROFILES):
            issue = Issue("Only the International Patient Summary can be made.", "http.profile", "not-supported")
            raise BadRequest(issues=[issue])
        with services.database.read() as db:
            content = _content(db, asked, id or _identified(services, asked, db, identifier))
    except Refusal as refusal:
        return refused(services, asked, Act.OPERATION, "Patient", refusal)
    query = {"query": f"Patient/{content.patient.id}/$summary"}
    entries = disclosures(asked, Act.OPERATION, "Patient", content.rows, query)
    return Answer(services.journal.record(entries), _document(services, asked, content))


def _identified(services: Services, asked: Asked, db: Reader, identifier: str | None) -> str:
    """Raises BadRequest without an identifier, NotFound where it is not that of exactly one patient."""
    if not identifier:
        raise BadRequest("The id or an identifier of a patient is needed.")
    if not allows(asked.caller.scopes, "Patient", "s"):
        raise Forbidden
    query = parse("Patient", [("identifier", identifier)], base=services.fhir_base)
    hits = search(db, asked.visibility, query, scope=scope_of(asked.caller, query), count=2)
    if len(hits) != 1:
        raise NotFound
    return hits[0].stored.id


def _content(db: Reader, asked: Asked, id: str) -> _Content:
    patient = belonging.patient_of(db, asked, id)
    rows = belonging.compartment(db, asked, id, TYPES, whole=True)
    parsed = {row.pk: parse_json(row.text) for row in rows}
    by_place = {(row.type, row.id): row for row in rows}
    sections = [(section, chosen(section, list(parsed.values()))) for section in SECTIONS]
    taken = {by_place[one["resourceType"], one["id"]].pk: one for _, held in sections for one in held}
    own = [row for row in rows if row.pk in taken]
    shared = belonging.texts(db, asked, belonging.referred(db, asked, [patient, *own]))
    told = belonging.texts(db, asked, belonging.telling_of(db, asked, own))
    held = {row.pk: row for row in (patient, *own, *shared, *told, *_custodian(db, asked, patient))}
    known = {f"{row.type}/{row.id}": parse_json(row.text) for row in shared}
    return _Content(patient, sections, list(held.values()), known)


def _custodian(db: Reader, asked: Asked, patient: Stored) -> list[Stored]:
    if not patient.custodian_id or not allows(asked.caller.scopes, "Organization", "r"):
        return []
    found = resources.read(db, asked.visibility, "Organization", patient.custodian_id)
    return [found] if found is not None and not found.is_deleted else []


def _document(services: Services, asked: Asked, content: _Content) -> bytes:
    base, at = services.fhir_base, instant(asked.at)
    author, id = _author(), str(uuid.uuid4())
    patient = parse_json(content.patient.text)
    custodian = f"Organization/{content.patient.custodian_id}"
    is_here = any(f"{row.type}/{row.id}" == custodian for row in content.rows)
    frame = Frame(id, at, f"urn:uuid:{author['id']}", f"{base}/{custodian}" if is_here else None, base)
    head = composition(frame, patient, content.sections, content.known)
    entries = [document_entry(f"urn:uuid:{id}", dump(head)), document_entry(frame.author, dump(author))]
    entries += [document_entry(f"{base}/{row.type}/{row.id}", row.text) for row in content.rows]
    made: dict[str, Any] = {"id": str(uuid.uuid4()), "meta": {"profile": [BUNDLE_PROFILE]} if is_ips(patient) else {}}
    labelled(made, [parse_json(row.text) for row in content.rows])
    identifier = {"system": URI, "value": f"urn:uuid:{made['id']}"}
    return document({**made, "identifier": identifier, "timestamp": at}, entries)


def _author() -> dict[str, Any]:
    """The gateway as the author: a piece of software, not a person."""
    device = {
        "resourceType": "Device",
        "id": str(uuid.uuid4()),
        "deviceName": [{"name": "Care-continuity gateway", "type": "user-friendly-name"}],
        "version": [{"value": __version__}],
    }
    return label(device, NORMAL)
