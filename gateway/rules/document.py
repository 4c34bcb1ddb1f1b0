"""The document of a session: the completed Composition, the FHIR document around it, and its US Core DocumentReference.

A mapping gives the content; subject, author, dates, custodian, status, labels and ids are set here.
https://hl7.org/fhir/R4/documents.html, US Core 6.1.0 DocumentReference.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from gateway.fhir import json
from gateway.fhir.labels import label
from gateway.rules.basis import Approval, Basis
from gateway.rules.codes import DOCUMENT_CATEGORY, FORMAT, URI, US_CORE_DOCUMENT, concept, instant, reference
from gateway.rules.composition import Outline, fill
from gateway.rules.entries import resolved
from gateway.rules.evidence import Origin, Statement
from gateway.rules.labelling import label_content, repeated
from gateway.rules.labelling_written import label_carried
from gateway.rules.people import author_of, practitioner
from gateway.rules.protection import SESSION, Protection
from gateway.rules.rendering import narrative, plain_text
from gateway.rules.several import CONTAINED, group_of


@dataclass(frozen=True, slots=True)
class Ids:
    """Those of the Composition and of the entry of each patient."""

    composition: str
    documents: Mapping[str, str]


def document(
    basis: Basis,
    outline: Outline,
    statements: Sequence[Statement],
    ids: Ids,
    *,
    at: datetime,
    editors: Sequence[str] = (),
    approval: Approval | None = None,
    protection: Protection = SESSION,
    companions: Mapping[str, Mapping[str, Any]],
    references: Mapping[str, str],
    base: str,
) -> tuple[dict[str, Any], ...]:
    """The Composition and a DocumentReference for each patient, as made or approved `at` a moment. `editors` are the
    practitioners who changed the text, `companions` what goes into the document by its reference, `references` what
    local names mean, `base` the FHIR base URL."""
    filled = resolved(fill(outline, statements), references)
    author = [author_of(basis, outline.origin), *map(practitioner, editors)]
    attesting = approval if outline.origin is not Origin.PATIENT else None
    composition = complete(filled, basis, ids.composition, at, author, attesting, protection)
    composition["status"] = approval.status if approval else "preliminary"
    composition["text"] = narrative(composition, companions)
    origins, approved = [statement.origin for statement in statements], approval is not None
    label_content(composition, protection, outline.origin, origins, approved=approved)
    edition = approval.edition if approval else 1
    whole = bundle(composition, companions.values(), base, edition)
    entries = [
        document_reference(composition, basis, patient, ids.documents[patient], whole, edition)
        for patient in ids.documents
    ]
    for entry in entries:
        label_content(entry, protection, outline.origin, origins, approved=approved)
        label_carried(entry, [whole])
    return composition, *entries


def complete(
    composition: Mapping[str, Any],
    basis: Basis,
    id: str,
    at: datetime,
    author: Sequence[Mapping[str, Any]],
    attesting: Approval | None,
    protection: Protection,
) -> dict[str, Any]:
    """The mapping's Composition with all that is the gateway's to say. The original author always stays; for a
    patient's own words nobody but the patient answers."""
    attestation = (
        {"attester": [{"mode": "legal", "time": instant(at), "party": practitioner(attesting.practitioner_id)}]}
        if attesting
        else {}
    )
    completed: dict[str, Any] = {
        "resourceType": "Composition",
        "id": id,
        "identifier": {"system": URI, "value": f"urn:uuid:{id}"},
        "status": "preliminary",
        "type": composition["type"],
        "category": [concept(DOCUMENT_CATEGORY, "clinical-note", "Clinical Note")],
        **_about(basis, composition),
        "date": instant(at),
        "author": author,
        "title": composition["title"],
        "confidentiality": protection.confidentiality,
        **attestation,
        "custodian": reference("Organization", basis.attribution.custodian_id),
        "event": [{"period": basis.period}],
    }
    rest = {key: value for key, value in composition.items() if key not in completed and key not in ("meta", "text")}
    return completed | rest


def _about(basis: Basis, composition: Mapping[str, Any]) -> dict[str, Any]:
    """The subject: the patient, or the Group of several."""
    if not basis.several:
        return {"subject": reference("Patient", basis.patient_id)}
    contained = [*composition.get("contained", ()), group_of(basis.several)]
    return {"contained": contained, "subject": {"reference": f"#{CONTAINED}"}}


def bundle(
    composition: Mapping[str, Any], companions: Iterable[Mapping[str, Any]], base: str, edition: int = 1
) -> dict[str, Any]:
    """The FHIR document: the Composition first, then what it refers to. Carries the labels of its content. Each edition
    is a document of its own."""
    resources = [composition, *companions]
    identifier = uuid5(UUID(composition["id"]), "document" if edition == 1 else f"document {edition}")
    made: dict[str, Any] = {
        "resourceType": "Bundle",
        "id": str(identifier),
        "identifier": {"system": URI, "value": f"urn:uuid:{identifier}"},
        "type": "document",
        "timestamp": composition["date"],
        "entry": [
            {"fullUrl": f"{base}/{resource['resourceType']}/{resource['id']}", "resource": resource}
            for resource in resources
        ],
    }
    return label_carried(label(made, *composition["meta"]["security"]), resources)


def document_reference(
    composition: Mapping[str, Any], basis: Basis, patient: str, id: str, whole: Mapping[str, Any], edition: int = 1
) -> dict[str, Any]:
    """The US Core DocumentReference of a patient: the note as text for every reader, as FHIR document for those who
    can. Whom else it is about is named as related, so that it is nobody's alone."""
    companions = {f"{e['resource']['resourceType']}/{e['resource']['id']}": e["resource"] for e in whole["entry"]}
    attester = composition.get("attester")
    others = [reference("Patient", other) for other in basis.patients if other != patient]
    return {
        "resourceType": "DocumentReference",
        "id": id,
        "meta": {"profile": [US_CORE_DOCUMENT]},
        "masterIdentifier": {
            "system": URI,
            "value": f"urn:uuid:{id if edition == 1 else uuid5(UUID(id), str(edition))}",
        },
        "identifier": [composition["identifier"]],
        "status": "current",
        "docStatus": composition["status"],
        "type": composition["type"],
        "category": composition["category"],
        "subject": reference("Patient", patient),
        "date": composition["date"],
        "author": composition["author"],
        **({"authenticator": attester[0]["party"]} if attester else {}),
        "custodian": composition["custodian"],
        "description": composition["title"],
        "securityLabel": repeated(whole),
        "content": [
            _content("text/plain;charset=utf-8", plain_text(composition, companions).encode(), composition),
            _content("application/fhir+json", json.dump(whole), composition),
        ],
        "context": {"period": basis.period} | ({"related": others} if others else {}),
    }


def _content(media_type: str, data: bytes, composition: Mapping[str, Any]) -> dict[str, Any]:
    """One rendering; R4 asks for SHA-1 as its check sum, which guards nothing."""
    return {
        "attachment": {
            "contentType": media_type,
            "data": base64.b64encode(data).decode(),
            "size": len(data),
            "hash": base64.b64encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode(),
            "title": composition["title"],
            "creation": composition["date"],
        },
        "format": {
            "system": FORMAT,
            "code": "urn:ihe:iti:xds:2017:mimeTypeSufficient",
            "display": "mimeType Sufficient",
        },
    }
