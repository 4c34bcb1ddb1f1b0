"""A Consent as HL7's Scalable Consent Management guide (FAST) wants it: the same decision, told otherwise.

FAST and PCF cannot both be claimed by one resource: FAST has no `organization`, but names in the extensions of R5 who
manages a consent and who controls what it is about, and asks of every reference for an identifier that means something
elsewhere too. It knows one level of nested provisions and two statuses.

Taken from the profiles FASTConsent, FASTReference and FASTDocumentReference of hl7.fhir.us.consent-management
1.0.0-ballot (input/fsh/consent.fsh of HL7/fhir-consent-management), and for the extensions from
https://hl7.org/fhir/uv/xver-r5.r4/0.1.0/StructureDefinition-profile-Consent.html
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gateway.rules.codes import LOINC, URI, concept
from gateway.rules.consent_codes import CATEGORY
from gateway.rules.consent_provisions import provisions

PROFILE = "http://hl7.org/fhir/us/consent-management/StructureDefinition/FASTConsent"
DOCUMENT_PROFILE = "http://hl7.org/fhir/us/consent-management/StructureDefinition/FASTDocumentReference"
MANAGER, CONTROLLER = (
    f"http://hl7.org/fhir/5.0/StructureDefinition/extension-Consent.{role}" for role in ("manager", "controller")
)
_DOCUMENT_CATEGORY = (LOINC, "57016-8")
_STATUSES = frozenset({"active", "inactive"})
_DROPPED = frozenset({"organization", "sourceAttachment", "text"})

# The identifier by which the world knows what `Type/id` refers to; None where it has none of its own.
Identify = Callable[[str], Mapping[str, Any] | None]


def references_of(consent: Mapping[str, Any]) -> tuple[str, ...]:
    """All whom FAST wants told by identifier, as `Type/id`."""
    return tuple(dict.fromkeys(each["reference"] for each in _people(consent)))


def fits(consent: Mapping[str, Any]) -> bool:
    """Whether FAST has words for all that the Consent says."""
    return consent["status"] in _STATUSES and all(each.depth < 2 for each in provisions(consent))


def fast_of(consent: Mapping[str, Any], identify: Identify, base: str) -> dict[str, Any]:
    """The Consent as FASTConsent; `base` is the address of this FHIR API. Raises ValueError unless it `fits`."""
    if not fits(consent):
        raise ValueError("nothing that FAST has words for")

    def told(reference: Mapping[str, Any]) -> dict[str, Any]:
        text = reference["reference"]
        return {**reference, "identifier": identify(text) or _address(base, text)}

    made = {name: value for name, value in consent.items() if name not in _DROPPED}
    made["meta"] = {**consent.get("meta", {}), "profile": [PROFILE]}
    made["identifier"] = consent.get("identifier") or [_address(base, f"Consent/{consent['id']}")]
    organizations = [told(each) for each in consent["organization"]]
    made["extension"] = [
        {"url": url, "valueReference": each} for url in (MANAGER, CONTROLLER) for each in organizations
    ]
    made["patient"] = told(consent["patient"])
    made["performer"] = [told(each) for each in consent["performer"]]
    if attachment := consent.get("sourceAttachment"):
        made["contained"] = [_document(attachment, made["patient"], consent["dateTime"])]
        made["sourceReference"] = {"reference": "#source"}
    made["provision"] = _provision(consent["provision"], told)
    return made


def _provision(provision: Mapping[str, Any], told: Callable[[Mapping[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    made = dict(provision)
    if "actor" in provision:
        made["actor"] = [{**actor, "reference": told(actor["reference"])} for actor in provision["actor"]]
    if "provision" in provision:
        made["provision"] = [_provision(each, told) for each in provision["provision"]]
    return made


def _document(attachment: Mapping[str, Any], patient: Mapping[str, Any], date: str) -> dict[str, Any]:
    """The form as a document. One of which only the name is known is a text that says this name: an attachment of
    US Core holds or leads to something."""
    if not {"data", "url"} & set(attachment):
        name = b64encode(attachment.get("title", "").encode()).decode()
        attachment = {**attachment, "contentType": "text/plain;charset=utf-8", "data": name}
    return {
        "resourceType": "DocumentReference",
        "id": "source",
        "meta": {"profile": [DOCUMENT_PROFILE]},
        "status": "current",
        "type": concept(*CATEGORY),
        "category": [concept(*_DOCUMENT_CATEGORY)],
        "subject": dict(patient),
        **({"date": date} if "T" in date else {}),
        "content": [{"attachment": dict(attachment)}],
    }


def _people(consent: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from (consent["patient"], *consent["performer"], *consent["organization"])
    for each in provisions(consent):
        yield from (actor["reference"] for actor in each.stated.get("actor", ()))


def _address(base: str, reference: str) -> dict[str, str]:
    return {"system": URI, "value": f"{base}/{reference}"}
