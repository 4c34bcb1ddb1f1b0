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
from gateway.rules.attribution import Attribution
from gateway.rules.codes import DOCUMENT_CATEGORY, FORMAT, URI, US_CORE_DOCUMENT, concept, instant, reference
from gateway.rules.composition import Outline, fill
from gateway.rules.evidence import Statement
from gateway.rules.labelling import is_mixed, label_content, repeated
from gateway.rules.labelling_written import label_carried
from gateway.rules.protection import SESSION, Protection
from gateway.rules.rendering import narrative, plain_text


@dataclass(frozen=True, slots=True)
class Basis:
    """What every revision of a draft hangs on. `start` and `end` are the session's, as the producer wrote them;
    `clinician` is a reference to the one it was meant for, where the producer said so."""

    draft_id: str
    session_id: str
    patient_id: str
    attribution: Attribution
    start: str
    end: str | None = None
    clinician: str | None = None

    @property
    def period(self) -> dict[str, str]:
        return {"start": self.start} | ({"end": self.end} if self.end else {})


@dataclass(frozen=True, slots=True)
class Approval:
    """Who approves, and when the machine had made what is approved."""

    practitioner_id: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Ids:
    composition: str
    document: str


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
    base: str,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The Composition and its DocumentReference, as made or approved `at` a moment. `editors` are the practitioners who
    changed the machine's text, `companions` what goes into the document by its reference, `base` the FHIR base URL."""
    mixed = is_mixed(statements)
    composition = complete(
        fill(outline, statements), basis, ids.composition, at, editors, approval, protection, companions
    )
    label_content(composition, protection, approved=approval is not None, mixed=mixed)
    whole = bundle(composition, companions.values(), base)
    entry = document_reference(composition, basis, ids.document, whole)
    label_content(entry, protection, approved=approval is not None, mixed=mixed)
    return composition, label_carried(entry, [whole])


def complete(
    composition: Mapping[str, Any],
    basis: Basis,
    id: str,
    at: datetime,
    editors: Sequence[str],
    approval: Approval | None,
    protection: Protection,
    companions: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """The mapping's Composition with all that is the gateway's to say. The original author always stays."""
    attestation = (
        {"attester": [{"mode": "legal", "time": instant(at), "party": _practitioner(approval.practitioner_id)}]}
        if approval
        else {}
    )
    completed: dict[str, Any] = {
        "resourceType": "Composition",
        "id": id,
        "identifier": {"system": URI, "value": f"urn:uuid:{id}"},
        "status": "final" if approval else "preliminary",
        "type": composition["type"],
        "category": [concept(DOCUMENT_CATEGORY, "clinical-note", "Clinical Note")],
        "subject": reference("Patient", basis.patient_id),
        "date": instant(at),
        "author": [reference("Device", basis.attribution.device_id), *map(_practitioner, editors)],
        "title": composition["title"],
        "confidentiality": protection.confidentiality,
        **attestation,
        "custodian": reference("Organization", basis.attribution.custodian_id),
        "event": [{"period": basis.period}],
    }
    rest = {key: value for key, value in composition.items() if key not in completed and key not in ("meta", "text")}
    completed |= rest
    return completed | {"text": narrative(completed, companions)}


def _practitioner(id: str) -> dict[str, Any]:
    return reference("Practitioner", id)


def bundle(composition: Mapping[str, Any], companions: Iterable[Mapping[str, Any]], base: str) -> dict[str, Any]:
    """The FHIR document: the Composition first, then what it refers to. Carries the labels of its content."""
    resources = [composition, *companions]
    identifier = uuid5(UUID(composition["id"]), "document")
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
    composition: Mapping[str, Any], basis: Basis, id: str, whole: Mapping[str, Any]
) -> dict[str, Any]:
    """The US Core DocumentReference: the note as text for every reader, as FHIR document for those who can."""
    companions = {f"{e['resource']['resourceType']}/{e['resource']['id']}": e["resource"] for e in whole["entry"]}
    attester = composition.get("attester")
    return {
        "resourceType": "DocumentReference",
        "id": id,
        "meta": {"profile": [US_CORE_DOCUMENT]},
        "masterIdentifier": {"system": URI, "value": f"urn:uuid:{id}"},
        "identifier": [composition["identifier"]],
        "status": "current",
        "docStatus": composition["status"],
        "type": composition["type"],
        "category": composition["category"],
        "subject": composition["subject"],
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
        "context": {"period": basis.period},
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
