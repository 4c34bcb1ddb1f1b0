"""A patch as it comes: the body of a PATCH by its media type, or the resource of an entry in a Bundle.

https://hl7.org/fhir/R4/http.html#patch
"""

from __future__ import annotations

import binascii
from collections.abc import Mapping
from typing import Any, Protocol

from gateway.errors import BadRequest, Issue, UnsupportedMedia
from gateway.fhir import json
from gateway.fhir.patch import fhirpath_patch, json_patch

JSON_PATCH = "application/json-patch+json"
FHIR_JSON = "application/fhir+json"
FORMATS = (JSON_PATCH, FHIR_JSON)


class Patch(Protocol):
    """What can be applied to a resource: JSON Patch, or FHIRPath Patch."""

    def apply(self, resource: Mapping[str, Any]) -> dict[str, Any]:
        """The resource with all operations carried out; the one given stays as it is. Raises a Refusal."""


def is_offered(content_type: str | None) -> bool:
    """Whether patches are taken in this media type."""
    return _media(content_type) in FORMATS


def of_body(content_type: str | None, body: bytes, *, max_depth: int = 64) -> Patch:
    """The patch in a body. Raises UnsupportedMedia for any type but the two, BadRequest for what is no patch."""
    if not is_offered(content_type):
        raise UnsupportedMedia(f"A patch is {JSON_PATCH}, or Parameters as {FHIR_JSON}.")
    return _of_document(_media(content_type), _parsed(body, None, max_depth))


def of_entry(resource: Any) -> Patch:
    """The patch in an entry of a Bundle: Parameters, or a Binary that holds a JSON Patch.

    Raises BadRequest, UnsupportedMedia and Unprocessable.
    """
    if type(resource) is not dict or resource.get("resourceType") != "Binary":
        return fhirpath_patch.read(resource)
    if resource.get("contentType") != JSON_PATCH:
        issue = Issue(f"A patch in a Binary is {JSON_PATCH}.", "Binary.contentType", "not-supported")
        raise UnsupportedMedia(issues=[issue])
    return _of_document(JSON_PATCH, _parsed(_content(resource.get("data")), "Binary.data", 64))


def _media(content_type: str | None) -> str:
    return (content_type or "").partition(";")[0].strip().lower()


def _of_document(media: str, document: Any) -> Patch:
    return json_patch.read(document) if media == JSON_PATCH else fhirpath_patch.read(document)


def _content(data: Any) -> bytes:
    try:
        return binascii.a2b_base64(data, strict_mode=True)
    except (TypeError, ValueError):
        raise BadRequest(issues=[Issue("The patch must be base64.", "Binary.data", "value")]) from None


def _parsed(body: bytes, place: str | None, max_depth: int) -> Any:
    try:
        return json.parse(body, max_depth=max_depth)
    except json.JsonFault as fault:
        raise BadRequest(issues=[Issue(f"The patch is no strict JSON: {fault}.", place, "structure")]) from None
